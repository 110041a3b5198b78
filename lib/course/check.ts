/** All lessons: what the checks share, one sentence each, in one of three forms, never an error. */

/** Thrown by a check when the student has not answered yet. */
export class Unanswered extends Error {}

/**
 * "NAME: right", "NAME: not yet: REASON" or "NAME: open", so that a notebook whose exercises are open runs to
 * its end and `npm run grade` can read the verdicts.
 *
 * @param check throws while the answer is not right; what the student's own code throws counts too
 */
export function exercise(name: string, check: () => Promise<void>): Promise<string>;
export function exercise(name: string, check: () => void): string;
export function exercise(name: string, check: () => void | Promise<void>): string | Promise<string> {
  const right = `${name}: right`;
  const failed = (error: unknown): string => {
    if (error instanceof Unanswered) return `${name}: open`;
    const reason = error instanceof Error ? error.message : String(error);
    return `${name}: not yet: ${reason.replace(/\s*\n\s*/g, ' ')}`;
  };
  try {
    const done = check();
    return done instanceof Promise ? done.then(() => right, failed) : right;
  } catch (error) {
    return failed(error);
  }
}

/**
 * The student's answer for these arguments, of which the function gets copies.
 * @throws Unanswered when there is none; Error when the function changed what it was given
 */
export function ask<A extends unknown[], R>(mine: (...given: A) => R | undefined, ...given: A): R {
  const copies = structuredClone(given);
  const answer = mine(...copies);
  if (answer === undefined) throw new Unanswered();
  if (JSON.stringify(copies) !== JSON.stringify(given)) {
    throw new Error('your function changes what it is given; make a copy first');
  }
  return answer;
}

/**
 * @param where the input, such as "for 100 nats"
 * @throws Error when the answer differs from what is expected by more than rounding; says
 *   on which side, not by how much
 */
export function expectNumber(where: string, expected: number, answer: number): void {
  if (Math.abs(answer - expected) <= 1e-6 * Math.max(1, Math.abs(expected))) return;
  throw new Error(`${where} yours gave ${answer}, ${sideOf(answer, expected)}`);
}

/** "which is too small", "which is too large" or "which is not a finite number". */
export function sideOf(answer: number, expected: number): string {
  if (typeof answer !== 'number' || !Number.isFinite(answer)) return 'which is not a finite number';
  return answer < expected ? 'which is too small' : 'which is too large';
}

/** A mask's entry or a yes or no, which may be written as 1 and 0 or as true and false. */
export function toBit(answer: number | boolean): 0 | 1 {
  const bit = Number(answer);
  if (bit !== 0 && bit !== 1) throw new Error(`an entry is 0 or 1 (or false or true), yours gave ${answer}`);
  return bit;
}

/** Hints by the number of the exercise: each a nudge, then the idea, then nearly the answer. */
export type Hints = Readonly<Record<number, readonly [string, string, string]>>;
