import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {pathToFileURL} from 'node:url';
import {startEngine} from '../lib/engine/index';
import {threadCount} from '../lib/engine/threads';
import {measureResults, resultsMarkdown} from '../lib/reproduction/results';
import {makeFolder, writeFileAtomically} from '../lib/storage/files';
import {buildFolder, projectRoot} from '../lib/storage/paths';
import {clock, endProgress, readArguments, run, showProgress, UsageError} from './cli';
import {executeNotebooks, printProgress} from './notebooks/execute';
import {writeFigureList} from './notebooks/figures';
import {writeHtml} from './notebooks/html';
import {writePage} from './notebooks/page';
import {buildPlayground} from './playground/build';
import {linkPlayground} from './playground/link';

const HELP = `npm start [-- NN…]                      everything, or the notebooks of these numbers
npm run publish-notebooks [-- NN…]      the same into the committed files

Executes every notebook top to bottom in a fresh kernel, draws its figures, scores the committed weights
again, and shows all of it on one page. What it makes goes into build/, so that no file of the project
changes: build/NN-….ipynb and .html, build/figures, build/results.md, build/index.html, and
build/playground, where the models run in the browser. publish-notebooks is for those who maintain the
course: it writes notebooks/, figures/ and the README's table.`;

const root = projectRoot();
const BEGIN = '<!-- results: written by npm run publish-notebooks -->';
const END = '<!-- end of results -->';

run(async () => {
  const args = readArguments(HELP, {publish: {type: 'boolean'}});
  const publish = args.flag('publish');
  const started = performance.now();
  const source = path.join(root, 'notebooks');
  const notebooks = chosen(fs.readdirSync(source).sort(), args.positionals);
  const into = publish ? source : buildFolder();
  const results = publish ? path.join(root, 'figures') : buildFolder();
  const figures = publish ? results : path.join(results, 'figures');
  const whole = args.positionals.length === 0;
  // Figures of an earlier start that no notebook draws any more would stay on the page.
  if (whole && !publish) fs.rmSync(figures, {recursive: true, force: true});
  for (const folder of [into, figures]) makeFolder(folder);
  const engine = await startEngine();
  console.log(
    `${engine.description}. Executing ${notebooks.length} notebooks into ${path.relative(root, into)}/.`,
  );
  await executeNotebooks(
    notebooks.map((name) => path.join(source, name)),
    {
      into,
      figures,
      private: !publish,
      // What is committed is timed undisturbed.
      together: publish ? 1 : notebooksTogether(),
      onProgress: printProgress,
      onWarning: (sentence) => console.log(sentence),
    },
  );
  const playground = path.join(buildFolder(), 'playground');
  // Pages are written by other programs, while this one scores. Where one fails the others come to their
  // end, too: a program that writes pages would go on when this one has ended.
  const parts = [
    publish ? writeFigureList(figures) : writeHtml(notebooks.map((name) => path.join(into, name))),
    buildPlayground(playground),
    whole && writeResults(engine.description, results, publish),
  ];
  await Promise.allSettled(parts);
  await Promise.all(parts);
  const page = path.join(buildFolder(), 'index.html');
  writePage(root, page);
  linkPlayground(root, playground);
  console.log(
    `\nDone in ${clock((performance.now() - started) / 1000)}. Look at all of it: ${pathToFileURL(page).href}\n` +
      'Next: npm run lab, and open 00-at-a-glance.ipynb.',
  );
});

/** A notebook keeps two processors busy now and then, one most of the time, and 2 GB. */
function notebooksTogether(): number {
  return Math.max(1, Math.min(4, threadCount(), Math.floor(os.freemem() / 2e9)));
}

/** @throws UsageError when a number is of no notebook */
function chosen(files: readonly string[], numbers: readonly string[]): string[] {
  const notebooks = files.filter((name) => /^\d\d-.*\.ipynb$/.test(name));
  const known = notebooks.map((name) => name.slice(0, 2));
  const wrong = numbers.find((number) => !known.includes(number));
  if (wrong !== undefined) throw new UsageError(`no notebook '${wrong}'; there are ${known.join(', ')}`);
  return numbers.length === 0 ? notebooks : notebooks.filter((name) => numbers.includes(name.slice(0, 2)));
}

/** The committed weights, scored again, as a table and as data. */
async function writeResults(engine: string, folder: string, publish: boolean): Promise<void> {
  console.log('Scoring the committed weights again.');
  const rows = await measureResults((what) => showProgress(what));
  endProgress();
  const table = resultsMarkdown(rows);
  writeFileAtomically(path.join(folder, 'results.json'), `${JSON.stringify({engine, rows}, null, 2)}\n`);
  writeFileAtomically(path.join(folder, 'results.md'), `# Results\n\n${table}\n`);
  if (publish) writeIntoReadme(table);
  console.log(`\n${table}`);
}

function writeIntoReadme(table: string): void {
  const file = path.join(root, 'README.md');
  const [before, rest] = fs.readFileSync(file, 'utf8').split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) {
    throw new Error(`README.md has no lines '${BEGIN}' and '${END}' to put the table between`);
  }
  writeFileAtomically(file, `${before}${BEGIN}\n${table}\n${END}${after}`);
}
