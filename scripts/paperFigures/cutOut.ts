import type {Picture} from '../../lib/figures/png';
import {PAPERS, type PaperName} from '../../lib/reproduction/paperFigures';
import {type Caption, findCaptions} from './captions';
import {cutDrawing} from './cut';
import {type PdfPage, withPdf} from './pdf';
import {recognizePaper} from './recognize';

/** Pixels a point: 216 dots an inch. */
const scale = 3;

export interface CutOut {
  readonly figure: number;
  /** The first sentence of the paper's caption. */
  readonly caption: string;
  /** From 1. */
  readonly page: number;
  readonly picture: Picture;
}

export interface CutOuts {
  readonly paper: PaperName;
  readonly found: readonly CutOut[];
  /** Figures of PAPERS that the file does not show. */
  readonly missing: readonly number[];
}

/**
 * The figures of PAPERS, cut out of a paper's PDF.
 *
 * @param name stands for the file in error messages
 * @throws Error when the bytes are no whole, readable PDF, or none of these papers
 */
export function cutOutFigures(bytes: Uint8Array, name: string): Promise<CutOuts> {
  return withPdf(bytes, name, (pages) => {
    const paper = paperOf(pages, name);
    const captions = findCaptions(pages);
    const wanted = Object.keys(PAPERS[paper].figures).map(Number);
    const found = wanted.flatMap(
      (figure) =>
        largest(
          paper,
          captions.filter((caption) => caption.figure === figure),
          pages,
        ) ?? [],
    );
    const missing = wanted.filter((figure) => !found.some((cutOut) => cutOut.figure === figure));
    return {paper, found, missing};
  });
}

/** @throws Error when the first page has none of the titles */
function paperOf(pages: readonly PdfPage[], name: string): PaperName {
  const words = pages[0].letters
    .map(({text, startsWord}) => (startsWord ? ' ' : '') + text)
    .join('')
    .trim();
  const paper = recognizePaper(words);
  if (paper !== null) return paper;
  const begins = words === '' ? 'has no text' : `begins with "${words.slice(0, 60)}"`;
  const known = Object.values(PAPERS).map(({title, arxiv}) => `"${title}" (https://arxiv.org/abs/${arxiv})`);
  throw new Error(
    `${name}: none of the three papers: its first page ${begins}; give the PDF of ${known.join(', ')}`,
  );
}

/** A sentence may begin as the caption does; the drawing is above the caption. */
function largest(paper: PaperName, captions: readonly Caption[], pages: readonly PdfPage[]): CutOut | null {
  let best: CutOut | null = null;
  for (const caption of captions) {
    const drawing = cutDrawing(pages[caption.page].draw(scale), caption, scale);
    const area = best === null ? 0 : best.picture.width * best.picture.height;
    if (drawing === null || drawing.width * drawing.height <= area) continue;
    const {figure, sentence, page} = caption;
    const text = {title: `${PAPERS[paper].name}, figure ${figure}`, description: sentence};
    best = {figure, caption: sentence, page: page + 1, picture: {...drawing, text}};
  }
  return best;
}
