import * as fs from 'node:fs';
import * as path from 'node:path';
import {type BuildOptions, build} from 'esbuild';
import {firstImages} from '../../lib/data/images';
import {loadMnist} from '../../lib/data/mnist';
import {shrinkImages} from '../../lib/data/shrink';
import {scoringImages} from '../../lib/data/sources';
import {COURSE_BAR_STYLE} from '../../lib/figures/courseBar';
import {makeFolder, writeFileAtomically} from '../../lib/storage/files';
import {checkpointFile, projectRoot} from '../../lib/storage/paths';

/** The weights that the page can ask for; each travels in a script of its own. */
const WEIGHTS = [
  ['pixelcnn', 'digits'],
  ['gated', 'digits'],
  ['rowlstm', 'digits'],
  ['diagonal', 'digits'],
  ['made', 'one-order'],
  ['made', 'any-order'],
] as const;

/** Test digits that the page can take. */
const DIGITS = 100;
/** Training digits for the models that learn in the page. */
const LEARNING_DIGITS = 1200;

/**
 * Builds the page into a folder that opens as a file and can be published as it is. Everything that a browser
 * would not let a page read from a file, the worker's program, WebAssembly and weights, is text in scripts.
 *
 * @param folder made where it is missing; what else lies in it is left
 */
export async function buildPlayground(folder: string): Promise<void> {
  const root = projectRoot();
  const source = (...parts: string[]): string => path.join(root, 'playground', ...parts);
  const shared = {
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
  } as const satisfies BuildOptions;
  const [page, worker] = await Promise.all([
    build({...shared, entryPoints: [source('main.tsx')], jsx: 'automatic', jsxImportSource: 'preact'}),
    build({
      ...shared,
      entryPoints: [source('worker', 'main.ts')],
      alias: {'@tensorflow/tfjs': source('worker', 'tensorflow.ts')},
      // Asked for in Node only.
      external: ['node:path'],
      define: {process: 'undefined'},
    }),
  ]);
  const write = (name: string, content: string | Uint8Array): void => {
    const file = path.join(folder, name);
    makeFolder(path.dirname(file));
    writeFileAtomically(file, content);
  };
  const part = (name: string, text: string): void =>
    write(
      `${name}.js`,
      `(globalThis.playgroundParts??={})[${JSON.stringify(name)}]=${JSON.stringify(text)};\n`,
    );
  const base64 = (file: string): string => fs.readFileSync(file).toString('base64');
  const wasm = path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'));
  part('worker', worker.outputFiles[0].text);
  part('engine', base64(path.join(wasm, 'tfjs-backend-wasm-simd.wasm')));
  for (const [model, preset] of WEIGHTS) {
    part(`weights/${model}-${preset}`, base64(checkpointFile(model, preset)));
  }
  part('digits', Buffer.from(packBits((await testDigits()).pixels)).toString('base64'));
  part('learning-digits', Buffer.from(packGrays(await learningDigits())).toString('base64'));
  write('page.js', page.outputFiles[0].text);
  write('index.html', fs.readFileSync(source('index.html')));
  write('style.css', fs.readFileSync(source('style.css'), 'utf8') + COURSE_BAR_STYLE);
  // It stands alone until linkPlayground says what is around it.
  write('site.js', 'globalThis.playgroundSite=null;\n');
}

/** The first test digits, black and white as they are scored. */
async function testDigits() {
  return firstImages(await scoringImages('test'), DIGITS);
}

/** Training digits of 14 x 14, gray: what the page's small models learn from. */
async function learningDigits(): Promise<Uint8Array> {
  return shrinkImages(firstImages(await loadMnist('train'), LEARNING_DIGITS), 2).pixels;
}

/** Two pixels a byte, 16 grays. */
function packGrays(grays: Uint8Array): Uint8Array {
  return Uint8Array.from(
    {length: grays.length / 2},
    (_, i) => (Math.round(grays[2 * i] / 17) << 4) | Math.round(grays[2 * i + 1] / 17),
  );
}

/** Eight pixels a byte, the first in the highest bit. */
function packBits(bits: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => {
    bytes[i >> 3] |= bit << (7 - (i & 7));
  });
  return bytes;
}
