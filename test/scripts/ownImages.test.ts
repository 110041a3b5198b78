import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {decode} from 'fast-png';
import {grayPng} from '../data/fixtures';
import {NODE_OPTIONS} from '../node';

/**
 * Images of one's own through the commands, as docs/your-own-images.md has it, each in a process of its own.
 */

const project = path.join(__dirname, '..', '..');
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'own-images-'));
test.after(() => fs.rmSync(place, {recursive: true}));
const engine = JSON.parse(fs.readFileSync(path.join(project, 'lib/engine/environment.json'), 'utf8'));

function command(line: string): Promise<{code: number | null; stdout: string; stderr: string}> {
  const [name, ...args] = line.split(' ');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...NODE_OPTIONS, `scripts/${name}.ts`, ...args], {
      cwd: project,
      env: {...process.env, ...engine, AUTOREGRESSIVE_DATA: path.join(place, 'data'), INIT_CWD: place},
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (piece) => {
      stdout += piece;
    });
    child.stderr.on('data', (piece) => {
      stderr += piece;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({code, stdout, stderr}));
  });
}

test('from a folder to a table of nats, a score and completions of a drawing, and samples', {
  concurrency: 1,
}, async () => {
  const page = fs.readFileSync(path.join(project, 'docs', 'your-own-images.md'), 'utf8');
  const script = /^```js file=shapes\.mjs\n(.*?)^```$/ms.exec(page)?.[1] ?? '';
  fs.writeFileSync(path.join(place, 'shapes.mjs'), script);
  fs.symlinkSync(path.join(project, 'node_modules'), path.join(place, 'node_modules'), 'junction');
  const drawn = spawnSync(process.execPath, ['shapes.mjs', 'shapes', '20'], {cwd: place, encoding: 'utf8'});
  assert.equal(drawn.status, 0, drawn.stderr);
  // A drawing as people draw: black on white, of another size.
  fs.writeFileSync(
    path.join(place, 'mine.png'),
    grayPng(24, (x) => (x > 8 && x < 14 ? 0 : 255)),
  );
  const lines = [
    'data folder shapes --name shapes --size 8 --labels from-folders',
    'train made --preset small --data shapes --epochs 2 --batch 16',
  ];
  for (const line of lines) {
    const {code, stderr, stdout} = await command(line);
    assert.equal(code, 0, stderr);
    if (line.startsWith('train')) {
      assert.match(
        stdout,
        /made-small-0.weights\.safetensors: validation \d+\.\d+ nats of shapes \(binarization: static, seed 0\)/,
      );
      assert.ok(!stdout.includes('--publish'));
    }
  }
  const [scored, image, samples, completions, wrong] = await Promise.all([
    command('evaluate made --data shapes --per-image nats.csv'),
    command('evaluate made --data shapes --image mine.png'),
    command('sample made --data shapes --count 4 --out samples.png'),
    command('complete made --data shapes --image mine.png --count 2 --out completions.png'),
    command('evaluate pixelcnn --data shapes'),
  ]);
  for (const {code, stderr} of [scored, image, samples, completions]) assert.equal(code, 0, stderr);
  assert.match(scored.stdout, /made small on shapes: .* nats .* shapes test, 6 images, static, seed 0/);
  const rows = fs.readFileSync(path.join(place, 'nats.csv'), 'utf8').trim().split('\n');
  assert.equal(rows[0], 'model,weights,data,split,image,file,label,nats,bits_per_dimension');
  assert.equal(rows.length, 7);
  assert.match(
    rows[6],
    /^made,small on shapes,shapes,test,5,(cross|disk|square)\/\d+\.png,[012],\d+\.\d{4},\d\.\d{6}$/,
  );
  const mean = rows.slice(1).reduce((sum, row) => sum + Number(row.split(',')[7]), 0) / 6;
  assert.ok(Math.abs(mean - Number(/: (\d+\.\d+) ±/.exec(scored.stdout)?.[1])) < 1e-3);
  assert.match(
    image.stdout,
    /mine\.png: \d+\.\d+ nats .* by made small on shapes\n {2}inverted, because the edge of shapes's images is dark\n/,
  );
  assert.match(image.stdout, /24 x 24 pixels made 8 x 8, its middle square scaled\n/);
  assert.match(
    image.stdout,
    /the first 6 validation images of shapes have \d+\.\d+ nats in the mean; \d of them are as unlikely/,
  );
  assert.equal(decode(fs.readFileSync(path.join(place, 'samples.png'))).width, 4 + 2 * 36);
  assert.match(completions.stdout, /2 completions of each of 1 image \(mine\.png\), bottom hidden/);
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.stderr,
    /no weights of pixelcnn that were trained on shapes; train them with npm run train -- pixelcnn/,
  );
});
