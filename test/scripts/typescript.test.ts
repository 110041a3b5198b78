import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {promisify} from 'node:util';

/** The loader of TypeScript, in a checkout of its own: whatever is the matter with what it keeps. */

const root = path.resolve(__dirname, '..', '..');
const checkout = fs.mkdtempSync(path.join(os.tmpdir(), 'type script-'));
test.after(() => fs.rmSync(checkout, {recursive: true}));
const kept = path.join(checkout, '.cache', 'typescript');
const loader = path.join(checkout, 'scripts', 'setup', 'typescript.cjs');

const MAIN = `import {sum} from './parts/sum';
import {results} from './results';

interface Pair {
  readonly a: number;
}
const pair: Pair = {a: 1};
if (process.argv[2] === 'fail') throw new Error(\`no \${pair.a}\`);
console.log(sum(pair.a, results));
`;

test.before(() => {
  for (const folder of ['scripts/setup', 'parts'])
    fs.mkdirSync(path.join(checkout, folder), {recursive: true});
  fs.copyFileSync(path.join(root, 'scripts', 'setup', 'typescript.cjs'), loader);
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(checkout, 'node_modules'));
  write('main.ts', MAIN);
  write('parts/sum.ts', 'export const sum = (a: number, b: number): number => a + b;\n');
  write('results.ts', 'export const results: number = 2;\n');
  write('results.json', '{"results": 100}');
});

function write(name: string, text: string): void {
  fs.writeFileSync(path.join(checkout, name), text);
}

/** @returns what the program says, or the words with which it fails */
async function main(...args: string[]): Promise<string> {
  const run = promisify(execFile)(process.execPath, ['--require', loader, 'main.ts', ...args], {
    cwd: checkout,
  });
  return run.then(
    ({stdout}) => stdout.trim(),
    ({stderr}) => stderr,
  );
}

test('eight programs at once, from nothing: each is right, and each file is kept once', async () => {
  const all = await Promise.all(Array.from({length: 8}, () => main()));
  assert.deepEqual(all, new Array(8).fill('3'));
  assert.deepEqual(fs.readdirSync(kept).sort(), ['main.ts.js', 'parts+sum.ts.js', 'results.ts.js']);
});

test('an error names the line of the source, and a mistake in the source its place', async () => {
  // Compiled anew, then as it is kept.
  write('main.ts', `// A line more.\n${MAIN}`);
  for (let k = 0; k < 2; k++) assert.match(await main('fail'), /no 1\n\s+at .*main\.ts:9:/);
  write('main.ts', MAIN.replace('= {a: 1}', '= ;'));
  assert.match(await main(), /main\.ts:7:19: ERROR: Unexpected ";"/);
  write('main.ts', MAIN);
  assert.equal(await main(), '3');
});

test('what is kept of another source, or was cut short, is compiled anew', async () => {
  write('parts/sum.ts', 'export const sum = (a: number, b: number): number => a + b + 1;\n');
  assert.equal(await main(), '4');
  const file = path.join(kept, 'parts+sum.ts.js');
  const whole = fs.readFileSync(file);
  for (const length of [0, 64, 100, whole.length - 64, whole.length - 1]) {
    fs.writeFileSync(file, whole.subarray(0, length));
    assert.equal(await main(), '4', `cut at ${length} of ${whole.length}`);
    assert.deepEqual(fs.readFileSync(file), whole);
  }
});

test('where nothing can be kept, all goes on', async () => {
  fs.rmSync(kept, {recursive: true});
  fs.writeFileSync(kept, 'no folder');
  assert.equal(await main(), '4');
  assert.equal(fs.readFileSync(kept, 'utf8'), 'no folder');
});
