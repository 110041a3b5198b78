import {type Cell, type Notebook, textOf} from './notebook';

/** One verdict of a check cell. */
export interface Verdict {
  readonly exercise: string;
  readonly verdict: 'passed' | 'wrong' | 'open';
  /** Why it is wrong; empty otherwise. */
  readonly reason: string;
}

const CHECK = /\bcheck[A-Z]\w*\(/;

/** The code cells from the heading "Exercises" on, each an answer or a check. */
export function exerciseCells({cells}: Notebook): readonly {readonly cell: Cell; readonly check: boolean}[] {
  const start = cells.findIndex(
    (cell) => cell.cell_type === 'markdown' && /^## Exercises/m.test(textOf(cell.source)),
  );
  if (start === -1) return [];
  return cells
    .slice(start)
    .filter(({cell_type}) => cell_type === 'code')
    .map((cell) => ({cell, check: CHECK.test(textOf(cell.source))}));
}

/** Reads the sentences of lib/course/check.ts; lines that are none are passed over. */
export function readVerdicts(text: string): Verdict[] {
  return text.split('\n').flatMap((line): Verdict[] => {
    const found = /^(.+?): (right|open|not yet: (.*))$/.exec(line);
    if (found === null) return [];
    const [, exercise, word, reason = ''] = found;
    const verdict = word === 'right' ? 'passed' : word === 'open' ? 'open' : 'wrong';
    return [{exercise, verdict, reason}];
  });
}
