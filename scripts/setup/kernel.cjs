/**
 * Starts the notebooks' kernel: tslab, with the repository root as working directory, because tslab takes
 * that for the root of all TypeScript; so `import … from './lib/index'` works in every notebook. Argument:
 * the connection file of Jupyter.
 *
 * tslab is not developed any more. What a class meets and tslab does not do well is
 * mended here, before it starts.
 */
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..', '..');
process.chdir(root);

require('./compiled.cjs').keepCompiled(root);
const {JupyterHandlerImpl} = require('tslab/dist/jupyter.js');
const ts = require('@tslab/typescript-for-tslab');

/**
 * The compiler would watch every file that a cell imports, and a change between two cells ends in its
 * error "Unexpected pending rebuildTimer", while the cells go on with the old code. Nothing is watched
 * instead, and a change is told.
 */
const unwatched = () => ({close: () => {}});
ts.sys.watchFile = unwatched;
ts.sys.watchDirectory = unwatched;

/** Path -> time of its last change, of all files of lib. */
function filesOfLib() {
  const times = new Map();
  for (const name of fs.readdirSync(path.join(root, 'lib'), {recursive: true})) {
    const file = path.join('lib', name);
    if (/\.(ts|cjs)$/.test(name)) times.set(file, fs.statSync(path.join(root, file)).mtimeMs);
  }
  return times;
}

let taken = null;
function tellOfChanges(code) {
  if (taken === null) {
    if (/['"]\.\/lib\//.test(code)) taken = filesOfLib();
    return;
  }
  const now = filesOfLib();
  const changed = [...now].filter(([file, time]) => taken.get(file) !== time).map(([file]) => file);
  if (changed.length === 0) return;
  taken = now;
  const more = changed.length > 3 ? ` and ${changed.length - 3} more` : '';
  console.log(
    `lib has changed since this kernel took it up (${changed.slice(0, 3).join(', ')}${more}): ` +
      'restart the kernel, or the cells go on with the code from before.',
  );
}

/**
 * tslab puts `exports.` before each name of an earlier cell, and takes two for such names that are none: the
 * q of the object `{q}`, which `{q: q}` mends, and in a pattern the q of `{q: mine}`, if an earlier cell has
 * an object with a q, which `{'q': mine}` mends.
 */
function withPlainNames(code) {
  const source = ts.createSourceFile('cell.ts', code, ts.ScriptTarget.Latest, true);
  const insertions = [];
  const visit = (node, isPattern) => {
    if (ts.isShorthandPropertyAssignment(node) && !isPattern) {
      insertions.push([node.name.getEnd(), `: ${node.name.text}`]);
    }
    const name = ts.isBindingElement(node)
      ? node.propertyName
      : isPattern && ts.isPropertyAssignment(node) && node.name;
    if (name && ts.isIdentifier(name)) insertions.push([name.getStart(), "'"], [name.getEnd(), "'"]);
    // In `({q: mine} = x)` the braces are a pattern, not an object, but for what stands behind a `=` in it.
    const isAssignment = ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
    const isObject = isAssignment && ts.isObjectLiteralExpression(node.left);
    ts.forEachChild(node, (child) =>
      visit(child, isAssignment ? child === node.left && (isPattern || isObject) : isPattern),
    );
  };
  visit(source, false);
  return insertions.reduceRight((text, [at, what]) => text.slice(0, at) + what + text.slice(at), code);
}

/**
 * lib/engine/stopButton.ts looks for the signal of the running cell, lib/course/lastOutput.ts for
 * what the cell before has shown.
 */
const STOP = Symbol.for('autoregressive-image-models.stop');
const OUTPUTS = Symbol.for('autoregressive-image-models.outputs');

let running = null;
const execute = JupyterHandlerImpl.prototype.handleExecuteImpl;
JupyterHandlerImpl.prototype.handleExecuteImpl = async function (request, writeStream, writeDisplayData) {
  const outputs = [];
  const keepStream = (name, text) => {
    outputs.push({text});
    writeStream(name, text);
  };
  const keepDisplay = (content, update) => {
    const id = content.transient?.display_id;
    const place = outputs.findIndex((output) => id !== undefined && output.id === id);
    outputs.splice(place < 0 ? outputs.length : place, place < 0 ? 0 : 1, {id, data: content.data});
    writeDisplayData(content, update);
  };
  running = {controller: new AbortController(), executor: this.executor};
  globalThis[STOP] = running.controller.signal;
  try {
    // As tslab does it: what is written goes to the cell. The sentence must be in this cell, too.
    process.stdout.write = this.createWriteToIopub('stdout', keepStream);
    tellOfChanges(request.code);
    return await execute.call(
      this,
      {...request, code: withPlainNames(request.code)},
      keepStream,
      keepDisplay,
    );
  } finally {
    running = null;
    if (outputs.length > 0) globalThis[OUTPUTS] = outputs;
  }
};

require('tslab/dist/main.js').startKernel({configPath: process.argv[2], enableFindLocal: false});

/** What a cell may take to end by itself after the stop button, before the kernel goes on without it. */
const PATIENCE = 3000;

// tslab would let the next cell run beside the work that was to be stopped.
process.removeAllListeners('SIGINT');
process.on('SIGINT', () => {
  if (running === null) return;
  const stopped = running;
  const reason = new Error('Stopped.');
  reason.name = 'AbortError';
  // The student pressed the button and needs no stack.
  reason[Symbol.for('nodejs.util.inspect.custom')] = () => reason.message;
  stopped.controller.abort(reason);
  setTimeout(() => {
    if (running === stopped) stopped.executor.interrupt();
  }, PATIENCE);
});
