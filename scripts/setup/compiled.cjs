/**
 * Keeps what the notebooks' kernel compiles. tslab checks the types of all of lib and compiles it twice in
 * every new kernel, which is most of what the first cell takes. What came out once is written to
 * .cache/notebooks, and taken from there until a file of lib, a package or Node changes. The types of lib
 * are then known to be right; those of the cells are checked as ever.
 */
const {createHash} = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const compiler = require.resolve('@tslab/typescript-for-tslab');

/**
 * To be called before tslab is loaded.
 *
 * @param root the folder that has lib in it
 * @param folder where to keep what was compiled; one that cannot be written is done without
 */
function keepCompiled(root, folder = path.join(root, '.cache', 'notebooks')) {
  const ts = require(compiler);
  const lib = `${path.join(root, 'lib').replaceAll(path.sep, '/')}/`;
  const file = path.join(folder, `lib-${keyOf(root)}.json`);
  /** Path in lib -> {text: hash of the source, name: of the output, js: the output}. */
  const kept = new Map(Object.entries(read(file)));
  /** What tslab is given in place of compiled ES modules -> the CommonJS that it would make of them. */
  const finished = new Map();
  /** The ES modules of this kernel that are being made into CommonJS, by their text. */
  const pending = new Map();
  let changed = false;

  const isKept = (source) =>
    source.fileName.startsWith(lib) &&
    kept.get(source.fileName.slice(lib.length))?.text === hash(source.text);

  const createWatchProgram = (host) => {
    const created = host.afterProgramCreate;
    host.afterProgramCreate = (builder) => {
      const emit = builder.emit;
      builder.emit = (source, write, ...more) => {
        if (!source?.fileName.startsWith(lib)) return emit(source, write, ...more);
        const place = source.fileName.slice(lib.length);
        if (isKept(source)) {
          const {name, js} = kept.get(place);
          const stand = `// ${place}`;
          finished.set(stand, js);
          write(name, stand);
          return {emitSkipped: false, diagnostics: []};
        }
        const keep = (name, text, ...rest) => {
          if (name.endsWith('.js')) pending.set(text, {place, name, text: hash(source.text)});
          write(name, text, ...rest);
        };
        return emit(source, keep, ...more);
      };
      created(builder);
    };
    return ts.createWatchProgram(host);
  };

  const transpileModule = (text, options) => {
    if (finished.has(text)) return {outputText: finished.get(text), diagnostics: []};
    const output = ts.transpileModule(text, options);
    const from = pending.get(text);
    if (from !== undefined) {
      kept.set(from.place, {text: from.text, name: from.name, js: output.outputText});
      pending.delete(text);
      if (!changed) setImmediate(save);
      changed = true;
    }
    return output;
  };

  // tslab compiles only what has no error, so what is kept has none.
  const getPreEmitDiagnosticsOfFiles = (program, sources) =>
    ts.getPreEmitDiagnosticsOfFiles(
      program,
      sources.filter((source) => !isKept(source)),
    );

  function save() {
    changed = false;
    try {
      fs.mkdirSync(folder, {recursive: true});
      const temporary = `${file}.${process.pid}.tmp`;
      fs.writeFileSync(temporary, JSON.stringify(Object.fromEntries(kept)));
      fs.renameSync(temporary, file);
      for (const name of fs.readdirSync(folder)) {
        if (/^lib-\w+\.json$/.test(name) && name !== path.basename(file)) fs.rmSync(path.join(folder, name));
      }
    } catch {
      // A folder that cannot be written: the next kernel compiles anew.
    }
  }

  // The module's own properties cannot be set.
  require.cache[compiler].exports = {
    ...ts,
    createWatchProgram,
    transpileModule,
    getPreEmitDiagnosticsOfFiles,
  };
}

/** A name for all that the types of lib and the compiled code depend on. */
function keyOf(root) {
  const parts = [process.version, fs.readFileSync(__filename, 'utf8')];
  const files = fs
    .readdirSync(path.join(root, 'lib'), {recursive: true})
    .filter((name) => /\.ts$/.test(name));
  for (const name of ['package-lock.json', ...files.sort().map((name) => path.join('lib', name))]) {
    parts.push(name, fs.readFileSync(path.join(root, name), 'utf8'));
  }
  return hash(JSON.stringify(parts)).slice(0, 16);
}

function hash(text) {
  return createHash('sha256').update(text).digest('hex');
}

/** What was kept; nothing where there is none or it cannot be read. */
function read(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

module.exports = {keepCompiled};
