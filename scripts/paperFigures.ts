import * as fs from 'node:fs';
import * as path from 'node:path';
import {PAPERS} from '../lib/reproduction/paperFigures';
import {errorCode} from '../lib/storage/files';
import {readArguments, run, UsageError} from './cli';
import {cutOutFigures} from './paperFigures/cutOut';
import {keepCutOuts} from './paperFigures/keep';

const HELP = `npm run paper-figures -- --pdf FILE…

Cuts the figures out of the papers' PDFs that you have, so that notebooks show them beside ours. They are their authors': they stay in
data/paper-figures, out of git. Any version will do, under any name:
${Object.values(PAPERS)
  .map(({title, arxiv}) => `  ${title}  https://arxiv.org/abs/${arxiv}`)
  .join('\n')}`;

/** These papers have 3 to 5 MB. */
const largestPdf = 100_000_000;

run(async () => {
  // `--pdf a.pdf b.pdf` and `--pdf a.pdf --pdf b.pdf`: the names are what is left.
  const {positionals: files, flag} = readArguments(HELP, {pdf: {type: 'boolean'}});
  if (!flag('pdf') || files.length === 0) throw new UsageError(`which PDF?\n\n${HELP}`);
  for (const file of files) {
    try {
      await cutOut(path.resolve(file));
    } catch (error) {
      process.exitCode = 1;
      console.error((error as Error).message);
    }
  }
});

async function cutOut(file: string): Promise<void> {
  const pdf = read(file);
  const cutOuts = await cutOutFigures(pdf, file);
  const folder = keepCutOuts(cutOuts, pdf);
  const {paper, found, missing} = cutOuts;
  for (const {figure, page, picture} of found) {
    console.log(`${paper}, figure ${figure}, from page ${page}: ${picture.width} x ${picture.height} pixels`);
  }
  console.log(`${found.length} figures of ${PAPERS[paper].name} lie in ${folder}`);
  if (missing.length > 0) {
    throw new Error(
      `${file}: no drawing was found above a caption "Figure ${missing.join('", "Figure ')}"; the others are kept. ` +
        `Try the PDF of https://arxiv.org/abs/${PAPERS[paper].arxiv}`,
    );
  }
}

/** @throws Error when there is no such file, or it is no file of a paper's size */
function read(file: string): Uint8Array {
  try {
    const {size} = fs.statSync(file);
    if (size <= largestPdf) return fs.readFileSync(file);
    throw new Error(`it has ${size} bytes, a paper at most ${largestPdf}; give the PDF of one paper`);
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file; correct the path',
      EISDIR: 'it is a folder; name the PDF in it',
      EACCES: 'this user may not read it; change its permissions',
    };
    throw new Error(`${file}: ${reasons[errorCode(error)] ?? (error as Error).message}`);
  }
}
