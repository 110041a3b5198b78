import {PAPERS, type PaperName} from '../../lib/reproduction/paperFigures';

/**
 * Letters of a first page within which the title ends: names of a conference may stand before it,
 * other papers' titles only after.
 */
const titleWithin = 400;

/**
 * Which paper a first page is of, by its title. Other papers name these titles as
 * well, but below their abstract.
 *
 * @param firstPage its text; spaces, hyphens, ligatures and capitals do not matter
 */
export function recognizePaper(firstPage: string): PaperName | null {
  const start = lettersOf(firstPage).slice(0, titleWithin).split('abstract')[0];
  const papers = Object.keys(PAPERS) as PaperName[];
  return papers.find((paper) => start.includes(lettersOf(PAPERS[paper].title))) ?? null;
}

/** "MADE: Masked Auto-\nencoder" becomes "mademaskedautoencoder". */
function lettersOf(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}
