import {SIZE} from '../digits';
import type {Drawn, DrawnPart} from '../protocol';
import {BLACK, heat, MARK, mix, OPEN, type Rgb, UNHEARD, WHITE} from './paint';

/** What a model has drawn so far, step by step, so that it can be played, stopped and turned back. */
export interface Endings {
  readonly count: number;
  order: Int32Array;
  /** [784, count] by place in the order. */
  readonly values: Uint8Array;
  readonly logits: Float32Array;
  /** Steps that are there. */
  steps: number;
  /** Places in the order whose pixel is drawn, not given. */
  drawn: readonly number[];
  /** place[index] of each pixel in the order. */
  places: Int32Array;
  result: Drawn | null;
}

export function noEndings(count: number): Endings {
  return {
    count,
    order: new Int32Array(0),
    steps: 0,
    drawn: [],
    places: new Int32Array(SIZE),
    result: null,
    values: new Uint8Array(SIZE * count),
    logits: new Float32Array(SIZE * count),
  };
}

/** @param mask which pixels are given: 1 */
export function addPart(endings: Endings, part: DrawnPart, mask: Uint8Array): void {
  const {order} = part;
  if (order !== undefined) {
    endings.order = order;
    endings.drawn = Array.from(order.keys()).filter((k) => mask[order[k]] === 0);
    order.forEach((index, k) => {
      endings.places[index] = k;
    });
  }
  endings.values.set(part.values, part.from * endings.count);
  endings.logits.set(part.logits, part.from * endings.count);
  endings.steps = part.from + part.values.length / endings.count;
}

/**
 * The place in the order that is reached when so many pixels have been drawn; no farther than what is there.
 */
export function placeAt({drawn, steps, order}: Endings, shown: number): number {
  return Math.min(steps, shown < drawn.length ? drawn[shown] : order.length);
}

export interface LookOptions {
  readonly pixels: Uint8Array;
  readonly mask: Uint8Array;
  readonly color: Rgb;
  /** The probability of white instead of the pixel. */
  readonly probabilities: boolean;
}

/** The color of each pixel of ending i when the order has been followed up to `place`. */
export function look(
  endings: Endings,
  i: number,
  place: number,
  {pixels, mask, color, probabilities}: LookOptions,
): (index: number) => Rgb {
  const {count, places, values, logits} = endings;
  const started = endings.order.length > 0;
  return (index) => {
    const at = places[index];
    const heard = started && at < place;
    if (started && at === place && place < endings.order.length && mask[index] === 0) {
      return probabilities ? heat(chance(logits[at * count + i])) : MARK;
    }
    if (heard && probabilities) return heat(chance(logits[at * count + i]));
    if (mask[index] === 1) return pixels[index] === 0 ? BLACK : heard ? WHITE : UNHEARD;
    if (!heard) return OPEN;
    return values[at * count + i] === 1 ? mix(color, WHITE, 0.15) : BLACK;
  };
}

/** P(white) */
function chance(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
