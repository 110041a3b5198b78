import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {decode} from 'fast-png';
import {grayPng} from '../data/fixtures';

/** Images of one's own through the commands, as docs/your-own-images.md has it, each in a process of its own. */

const project = path.join(__dirname, '..', '..');
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'own-images-'));
test.after(() => fs.rmSync(place, {recursive: true}));
const engine = JSON.parse(fs.readFileSync(path.join(project, 'lib/engine/environment.json'), 'utf8'));

function command(line: string): Promise<{code: number | null; stdout: string; stderr: string}> {
  const [name, ...args] = line.split(' ');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', `scripts/${name}.ts`, ...args], {
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
  for (let i = 0; i < 60; i++) {
    const folder = path.join(place, 'bars', i % 2 ? 'upright' : 'lying');
    fs.mkdirSync(folder, {recursive: true});
    const at = 2 + (i % 9);
    fs.writeFileSync(
      path.join(folder, `${i}.png`),
      grayPng(16, (x, y) => (Math.abs((i % 2 ? x : y) - at) < 2 ? 255 : 0)),
    );
  }
  // A drawing as people draw: black on white, of another size.
  fs.writeFileSync(
    path.join(place, 'mine.png'),
    grayPng(24, (x) => (x > 8 && x < 14 ? 0 : 255)),
  );
  const lines = [
    'data folder bars --name bars --size 8 --labels from-folders',
    'train made --preset small --data bars --epochs 2 --batch 16',
  ];
  for (const line of lines) {
    const {code, stderr, stdout} = await command(line);
    assert.equal(code, 0, stderr);
    if (line.startsWith('train')) {
      assert.match(
        stdout,
        /made-small-0.weights\.safetensors: validation \d+\.\d+ nats of bars \(binarization: static, seed 0\)/,
      );
      assert.ok(!stdout.includes('--publish'));
    }
  }
  const [scored, image, samples, completions, wrong] = await Promise.all([
    command('evaluate made --data bars --per-image nats.csv'),
    command('evaluate made --data bars --image mine.png'),
    command('sample made --data bars --count 4 --out samples.png'),
    command('complete made --data bars --image mine.png --count 2 --out completions.png'),
    command('evaluate pixelcnn --data bars'),
  ]);
  for (const {code, stderr} of [scored, image, samples, completions]) assert.equal(code, 0, stderr);
  assert.match(scored.stdout, /made small on bars: .* nats .* bars test, 6 images, static, seed 0/);
  const rows = fs.readFileSync(path.join(place, 'nats.csv'), 'utf8').trim().split('\n');
  assert.equal(rows[0], 'model,weights,data,split,image,file,label,nats,bits_per_dimension');
  assert.equal(rows.length, 7);
  assert.match(
    rows[6],
    /^made,small on bars,bars,test,5,(lying|upright)\/\d+\.png,[01],\d+\.\d{4},\d\.\d{6}$/,
  );
  const mean = rows.slice(1).reduce((sum, row) => sum + Number(row.split(',')[7]), 0) / 6;
  assert.ok(Math.abs(mean - Number(/: (\d+\.\d+) ±/.exec(scored.stdout)?.[1])) < 1e-3);
  assert.match(
    image.stdout,
    /mine\.png: \d+\.\d+ nats .* by made small on bars\n {2}inverted, because the edge of bars's images is dark\n/,
  );
  assert.match(image.stdout, /24 x 24 pixels made 8 x 8, its middle square scaled\n/);
  assert.match(
    image.stdout,
    /the first 6 validation images of bars have \d+\.\d+ nats in the mean; \d of them are as unlikely/,
  );
  assert.equal(decode(fs.readFileSync(path.join(place, 'samples.png'))).width, 4 + 2 * 36);
  assert.match(completions.stdout, /2 completions of each of 1 image \(mine\.png\), bottom hidden/);
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.stderr,
    /no weights of pixelcnn that were trained on bars; train them with npm run train -- pixelcnn/,
  );
});
