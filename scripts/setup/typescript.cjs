/**
 * Lets Node run the project's TypeScript: `node --require ./scripts/setup/typescript.cjs FILE.ts`. tsx does
 * so, too, but reads through every package, TensorFlow.js with it, for what it might have to translate, and
 * takes twice the time until a command says its first word. What was compiled is kept in .cache/typescript
 * until its source changes. Types are checked by `npm test`.
 */
const {createHash, randomUUID} = require('node:crypto');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

const root = path.join(__dirname, '..', '..');
const folder = path.join(root, '.cache', 'typescript');

// Node 22 keeps what V8 makes of scripts and packages, too; Node 20 cannot.
Module.enableCompileCache?.(path.join(root, '.cache', 'compiled'));

/** All that the compiled code depends on beside the source. */
const made = [fs.readFileSync(__filename, 'utf8'), require('esbuild/package.json').version];

// Errors name the lines of the source; but not of that of packages, whose maps are large.
process.setSourceMapsEnabled(true);
const runScript = Module._extensions['.js'];
Module._extensions['.js'] = (module, file) => {
  process.setSourceMapsEnabled(false);
  try {
    runScript(module, file);
  } finally {
    process.setSourceMapsEnabled(true);
  }
};
Module._extensions['.ts'] = (module, file) => {
  module._compile(compiled(file), file);
};
// `./results` is results.ts where results.json lies beside it: what is named first is looked for first.
for (const ending of ['.json', '.node']) {
  const load = Module._extensions[ending];
  delete Module._extensions[ending];
  Module._extensions[ending] = load;
}

/**
 * @returns JavaScript, from what was kept where that is of this very source. The key stands at its end: what
 *   was cut short has none
 */
function compiled(file) {
  const source = fs.readFileSync(file, 'utf8');
  const key = createHash('sha256')
    .update(JSON.stringify([made, file, source]))
    .digest('hex');
  const kept = path.join(folder, `${path.relative(root, file).replaceAll(path.sep, '+')}.js`);
  const found = read(kept);
  if (found.endsWith(key)) return found.slice(0, -key.length);
  const js = compile(source, file);
  // Of a program elsewhere nothing is kept: there may be any number of them.
  if (!path.relative(root, file).startsWith('..')) write(kept, js + key);
  return js;
}

/** @throws Error that names the place in the file */
function compile(source, file) {
  const {transformSync} = require('esbuild');
  const {code} = transformSync(source, {
    ...{loader: 'ts', format: 'cjs', platform: 'node', target: 'es2022'},
    ...{sourcefile: file, sourcemap: 'inline', sourcesContent: false},
  });
  return code;
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Whole or not at all, since several commands and threads may write the same file. A folder that cannot be
 * written is done without.
 */
function write(file, text) {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    fs.mkdirSync(folder, {recursive: true});
    fs.writeFileSync(temporary, text);
    fs.renameSync(temporary, file);
  } catch {
    removeIfPossible(temporary);
  }
}

function removeIfPossible(file) {
  try {
    fs.rmSync(file, {force: true});
  } catch {
    // Of a folder that may not even be looked into.
  }
}
