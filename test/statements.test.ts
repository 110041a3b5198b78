import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {MODEL_NAMES} from '../lib/models/index';
import {MADE_PRESETS} from '../lib/models/madePresets';
import {committedPresets, isPaperSize} from '../lib/reproduction/published';
import {loadCheckpoint} from '../lib/storage/checkpoints';
import {encodeMetadata} from '../lib/storage/metadata';
import {checkpointFile} from '../lib/storage/paths';

/** What the pages and the comments say of the code, where a test can tell whether it is so. */

const root = path.resolve(__dirname, '..');
const read = (...parts: string[]): string => fs.readFileSync(path.join(root, ...parts), 'utf8');
const page = read('data', 'checkpoints', 'README.md');

test('the command of data/checkpoints/README.md prints an order and the degrees of each layer', () => {
  const [, command] =
    /```sh\n(node --require \.\/scripts\/setup\/typescript\.cjs -e [\s\S]*?)```/.exec(page) ?? [];
  const {stdout, stderr, status} = spawnSync(command, {cwd: root, shell: true, encoding: 'utf8'});
  assert.equal(status, 0, stderr);
  const {order, degrees} = JSON.parse(stdout);
  const {hidden} = MADE_PRESETS.orders;
  assert.equal(order.length, 784);
  assert.deepEqual(
    degrees.map((layer: number[]) => layer.length),
    [784, ...hidden],
  );
});

test('its equations are those of lib/layers/madeMasks.ts', () => {
  const equations = (text: string): string[] =>
    [...new Set([...text.matchAll(/equation (\d+)/gi)].map(([, number]) => number))].sort();
  const made = equations(read('lib', 'layers', 'madeMasks.ts'));
  assert.ok(made.length > 0);
  assert.deepEqual(equations(page), made);
});

test('its table of metadata has every field and every score of the committed weights', () => {
  const table = page.slice(page.indexOf('## Metadata'), page.indexOf('## How they were made'));
  const fields = new Set(
    [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell]) => cell.match(/\w+/g) ?? []),
  );
  for (const model of MODEL_NAMES) {
    for (const preset of committedPresets(model)) {
      const {metadata} = loadCheckpoint(checkpointFile(model, preset));
      const all = {...metadata, data: {name: 'own', sha256: ''}, changes: [{step: 1, recipe: {}}]};
      for (const field of Object.keys(encodeMetadata(all))) assert.ok(fields.has(field), field);
      for (const name of Object.keys(metadata.score)) assert.ok(table.includes(`\`${name}\``), name);
      for (const name of Object.keys(metadata.recipe)) assert.ok(table.includes(`\`${name}\``), name);
      if (model !== 'made') continue;
      for (const name of Object.keys(metadata.config)) assert.ok(table.includes(`\`${name}\``), name);
    }
  }
});

test('its commands are those of the weights that are there', () => {
  const trained = MODEL_NAMES.flatMap((model) =>
    committedPresets(model).map((preset) => `${model}/${preset}`),
  );
  const commands = [...page.matchAll(/^npm run train -- (\w+) --preset ([\w-]+) --publish/gm)];
  assert.deepEqual(
    commands.map(([, model, preset]) => `${model}/${preset}`).sort(),
    trained.filter((name) => !isPaperSize(name)).sort(),
  );
  // Those of a paper's size are trained elsewhere, as the page says of each.
  for (const name of trained.filter(isPaperSize)) assert.ok(page.includes(`\`${name}\``), name);
});

test('a file of lib that a page or a comment names is there', () => {
  const files = fs
    .readdirSync(root, {recursive: true, encoding: 'utf8'})
    .filter((file) => /^(lib|docs|bench|data|playground|test)\/.*\.(ts|md|cc|h|cjs)$/.test(file))
    // It tells of a file that the reader writes.
    .filter((file) => !/node_modules|^docs\/sixth-model|^test\/docs/.test(file));
  for (const file of [...files, 'README.md']) {
    for (const [name] of read(file).matchAll(/(?<![\w/.-])lib\/[\w/-]+(\.(?:ts|cc|h|cjs|json)\b)?/g)) {
      const there = ['', '.ts'].some((ending) => fs.existsSync(path.join(root, name + ending)));
      assert.ok(there, `${file} names ${name}`);
    }
  }
});

test('each file of lib/course begins with its lesson', () => {
  for (const file of fs.readdirSync(path.join(root, 'lib', 'course'))) {
    const comment = /\/\*\*\s+(?:\* )?([^\n]*)/.exec(read('lib', 'course', file))?.[1] ?? '';
    assert.match(comment, /^(Lesson \d\d|Lessons \d\d (and|to) \d\d|All lessons): /, `lib/course/${file}`);
  }
});
