import type {Box, Letter} from './pdf';

/** Letters side by side at one height: a line of a column, or a label in a drawing. */
export interface Line extends Box {
  readonly text: string;
  /** The font of most of its letters. */
  readonly font: string;
  /** False when it goes on with a word of the line before. */
  readonly startsWord: boolean;
}

/**
 * Points between two letters of one line at most: more than a space in a stretched line, less
 * than what separates two columns.
 */
const widestSpace = 12;

/** The letters of a page as lines, in the order of the text. Ligatures are taken apart. */
export function linesOf(letters: readonly Letter[]): Line[] {
  const groups: Letter[][] = [];
  for (const letter of letters) {
    const group = groups[groups.length - 1];
    if (group !== undefined && continues(group, letter)) group.push(letter);
    else groups.push([letter]);
  }
  return groups.map(lineOf);
}

/**
 * True when the letter stands right of the last one, at its height; an index or an
 * exponent may stand lower or higher.
 */
function continues(group: readonly Letter[], letter: Letter): boolean {
  const last = group[group.length - 1];
  const gap = letter.left - last.right;
  if (gap > widestSpace || gap < -widestSpace / 2) return false;
  return group.slice(-4).some((before) => letter.top < before.bottom && letter.bottom > before.top);
}

function lineOf(group: readonly Letter[]): Line {
  const text = group.map((letter, i) => (i > 0 && letter.startsWord ? ' ' : '') + letter.text).join('');
  const font = mostFrequent(group.map((letter) => letter.font));
  return {...around(group), text: text.normalize('NFKC'), font, startsWord: group[0].startsWord};
}

/** The smallest box around all of them. */
export function around(boxes: readonly Box[]): Box {
  return {
    left: Math.min(...boxes.map(({left}) => left)),
    top: Math.min(...boxes.map(({top}) => top)),
    right: Math.max(...boxes.map(({right}) => right)),
    bottom: Math.max(...boxes.map(({bottom}) => bottom)),
  };
}

export function mostFrequent<T>(values: readonly T[]): T {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}
