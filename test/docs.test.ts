import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';

/** Does what docs/sixth-model.md says, in a copy of the project, and holds the page to what it promises. */

const root = path.resolve(__dirname, '..');
const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'sixth-model-'));
const data = path.join(copy, 'own-data');
test.after(() => fs.rmSync(copy, {recursive: true}));

/** A code block of the page, and the file it belongs to. */
interface Block {
  readonly language: string;
  readonly file: string;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```(\w+) file=(\S+)\n(.*?)^```$/gms)].map(([, language, file, text]) => ({
    language,
    file,
    text,
  }));
}

/** A diff without line numbers: what stands before each change must be in the file just once. */
function change(file: string, diff: string): void {
  let text = fs.readFileSync(file, 'utf8');
  for (const hunk of diff.split('@@\n')) {
    const lines = hunk.trimEnd().split('\n');
    const side = (other: string): string =>
      lines
        .filter((line) => !line.startsWith(other))
        .map((line) => `${line.slice(1)}\n`)
        .join('');
    const parts = text.split(side('+'));
    assert.equal(
      parts.length,
      2,
      `${file} has ${parts.length - 1} times what docs/sixth-model.md changes:\n${side('+')}`,
    );
    text = parts.join(side('-'));
  }
  fs.writeFileSync(file, text);
}

function run(...args: string[]) {
  const engine = JSON.parse(fs.readFileSync(path.join(root, 'lib/engine/environment.json'), 'utf8'));
  const env: NodeJS.ProcessEnv = {...process.env, ...engine, AUTOREGRESSIVE_DATA: data};
  // Or the tests inside would report to the runner of this one.
  delete env.NODE_TEST_CONTEXT;
  return spawnSync(process.execPath, args, {cwd: copy, env, encoding: 'utf8'});
}

// The copy's own: it keeps in the copy what it compiles there.
const TYPESCRIPT = ['--require', './scripts/setup/typescript.cjs'];

function properties(pattern: string) {
  const file = path.join('test', 'properties', 'properties.test.ts');
  return run(...TYPESCRIPT, '--test', '--test-reporter=tap', `--test-name-pattern=${pattern}`, file);
}

test.before(() => {
  for (const name of [
    'bench',
    'lib',
    'scripts',
    // scripts/playground measures it.
    'playground',
    'test/properties',
    'package.json',
    'tsconfig.json',
    'biome.json',
  ]) {
    fs.cpSync(path.join(root, name), path.join(copy, name), {recursive: true});
  }
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'), 'junction');
  fs.mkdirSync(path.join(copy, 'data'));
  fs.symlinkSync(path.join(root, 'data', 'mnist'), path.join(copy, 'data', 'mnist'), 'junction');
  const blocks = blocksOf(fs.readFileSync(path.join(root, 'docs', 'sixth-model.md'), 'utf8'));
  assert.deepEqual(
    blocks.map(({language, file}) => `${language} ${file}`),
    ['ts lib/models/nade.ts', 'diff lib/models/index.ts', 'diff test/properties/models.ts'],
  );
  for (const {language, file, text} of blocks) {
    if (language === 'ts') fs.writeFileSync(path.join(copy, file), text);
    else change(path.join(copy, file), text);
  }
});

test('what the page adds has the right types, and the style of the project', () => {
  const options = {extends: './tsconfig.json', include: ['lib', 'scripts/*.ts', 'test/properties']};
  fs.writeFileSync(path.join(copy, 'tsconfig.page.json'), JSON.stringify(options));
  const types = run(path.join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.page.json');
  assert.equal(types.status, 0, types.stdout);
  const files = ['lib/models/nade.ts', 'lib/models/index.ts', 'test/properties/models.ts'];
  const style = run(path.join('node_modules', '@biomejs', 'biome', 'bin', 'biome'), 'check', ...files);
  assert.equal(style.status, 0, style.stdout + style.stderr);
});

test('the seven properties hold for it', () => {
  const {status, stdout} = properties(': NADE$');
  assert.equal(status, 0, stdout);
  const names = [...stdout.matchAll(/^ *ok \d+ - (.*): NADE$/gm)].map(([, name]) => name);
  assert.equal(names.length, 7, stdout);
});

test('made wrong as the page says, it is found out', () => {
  const file = path.join(copy, 'lib', 'models', 'nade.ts');
  const right = fs.readFileSync(file, 'utf8');
  for (const [part, wrong, property] of [
    ['tf.cumsum(terms, 2, true)', 'tf.cumsum(terms, 2, false)', 'Jacobian by gradient, 3 x 3'],
    ['+ place - 1]', '+ place]', 'cached equals naive, one image equals many'],
  ]) {
    assert.ok(right.includes(part), part);
    fs.writeFileSync(file, right.replace(part, wrong));
    const {status, stdout} = properties(`^${property}: NADE$`);
    fs.writeFileSync(file, right);
    assert.equal(status, 1, stdout);
    assert.match(stdout, new RegExp(`not ok \\d+ - ${property}: NADE`));
  }
});

test('it learns; the commands score, draw and complete with its weights', () => {
  fs.writeFileSync(
    path.join(copy, 'learn.ts'),
    `import * as fs from 'node:fs';
    import * as path from 'node:path';
    import {readParameters, saveCheckpoint} from './lib/storage/checkpoints';
    import {scoringImages} from './lib/data/sources';
    import {startEngine} from './lib/engine/index';
    import {evaluate} from './lib/evaluate';
    import {loadMnist} from './lib/data/mnist';
    import {findPreset} from './lib/models/index';
    import {checkpointFile} from './lib/storage/paths';
    import {train} from './lib/train';
    const first = <T extends {pixels: Uint8Array}>(images: T, count: number) =>
      ({...images, count, pixels: images.pixels.slice(0, 784 * count), labels: undefined});
    (async () => {
      await startEngine();
      const {create, config, recipe} = findPreset('nade', 'small');
      const model = create(0);
      const validation = first(await scoringImages('validation'), 100);
      const before = (await evaluate(model, validation)).nats;
      await train(model, {train: first(await loadMnist('train'), 640), validation}, {...recipe, epochs: 2});
      console.log(before, (await evaluate(model, validation)).nats);
      const file = checkpointFile('nade', 'small');
      fs.mkdirSync(path.dirname(file), {recursive: true});
      const tensors = readParameters(model.parameters);
      const rest = {
        binarization: 'dynamic', epoch: 0, step: 0,
        trainingSeconds: 0, history: [], versions: {}, score: {},
      } as const;
      saveCheckpoint(file, {tensors, metadata: {model: 'nade', config, recipe, seed: 0, ...rest}});
    })();`,
  );
  const learn = run(...TYPESCRIPT, 'learn.ts');
  assert.equal(learn.status, 0, learn.stderr);
  const [before, after] = learn.stdout.trim().split(' ').map(Number);
  assert.ok(before > 500 && after < 250, learn.stdout);
  const command = (name: string, ...args: string[]) => {
    const {status, stdout, stderr} = run(...TYPESCRIPT, `scripts/${name}.ts`, 'nade', ...args);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  assert.match(command('evaluate', '--split', 'validation'), /nade small: \d+\.\d+ ± \d+\.\d+ nats/);
  for (const name of ['sample', 'complete']) {
    const picture = path.join(copy, `${name}.png`);
    command(name, '--out', picture, ...(name === 'sample' ? ['--count', '4'] : ['--occlude', 'bottom']));
    assert.ok(fs.statSync(picture).size > 200);
  }
});
