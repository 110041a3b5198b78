import {PAPERS, type PaperName} from '../../lib/reproduction/paperFigures';
import {CONNECTION_BITS, DEPTH_BITS, REPORTED, REPORTED_BITS} from '../../lib/reproduction/papers';
import {type Cell, chartOf, type Notebook, type Output, textOf} from '../../scripts/notebooks/notebook';
import {labelsOf} from './drawings';
import {PAPER_PARTS} from './paperParts';
import {QUOTED_FACTS} from './quotedFacts';

/**
 * What a notebook says, held against what its cells print and draw. Each check returns sentences, one a claim
 * that nothing holds; an empty list says that all is well.
 */

/**
 * A piece of prose: a paragraph, or the typed words of a figure. What a template computes is left out: it
 * holds by itself.
 */
export interface Prose {
  readonly cell: string;
  readonly text: string;
}

/** What a student is asked to do, and the points for it: no claims. */
const task = /^\*\*\d+\. (?:A small p|P)roject|^\*Rubric|^\| points/;
const typedWords = /\b(?:title|description|label|unit|quantity|paper): *(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;

export function proseOf({cells}: Notebook): Prose[] {
  return cells.flatMap((cell, k) => {
    const name = cell.id ?? `cell-${k + 1}`;
    const source = textOf(cell.source);
    if (cell.cell_type === 'markdown') {
      const paragraphs = source.split(/\n\s*\n/).filter((text) => !task.test(text));
      return paragraphs.map((text) => ({cell: name, text}));
    }
    const words = [...source.matchAll(typedWords)].map(([, , text]) => withoutTemplates(text));
    return words.map((text) => ({cell: name, text}));
  });
}

function withoutTemplates(text: string): string {
  let shorter = text;
  for (let before = ''; before !== shorter; ) {
    before = shorter;
    shorter = shorter.replace(/\$\{[^{}]*\}/g, ' … ').replace(/\{[^{}]*\}/g, '');
  }
  return shorter;
}

/** The numbers in a piece of text, commas taken out: "50,000" and "1e-5" are one number each. */
function numbersIn(text: string): string[] {
  return [...text.matchAll(number)].map(([word]) => normal(word));
}

const number = /(?<![\w.^])\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?(?![\w]*\.ts)/g;

function normal(word: string): string {
  return String(Number(word.replace(/,/g, '')));
}

/** What follows a number that was measured. */
const unit = /^ ?(?:\*\*)? ?(?:nats?|bits?|percent|seconds?|minutes?|hours?|times|parameters)\b|^ ?%/;

/** Formulas, code, links, and the numbers of notebooks, papers, exercises and points. */
function plainWords(text: string): string {
  return text
    .replace(/\$\$[\s\S]*?\$\$|\$[^$]*\$|`[^`]*`/g, ' ')
    .replace(/\]\([^)]*\)|<https?:[^>]*>/g, '] ')
    .replace(/\(?arXiv \d{4}\.\d{5}\)?/g, ' ')
    .replace(/^#+ (\d+ · |\d+\. )?/gm, '')
    .replace(/^\*\*\d+\. /gm, '**')
    .replace(/^\| *\d+ *\|/gm, '|')
    .replace(/\(\d\) /g, '')
    .replace(/^\d+\. /gm, '')
    .replace(/\[?\b\d\d-[a-z-]+/g, ' ')
    .replace(
      /\b(?:[Nn]otebooks?|[Ss]ections?|[Tt]ables?|[Ff]igures?|[Ee]quations?|[Ee]xercises?|[Cc]hapters|algorithm|version)\s+[\d.]*\d(?:(?:,| to| and| or|, and)\s+[\d.]*\d)*/g,
      ' ',
    )
    .replace(/\((?:0|1)\d\)|\b0\d(?:,? and \d\d)?\b|\| *\d\d(?:, \d\d)* *(?=\|)/g, ' ')
    .replace(/(?:, |\(|\b[Ii]n |et al\.,? )(?:19|20)\d\d(?= *[.,;:)*(]| Yule|\s*$)/gm, ' ')
    .replace(/(?:CIFAR-10|float\d+|\d+-bit)/g, ' ');
}

/**
 * Every number that a cell prints, draws beside its marks, or writes into a table. What is typed as title or
 * caption is not among them.
 */
export function printedNumbers(notebook: Notebook): Set<string> {
  const texts = outputsOf(notebook).flatMap((output): string[] => {
    if (output.output_type === 'stream') return [textOf(output.text)];
    const chart = chartOf(output);
    if (chart !== null) return [...labelsOf(chart)];
    const {'text/markdown': markdown} = output.data ?? {};
    return markdown === undefined ? [] : [textOf(markdown as string)];
  });
  return new Set(texts.flatMap(numbersIn));
}

/** The numbers that code sets, titles and comments left out. */
function setNumbers({cells}: Notebook): Set<string> {
  const code = cells.filter(({cell_type}) => cell_type === 'code').map(({source}) => textOf(source));
  return new Set(
    code.flatMap((source) =>
      numbersIn(
        source
          .replace(typedWords, ' ')
          .replace(/\/\*[\s\S]*?\*\/|\/\/ .*/g, ' ')
          .replace(/[[(]/g, '$& '),
      ),
    ),
  );
}

function outputsOf({cells}: Notebook): Output[] {
  return cells.flatMap((cell: Cell) => cell.outputs ?? []);
}

/** What the papers report, as lib/reproduction/papers has it. */
function reportedNumbers(): string[] {
  const depth = DEPTH_BITS.bits.map(({bits}) => bits);
  const all = [
    ...Object.values(REPORTED).map(({nats}) => nats),
    ...Object.values(REPORTED_BITS).map(({bits}) => bits),
  ];
  return [...all, ...Object.values(CONNECTION_BITS.bits), ...depth].map(String);
}

/**
 * Numbers of the prose that nothing holds. One with a unit must be printed by a cell, be a paper's
 * (lib/reproduction/papers) or a quoted fact; any other may also be one that a cell's code sets.
 */
export function unheldNumbers(notebook: Notebook, name: string): string[] {
  const printed = printedNumbers(notebook);
  const set = setNumbers(notebook);
  const quoted = QUOTED_FACTS.filter(
    ({notebooks}) => notebooks === 'all' || notebooks.includes(name.slice(0, 2)),
  );
  const facts = new Set([...reportedNumbers(), ...quoted.flatMap(({numbers}) => numbers.map(normal))]);
  return proseOf(notebook).flatMap(({cell, text}) => {
    const words = plainWords(text);
    return [...words.matchAll(number)].flatMap((match) => {
      const value = normal(match[0]);
      const after = words.slice((match.index ?? 0) + match[0].length);
      const measured = unit.test(after);
      if (printed.has(value) || facts.has(value) || (!measured && set.has(value))) return [];
      const near = words
        .slice(Math.max(0, (match.index ?? 0) - 40), (match.index ?? 0) + 40)
        .replace(/\s+/g, ' ');
      return [`${name}, ${cell}: no cell prints ${match[0]} ("… ${near.trim()} …")`];
    });
  });
}

/** Facts that their notebook does not quote any more. */
export function idleFacts(notebooks: ReadonlyMap<string, Notebook>): string[] {
  const quoted = ([, notebook]: readonly [string, Notebook]): Set<string> =>
    new Set(
      numbersIn(
        proseOf(notebook)
          .map(({text}) => plainWords(text))
          .join('\n'),
      ),
    );
  const all = [...notebooks].map((entry) => ({name: entry[0].slice(0, 2), numbers: quoted(entry)}));
  return QUOTED_FACTS.flatMap(({notebooks: where, numbers, source}) => {
    const places = where === 'all' ? [all] : where.map((number) => all.filter(({name}) => name === number));
    return places.flatMap((place) =>
      numbers
        .filter((one) => !place.some(({numbers: there}) => there.has(normal(one))))
        .map(
          (one) => `notebook ${place.length === 1 ? place[0].name : 'any'} does not quote ${one} (${source})`,
        ),
    );
  });
}

const names: readonly [RegExp, PaperName][] = [
  [/MADE\b/, 'made'],
  [/PixelRNN|Pixel Recurrent/, 'pixelrnn'],
  [/Gated PixelCNN|PixelCNN Decoders/, 'gated'],
];
/** Works that are cited by number, and that are not among the three papers. */
const others = /PixelVAE|PixelCNN\+\+|Bishop/;
const kinds = {section: 'sections', table: 'tables', equation: 'equations', figure: 'figures'} as const;

/**
 * Numbers of sections, tables, figures and equations that their paper does not have, or that stand where
 * nothing is said of what they are about. The paper is the one named last before the number; where none is,
 * it is one of those that the notebook's first cell names.
 */
export function wrongReferences(notebook: Notebook, name: string): string[] {
  const first = textOf(notebook.cells[0]?.source);
  const [title] = first.split('\n');
  const own = names.filter(([pattern]) => pattern.test(first)).map(([, paper]) => paper);
  const headings = proseOf(notebook).flatMap(({text}) =>
    [...text.matchAll(/^### (\d+)\. /gm)].map(([, k]) => k),
  );
  return proseOf(notebook).flatMap(({cell, text}) => {
    const words = text.replace(/\]\([^)]*\)/g, ']');
    const around = cellOf(notebook, cell);
    const context = `${around?.cell_type === 'code' ? textOf(around.source) : text} ${title}`.toLowerCase();
    return [
      ...words.matchAll(/\b(section|table|figure|equation)s?\s+(\d[\d.]*(?:(?:,| and| to)\s+\d[\d.]*)*)/gi),
    ].flatMap((match) => {
      const before = words.slice(0, match.index);
      const nearest = names
        .map(([pattern, paper]) => ({paper, at: lastMatch(before, pattern)}))
        .sort((a, b) => b.at - a.at)[0];
      if (lastMatch(before, others) > nearest.at) return [];
      const papers = nearest.at < 0 ? own : [nearest.paper, ...own];
      const kind = kinds[match[1].toLowerCase() as keyof typeof kinds];
      return (match[2].match(/\d+(?:\.\d+)*/g) ?? []).flatMap((part) => {
        const about = [...new Set(papers.flatMap((paper) => wordsAbout(paper, kind, part)))];
        if (kind === 'sections' && headings.includes(part)) return [];
        if (about.length === 0)
          return [`${name}, ${cell}: no paper of this notebook has ${match[1]} ${part}`];
        if (about.some((word) => context.includes(word.toLowerCase()))) return [];
        return [
          `${name}, ${cell}: ${match[1]} ${part} is about "${about.join('", "')}", and nothing here is`,
        ];
      });
    });
  });
}

function cellOf({cells}: Notebook, id: string): Cell | undefined {
  return cells.find((cell, k) => (cell.id ?? `cell-${k + 1}`) === id);
}

function lastMatch(text: string, pattern: RegExp): number {
  return [...text.matchAll(new RegExp(pattern, 'g'))].reduce(
    (last, {index = -1}) => Math.max(last, index),
    -1,
  );
}

function wordsAbout(
  paper: PaperName,
  kind: (typeof kinds)[keyof typeof kinds],
  part: string,
): readonly string[] {
  if (kind !== 'figures') return PAPER_PARTS[paper][kind][part] ?? [];
  const figures: Readonly<Record<string, {readonly shows: string}>> = PAPERS[paper].figures;
  if (!Object.hasOwn(figures, part)) return [];
  // A figure's words are a sentence: the beginning of any of its longer words will do.
  const {shows} = figures[part];
  const words = shows.split(/[ ,]+/).filter((word) => word.length > 4);
  return [...words.map((word) => word.slice(0, 6)), ...(shows.includes('drawn') ? ['sample'] : [])];
}

/** Notebooks that prose sends to, and that do not exist. */
export function lostNotebooks(notebook: Notebook, name: string, known: readonly string[]): string[] {
  return proseOf(notebook).flatMap(({cell, text}) =>
    [...text.matchAll(/notebooks?\s+(\d\d(?:(?:,| and| to|, and)\s+\d\d)*)/gi)]
      .flatMap(([, list]) => list.match(/\d\d/g) ?? [])
      .filter((number) => !known.includes(number))
      .map((number) => `${name}, ${cell}: there is no notebook ${number}`),
  );
}

/** Words that nobody would say to a student. */
const banned = /\breckon\w*|\bdearer\b/i;

export function oddWords(notebook: Notebook, name: string): string[] {
  return notebook.cells.flatMap((cell) => {
    const word = banned.exec(textOf(cell.source));
    return word === null ? [] : [`${name}, ${cell.id}: say "${word[0]}" in plain English`];
  });
}
