import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {gzipSync} from 'node:zlib';
import {encode} from 'fast-png';
import {encodeIdx} from '../../lib/data/idx';
import {MESSAGES, troubleshootingPage} from '../../scripts/messages';
import {NODE_OPTIONS} from '../node';

/** Each message of the table is provoked, and its remedy followed. */

const project = path.join(__dirname, '..', '..');
const data = fs.mkdtempSync(path.join(os.tmpdir(), 'messages-'));
test.after(() => fs.rmSync(data, {recursive: true}));
const engine = JSON.parse(fs.readFileSync(path.join(project, 'lib/engine/environment.json'), 'utf8'));

interface Outcome {
  readonly status: number | null;
  readonly said: string;
}

/** Runs a command as one who stands in the data folder. */
function run(line: string): Promise<Outcome> {
  const [name, ...args] = line.split(' ');
  const child = spawn(process.execPath, [...NODE_OPTIONS, `scripts/${name}.ts`, ...args], {
    cwd: project,
    env: {...process.env, ...engine, AUTOREGRESSIVE_DATA: data, INIT_CWD: data},
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({status, said})));
}

/** The files that the table speaks of. */
function makeFiles(): void {
  const at = (...parts: string[]): string => path.join(data, ...parts);
  for (const folder of ['pictures/crosses', 'pictures/bars', 'mixed', 'empty', 'directory.png']) {
    fs.mkdirSync(at(folder), {recursive: true});
  }
  const picture = (white: (row: number, column: number) => boolean): Uint8Array => {
    const pixels = Uint8Array.from({length: 14 * 14}, (_, i) =>
      white(Math.floor(i / 14), i % 14) ? 255 : 0,
    );
    return encode({width: 14, height: 14, channels: 1, depth: 8, data: pixels});
  };
  for (let k = 0; k < 10; k++) {
    const bar = picture((row) => row === k + 2);
    fs.writeFileSync(
      at('pictures', 'crosses', `${k}.png`),
      picture((row, column) => row === k + 2 || column === k + 1),
    );
    fs.writeFileSync(at('pictures', 'bars', `${k}.png`), bar);
    fs.writeFileSync(at('mixed', `${k}.png`), k === 3 ? bar.subarray(0, 40) : bar);
  }
  const ink = Uint8Array.from({length: 28 * 28}, (_, i) => (i % 28 > 9 && i % 28 < 14 ? 255 : 0));
  fs.writeFileSync(at('drawing.png'), encode({width: 28, height: 28, channels: 1, depth: 8, data: ink}));
  const values = Uint8Array.from({length: 20 * 64}, (_, i) => (i * 37) % 256);
  const images = encodeIdx({shape: [20, 8, 8], values});
  const labels = (count: number): Uint8Array =>
    encodeIdx({shape: [count], values: Uint8Array.from({length: count}, (_, i) => i % 2)});
  fs.writeFileSync(at('images.idx'), images);
  fs.writeFileSync(at('labels.idx'), labels(20));
  fs.writeFileSync(at('few-labels.idx'), labels(19));
  fs.writeFileSync(at('cut.idx'), images.subarray(0, 1000));
  fs.writeFileSync(at('cut.idx.gz'), gzipSync(images).subarray(0, 100));
}

/** Copies of weights that were harmed on their way. */
function harmWeights(): void {
  const weights = fs.readFileSync(path.join(data, 'runs', 'made-fvsbn-0', 'weights.safetensors'));
  fs.writeFileSync(path.join(data, 'cut.safetensors'), weights.subarray(0, weights.length - 100));
  weights[weights.length - 100] ^= 4;
  fs.writeFileSync(path.join(data, 'altered.safetensors'), weights);
}

const provoked = new Map<string, Outcome>();
test.before(async () => {
  makeFiles();
  for (const line of [
    'train made --preset fvsbn --epochs 1 --batch 5000',
    'data folder pictures --name shapes --size 14',
  ]) {
    const {status, said} = await run(line);
    assert.equal(status, 0, said);
  }
  harmWeights();
  // They change nothing, so two can run at once; but a run belongs to one training at a time.
  const lines = MESSAGES.map(({wrong}) => wrong);
  const provoke = async (which: readonly string[]): Promise<void> => {
    for (const line of which) provoked.set(line, await run(line));
  };
  const trains = (line: string): boolean => line.startsWith('train ');
  await Promise.all([provoke(lines.filter(trains)), provoke(lines.filter((line) => !trains(line)))]);
});

const followed = new Map<string, Promise<Outcome>>();
for (const {wrong, says, from, right} of MESSAGES) {
  test(`npm run ${wrong}`, async () => {
    const {status, said} = provoked.get(wrong) as Outcome;
    assert.ok(status === 1 || status === 2, said);
    assert.ok(said.includes(says), said);
    assert.doesNotMatch(said, /^ {4}at /m, 'a stack');
    const after = followed.get(right) ?? run(right);
    followed.set(right, after);
    const outcome = await after;
    assert.equal(outcome.status, 0, `${right}: ${outcome.said}`);
    // Parts of it are filled in, so two words in a row must do.
    const source = fs.readFileSync(path.join(project, from), 'utf8');
    const words = says.split(' ');
    const pairs = words.map((_, k) => words.slice(k, k + 2).join(' ')).slice(0, -1);
    assert.ok(
      pairs.some((pair) => source.includes(pair)),
      `not said by ${from}`,
    );
  });
}

test('docs/troubleshooting.md is made from the table', () => {
  const page = fs.readFileSync(path.join(project, 'docs', 'troubleshooting.md'), 'utf8');
  assert.equal(
    page,
    troubleshootingPage(),
    'make it anew: node --require ./scripts/setup/typescript.cjs scripts/messages.ts',
  );
});
