/** All lessons: a guess beside what was measured. */

/**
 * A guess beside what was measured, for a cell in which the student writes the guess first. It never fails
 * and never judges more than right or wrong: the point is to have guessed.
 *
 * @param what the quantity, such as "blind pixels"
 * @param guess undefined while nothing was guessed
 * @param measured a number, a yes or no, or a word
 * @param digits after the point, for a measured number that is not whole
 * @returns one sentence: "blind pixels: your guess 60, measured 78"
 */
export function compareGuess<T extends number | boolean | string>(
  what: string,
  guess: T | undefined,
  measured: T,
  digits = 2,
): string {
  const text = (value: T): string =>
    typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(digits) : words(value);
  if (guess === undefined) {
    return `${what}: no guess yet (write one at the top of the cell), measured ${text(measured)}`;
  }
  // As exact as it is printed.
  const right = text(guess) === text(measured);
  return `${what}: your guess ${text(guess)}, measured ${text(measured)}${right ? '. Right!' : ''}`;
}

function words(value: number | boolean | string): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}
