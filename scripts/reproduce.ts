import * as fs from 'node:fs';
import * as path from 'node:path';
import {startEngine} from '../lib/engine/index';
import {colorMarkdown, measureColorResults} from '../lib/reproduction/colorResults';
import {measureResults, resultsMarkdown} from '../lib/reproduction/results';
import {writeFileAtomically} from '../lib/storage/files';
import {projectRoot} from '../lib/storage/paths';
import {clock, endProgress, readArguments, run, showProgress} from './cli';
import {executeNotebooks, printProgress} from './notebooks/execute';
import {writePage} from './notebooks/page';

const HELP = `npm start

Executes every notebook top to bottom in a fresh kernel, draws figures/, scores the committed weights again,
writes the results table to figures/results.md and figures/results.json, and shows all of it on one page, figures/index.html.`;

const root = projectRoot();
const BEGIN = '<!-- results: written by npm start -->';
const END = '<!-- end of results -->';

run(async () => {
  readArguments(HELP, {});
  const started = performance.now();
  const folder = path.join(root, 'notebooks');
  const notebooks = fs
    .readdirSync(folder)
    .filter((name) => /^\d\d-.*\.ipynb$/.test(name))
    .sort();
  const engine = await startEngine();
  console.log(`${engine.description}. Executing ${notebooks.length} notebooks.`);
  await executeNotebooks(
    notebooks.map((name) => path.join(folder, name)),
    {onProgress: printProgress, onWarning: (sentence) => console.log(sentence)},
  );
  console.log('Scoring the committed weights again.');
  const rows = await measureResults((what) => showProgress(`  ${what}`));
  const color = await measureColorResults((what) => showProgress(`  ${what}`));
  endProgress();
  const table = `${resultsMarkdown(rows)}\n\nCIFAR-10, test negative log-likelihood in bits per dimension:\n\n${colorMarkdown(color)}`;
  const write = (file: string, text: string): void => writeFileAtomically(path.join(root, file), text);
  write('figures/results.json', `${JSON.stringify({engine: engine.description, rows, color}, null, 2)}\n`);
  write(
    'figures/results.md',
    `# Binarized MNIST, test negative log-likelihood, nats per image\n\n${table}\n`,
  );
  writePage(root);
  const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined)
    throw new Error(`README.md has no lines '${BEGIN}' and '${END}' to put the table between`);
  write('README.md', `${before}${BEGIN}\n${table}\n${END}${after}`);
  console.log(`\n${table}\n`);
  for (const row of [...rows, ...color])
    if (row.paperSource !== null) console.log(`  ${row.model}: paper's number from ${row.paperSource}`);
  console.log(
    `\nDone in ${clock((performance.now() - started) / 1000)}. Figures are in figures/ (figures/README.md lists them).\n` +
      'Next: npm run lab, and open notebooks/01-autoregression.ipynb.',
  );
});
