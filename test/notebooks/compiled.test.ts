import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test, {type TestContext} from 'node:test';

const CELL = "import {twice} from './lib/a'; console.log(twice(3));";

interface Compiled {
  readonly errors: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
}

/** A project of two files of lib, and the folder where compiled files are kept. */
function project(t: TestContext): {root: string; folder: string; compile: () => Compiled} {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'compiled-')));
  t.after(() => fs.rmSync(root, {recursive: true, force: true}));
  const folder = path.join(root, 'kept');
  fs.mkdirSync(path.join(root, 'lib'));
  fs.writeFileSync(path.join(root, 'package-lock.json'), '{}');
  fs.writeFileSync(path.join(root, 'lib', 'b.ts'), 'export const two: number = 2;\n');
  fs.writeFileSync(
    path.join(root, 'lib', 'a.ts'),
    "import {two} from './b';\nexport const twice = (x: number): number => two * x;\n",
  );
  const script = path.join(__dirname, 'fixtures', 'compile.cjs');
  const compile = (): Compiled =>
    JSON.parse(execFileSync(process.execPath, [script, root, folder, CELL], {encoding: 'utf8'})) as Compiled;
  return {root, folder, compile};
}

test('what a kernel compiled of lib serves the next one, and nothing else does', (t) => {
  const {root, folder, compile} = project(t);
  const first = compile();
  assert.deepEqual(first.errors, []);
  assert.deepEqual(Object.keys(first.outputs).sort(), ['a.js', 'b.js']);
  assert.match(first.outputs['a.js'], /require\("\.\/b"\)/);
  const [name] = fs.readdirSync(folder);
  const file = path.join(folder, name);

  // A mark in what was kept shows that it is taken.
  const marked = fs.readFileSync(file, 'utf8').replace('two * x', 'two * x /* kept */');
  fs.writeFileSync(file, marked);
  const second = compile();
  assert.deepEqual(second.errors, []);
  assert.match(second.outputs['a.js'], /kept/);
  assert.equal(second.outputs['b.js'], first.outputs['b.js']);

  // A change of one file can change what another means: all is compiled anew, and the old is gone.
  fs.writeFileSync(path.join(root, 'lib', 'b.ts'), 'export const two: number = 2.0;\n');
  assert.doesNotMatch(compile().outputs['a.js'], /kept/);
  assert.equal(fs.readdirSync(folder).length, 1);
  assert.notEqual(fs.readdirSync(folder)[0], name);
});

test('an error of types in lib is told in every kernel until it is mended', (t) => {
  const {root, compile} = project(t);
  assert.deepEqual(compile().errors, []);
  fs.writeFileSync(path.join(root, 'lib', 'b.ts'), "export const two: number = 'two';\n");
  for (let kernel = 0; kernel < 2; kernel++) {
    assert.match(compile().errors.join(), /Type 'string' is not assignable to type 'number'/);
  }
  fs.writeFileSync(path.join(root, 'lib', 'b.ts'), 'export const two: number = 2;\n');
  assert.deepEqual(compile().errors, []);
});

test('what was kept and cannot be read is compiled anew; a folder that cannot be made is done without', (t) => {
  const {folder, compile} = project(t);
  const first = compile();
  const file = path.join(folder, fs.readdirSync(folder)[0]);
  const whole = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, whole.slice(0, whole.length / 2));
  assert.deepEqual(compile(), first);
  assert.equal(fs.readFileSync(file, 'utf8'), whole);
  fs.rmSync(folder, {recursive: true});
  fs.writeFileSync(folder, 'a file is in the way');
  assert.deepEqual(compile(), first);
});
