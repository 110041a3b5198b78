/** What the checks of all exercises share: one sentence each, never an error. */

/** What is said to a student who has not answered yet. */
export const UNANSWERED = 'write your answer above, then run this cell again';

/**
 * "Right", or "not yet" with the reason, so that a notebook whose exercises are still open runs to its end.
 * @param check throws while the answer is not right; what the student's own code throws counts too
 */
export function exercise(name: string, check: () => void): string {
  try {
    check();
    return `${name}: right`;
  } catch (error) {
    return `${name}: not yet. ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** @throws Error when there is no answer, or it differs from what is expected by more than rounding */
export function expectNumber(what: string, expected: number, answer: number | undefined): void {
  if (answer === undefined) throw new Error(UNANSWERED);
  if (!(Math.abs(answer - expected) <= 1e-6 * Math.max(1, Math.abs(expected)))) {
    throw new Error(`${what} ${Number(expected.toPrecision(6))}, yours gave ${answer}`);
  }
}

/** A mask's entry, which may be written as 1 or as true. */
export function toNumber(answer: number | boolean | undefined): number | undefined {
  return answer === undefined ? undefined : Number(answer);
}
