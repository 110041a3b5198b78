import {type Line, linesOf, mostFrequent} from './lines';
import type {Box, PdfPage} from './pdf';

/** A caption, and where the drawing above it may lie. */
export interface Caption {
  readonly figure: number;
  /** The first sentence of the caption, without "Figure 3." */
  readonly sentence: string;
  /** From 0. */
  readonly page: number;
  /**
   * From the text above to the caption: as wide as its column, then as all
   * columns. May hold nothing but white.
   */
  readonly regions: readonly [own: Box, whole: Box];
  /** Lines of the page in the font of the text: text, labels in a drawing, a title. */
  readonly prose: readonly Line[];
}

/** "Figure 3." or "Fig. 3:" where a line begins. */
const start = /^Fig(?:ure|\.)\s*(\d+)\s*[.:]\s*/i;
/** In points. */
const sameEdge = 3;
const lineSkip = 14;
const besideColumn = 20;

/**
 * Every line that begins as a caption does, with the space above it. A sentence that happens to break its
 * line before "Figure 3." is among them: the space above it is the white between two lines.
 */
export function findCaptions(pages: readonly PdfPage[]): Caption[] {
  const lines = pages.map(({letters}) => linesOf(letters));
  const family = proseFamily(lines.flat());
  const prose = lines.map((page) => page.filter((line) => familyOf(line) === family));
  const columns = columnsOf(prose.flat());
  return pages.flatMap((page, i) =>
    lines[i].flatMap((line, at) => {
      const match = start.exec(line.text);
      if (match === null) return [];
      const beside = columns.filter(({left, right}) => line.left < right && line.right > left);
      const own = widest(beside.length > 0 ? beside : [line]);
      const whole = widest([own, ...columns]);
      const above = (column: Column): Box => regionAbove(line, column, columns, prose[i], page);
      const words = captionFrom(lines[i].slice(at)).slice(match[0].length);
      return {
        figure: Number(match[1]),
        sentence: firstSentence(words),
        page: i,
        regions: [above(own), above(whole)] as const,
        prose: prose[i],
      };
    }),
  );
}

type Column = Pick<Box, 'left' | 'right'>;

/** What most letters are set in, such as NimbusRomNo9L, whether upright, bold or italic. */
function proseFamily(lines: readonly Line[]): string {
  if (lines.length === 0) return '';
  return mostFrequent(lines.flatMap((line) => Array<string>(line.text.length).fill(familyOf(line))));
}

function familyOf({font}: Line): string {
  const name = font.replace(/^[A-Z]{6}\+/, '').replace(/[-, ].*/, '');
  // Computer Modern names each of its shapes anew: CMR10, CMTI10, CMBX10, SFRM1000.
  return /^(CM|SF)[A-Z]+\d+$/.test(name) ? 'CM' : name.replace(/(PS)?MT$|PS$/, '');
}

/** The columns of the text, from the left: edges that many lines share. */
function columnsOf(prose: readonly Line[]): Column[] {
  const long = prose.filter(({text}) => text.length > 30);
  const counts = new Map<number, number>();
  for (const {left} of long) counts.set(Math.round(left), (counts.get(Math.round(left)) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  const columns: Column[] = [];
  for (const [left] of [...counts].filter(([, count]) => count >= most / 4).sort(([a], [b]) => a - b)) {
    if (columns.length > 0 && left < columns[columns.length - 1].right) continue;
    const lines = long.filter((line) => Math.abs(line.left - left) <= sameEdge);
    columns.push({left, right: mostFrequent(lines.map(({right}) => Math.round(right)))});
  }
  return columns;
}

function widest(columns: readonly Column[]): Column {
  return {
    left: Math.min(...columns.map(({left}) => left)),
    right: Math.max(...columns.map(({right}) => right)),
  };
}

/**
 * From the last line of text above, or the top of the page, down to the caption; half way
 * into the space between columns.
 */
function regionAbove(
  caption: Line,
  column: Column,
  columns: readonly Column[],
  prose: readonly Line[],
  {width}: PdfPage,
): Box {
  const before = columns.filter(({right}) => right < column.left).map(({right}) => right);
  const after = columns.filter(({left}) => left > column.right).map(({left}) => left);
  const left = before.length > 0 ? (Math.max(...before) + column.left) / 2 : column.left - besideColumn;
  const right = after.length > 0 ? (Math.min(...after) + column.right) / 2 : column.right + besideColumn;
  const isText = (line: Line): boolean =>
    start.test(line.text) ||
    columns.some((edges) => Math.abs(line.left - edges.left) <= sameEdge) ||
    line.right - line.left > 0.6 * (column.right - column.left);
  const above = prose.filter(
    (line) => line.bottom <= caption.top && line.left < right && line.right > left && isText(line),
  );
  return {
    left: Math.max(0, left),
    right: Math.min(width, right),
    top: Math.max(0, ...above.map(({bottom}) => bottom)),
    bottom: caption.top,
  };
}

/** The words of the caption that begins in the first of these lines: as many lines as follow closely. */
function captionFrom(lines: readonly Line[]): string {
  let text = lines[0].text;
  for (let i = 1; i < lines.length && i < 12; i++) {
    const skip = lines[i].top - lines[i - 1].top;
    if (skip < -lineSkip / 2 || skip > lineSkip || /[.!?]$/.test(text)) break;
    text += (lines[i].startsWord ? ' ' : '') + lines[i].text;
  }
  return text;
}

function firstSentence(text: string): string {
  return /^.*?[.!?](?= [A-Z]|$)/.exec(text)?.[0] ?? text;
}
