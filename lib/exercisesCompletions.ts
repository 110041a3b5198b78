import {knownFirst, knownTooLate} from './complete';
import {exercise} from './exercises';
import {Random} from './random';
import {weightsOf} from './weighedCompletions';

/**
 * The checks of the exercises in notebook 12: one sentence each, never an error, so that an unsolved exercise does not stop the
 * notebook. test/exercisesCompletions.test.ts solves each of them.
 */

const UNANSWERED = 'write your answer above, then run this cell again';

/** -log p(hidden | known) by the chain rule, or null where this order cannot tell. */
export function checkCompletionNats(
  mine: (
    nats: readonly number[],
    order: readonly number[],
    known: readonly number[],
  ) => number | null | undefined,
): string {
  return exercise('The nats of a completion', () => {
    for (const [order, known] of [
      [
        [0, 1, 2, 3],
        [1, 1, 0, 0],
      ],
      [
        [3, 2, 1, 0],
        [0, 0, 1, 1],
      ],
      [
        [2, 0, 3, 1],
        [1, 0, 1, 0],
      ],
      [
        [0, 1, 2, 3],
        [0, 0, 1, 1],
      ],
      [
        [0, 1, 2, 3],
        [1, 0, 1, 0],
      ],
      [
        [3, 2, 1, 0],
        [1, 1, 0, 0],
      ],
    ]) {
      const nats = [0.25, 0.5, 1, 2];
      const answer = mine(nats, order, known);
      if (answer === undefined) throw new Error(UNANSWERED);
      const late = knownTooLate(Int32Array.from(order), Uint8Array.from(known));
      const where = `nats ${nats.join(', ')}, order ${order.join(', ')}, known ${known.join(', ')}`;
      if (late > 0) {
        if (answer === null) continue;
        throw new Error(
          `${where}: a known pixel comes after a hidden one, so this order does not give log p(hidden | known): null, yours ${answer}`,
        );
      }
      const expected = nats.reduce((sum, value, i) => sum + (known[i] === 0 ? value : 0), 0);
      if (answer === null)
        throw new Error(`${where}: every known pixel comes first, so it can be told: ${expected}`);
      if (Math.abs(answer - expected) <= 1e-9) continue;
      const whole =
        Math.abs(answer - 3.75) <= 1e-9
          ? '; that is the whole image, of which the known part is paid already'
          : '';
      throw new Error(`${where}: it is ${expected}, yours ${answer}${whole}`);
    }
  });
}

/** An order with the known pixels first. */
export function checkKnownFirst(
  mine: (order: readonly number[], known: readonly number[]) => readonly number[] | undefined,
): string {
  return exercise('The known pixels first', () => {
    const random = new Random(0, 'exercise known first');
    for (let round = 0; round < 8; round++) {
      const order = random.permutation(6);
      const known = Uint8Array.from({length: 6}, () => random.integer(2));
      const answer = mine([...order], [...known]);
      if (answer === undefined) throw new Error(UNANSWERED);
      const case_ = `order ${order.join(', ')}, known ${known.join(', ')}`;
      if ([...answer].sort((a, b) => a - b).join() !== '0,1,2,3,4,5') {
        throw new Error(`${case_}: every pixel must be there once, yours is ${answer.join(', ')}`);
      }
      const expected = knownFirst(order, known);
      if (answer.every((index, k) => index === expected[k])) continue;
      const late = knownTooLate(Int32Array.from(answer), known);
      const why =
        late > 0 ? `${late} known pixels still come late` : 'within each group keep the order that was given';
      throw new Error(`${case_}: it is ${expected.join(', ')}, yours ${answer.join(', ')}; ${why}`);
    }
  });
}

/** Weights of candidates from the nats of the known pixels that came too late. */
export function checkWeights(mine: (lateNats: readonly number[]) => readonly number[] | undefined): string {
  return exercise('Weights of candidates', () => {
    for (const nats of [
      [1, 2, 3],
      [0, 0],
      [801, 800, 805],
    ]) {
      const answer = mine(nats);
      if (answer === undefined) throw new Error(UNANSWERED);
      const expected = weightsOf(nats);
      const wrong = expected.findIndex((weight, k) => !(Math.abs(weight - answer[k]) <= 1e-6));
      if (wrong === -1) continue;
      const sum = answer.reduce((a, b) => a + b, 0);
      let hint = '; fewer nats must weigh more';
      if (answer.some(Number.isNaN)) hint = '; Math.exp(-800) is 0: subtract the least nats first';
      else if (Math.abs(sum - 1) > 1e-6) hint = `; they must sum to 1, yours sum to ${sum}`;
      throw new Error(
        `nats ${nats.join(', ')}: candidate ${wrong} weighs ${expected[wrong].toPrecision(4)}, yours ${answer[wrong]}${hint}`,
      );
    }
  });
}
