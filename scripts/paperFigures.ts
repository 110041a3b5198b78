import * as fs from 'node:fs';
import * as path from 'node:path';
import * as readline from 'node:readline';
import {PAPERS, type PaperName} from '../lib/reproduction/paperFigures';
import {errorCode} from '../lib/storage/files';
import {readArguments, run, stopSignal, UsageError} from './cli';
import {cutOutFigures} from './paperFigures/cutOut';
import {fetchPaper, NoNetworkError, papersFrom} from './paperFigures/fetchPaper';
import {keepCutOuts} from './paperFigures/keep';

const HELP = `npm run paper-figures                     asks whether to download the three papers from
                                          arXiv, and cuts their figures out
npm run paper-figures -- --yes            the same without the question
npm run paper-figures -- --pdf FILE…      cuts them out of PDFs that you have: any version, under any name

Notebooks and the results page then show the papers' figures beside ours. They are their authors': they stay
in data/paper-figures, out of git; the PDFs are not kept.
${Object.values(PAPERS)
  .map(({title, arxiv}) => `  ${title}  https://arxiv.org/abs/${arxiv}`)
  .join('\n')}`;

/** These papers have 3 to 5 MB. */
const largestPdf = 100_000_000;

run(async () => {
  // `--pdf a.pdf b.pdf` and `--pdf a.pdf --pdf b.pdf`: the names are what is left.
  const {positionals: files, flag} = readArguments(HELP, {pdf: {type: 'boolean'}, yes: {type: 'boolean'}});
  if (flag('pdf') ? files.length === 0 : files.length > 0) throw new UsageError(`which PDF?\n\n${HELP}`);
  if (flag('pdf') && flag('yes'))
    throw new UsageError('--yes downloads the papers, --pdf takes your own; give one');
  if (flag('pdf')) {
    for (const file of files) {
      await orSay(async () => {
        const pdf = read(path.resolve(file));
        return cutOut(pdf, file);
      });
    }
  } else if (flag('yes') || (await saysYes())) {
    await download();
  } else {
    console.log('Nothing was downloaded. PDFs that you have: npm run paper-figures -- --pdf FILE…');
  }
});

/** Enter, the end of the input and anything but yes mean no. */
async function saysYes(): Promise<boolean> {
  const lines = readline.createInterface({input: process.stdin, output: process.stdout});
  const question =
    'Download the three papers, some 15 MB, from arxiv.org onto this machine and cut out their figures? [y/N] ';
  const answer = await new Promise<string>((resolve) => {
    lines.on('close', () => resolve(''));
    lines.question(question, resolve);
  });
  lines.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function download(): Promise<void> {
  const signal = stopSignal('stopping, what was cut out stays');
  for (const paper of Object.keys(PAPERS) as PaperName[]) {
    console.log(`fetching ${PAPERS[paper].title} …`);
    const goOn = await orSay(async () => {
      const pdf = await fetchPaper(paper, {most: largestPdf, signal});
      return cutOut(pdf, `${papersFrom()}/${PAPERS[paper].arxiv}`);
    });
    if (!goOn) return;
  }
}

/** Says what went wrong in one sentence and goes on. @returns false when no network is why */
async function orSay(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    process.exitCode = 1;
    console.error((error as Error).message);
    return !(error instanceof NoNetworkError);
  }
}

async function cutOut(pdf: Uint8Array, name: string): Promise<void> {
  const cutOuts = await cutOutFigures(pdf, name);
  const folder = keepCutOuts(cutOuts, pdf);
  const {paper, found, missing} = cutOuts;
  for (const {figure, page, picture} of found) {
    console.log(`${paper}, figure ${figure}, from page ${page}: ${picture.width} x ${picture.height} pixels`);
  }
  console.log(`${found.length} figures of ${PAPERS[paper].name} lie in ${folder}`);
  if (missing.length > 0) {
    throw new Error(
      `${name}: no drawing was found above a caption "Figure ${missing.join('", "Figure ')}"; the others are kept. ` +
        `Try the PDF of https://arxiv.org/abs/${PAPERS[paper].arxiv}`,
    );
  }
}

/** @throws Error when there is no such file, or it is no file of a paper's size */
function read(file: string): Uint8Array {
  try {
    const {size} = fs.statSync(file);
    if (size <= largestPdf) return fs.readFileSync(file);
    throw new Error(`it may have at most ${largestPdf} bytes, got ${size}; give the PDF of one paper`);
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file; correct the path',
      EISDIR: 'it is a folder; name the PDF in it',
      EACCES: 'this user may not read it; change its permissions',
    };
    throw new Error(`${file}: ${reasons[errorCode(error)] ?? (error as Error).message}`);
  }
}
