import * as tf from '@tensorflow/tfjs';
import {oneHotCondition} from '../condition';
import {gate} from '../engine/gate';
import type {Stacks} from '../engine/gatedLayers';
import {relu} from '../engine/relu';
import {type Dependence, dependence, orderViolations} from '../inspect/jacobian';
import {labelPosterior} from '../inspect/labelPosterior';
import type {GatedLayer} from '../layers/gated';
import {GatedPixelCnn, type GatedPixelCnnConfig} from '../models/gatedPixelCnn';
import {splitLevels} from '../models/raster';
import {Random} from '../random';
import type {AutoregressiveModel, Condition, Images} from '../types';
import {ask, exercise, type Hints, sideOf, Unanswered} from './check';
import {withLogits} from './withLogits';

/** Lesson 06: the checks of its exercises. */

/** The model that every wiring is tried on: three layers with kernels of 3, on images of 5 x 6. */
export const WIRING_MODEL: GatedPixelCnnConfig = {
  height: 5,
  width: 6,
  channels: 1,
  levels: 2,
  features: 12,
  dilations: [1, 1],
  firstSize: 3,
  size: 3,
  head: 12,
  classes: 0,
};

/** The logit that is asked for: row 2, column 2 of the 5 x 6 pixels. */
const ASKED = {row: 2, column: 2} as const;

/**
 * Which pixels [row, column] the asked logit sees although they do not come before it,
 * when the stacks are joined so.
 */
export function checkLeaks(
  name: WiringName,
  mine: readonly (readonly [number, number])[] | undefined,
): Promise<string> {
  return exercise(`What leaks, ${name}`, async () => {
    if (mine === undefined) throw new Unanswered();
    const {height, width} = WIRING_MODEL;
    const outside = mine.find(
      ([row, column]) => !(row >= 0 && row < height && column >= 0 && column < width),
    );
    if (outside !== undefined) throw new Error(`[${outside}] lies outside the image of ${height} x ${width}`);
    const asked = ASKED.row * width + ASKED.column;
    const {leaks} = await violations(WIRINGS[name]);
    const found = leaks.filter(({logit}) => logit === asked).map(({pixel}) => pixel);
    const guessed = mine.map(([row, column]) => row * width + column);
    const missed = found.filter((pixel) => !guessed.includes(pixel)).length;
    const wrong = guessed.find((pixel) => !found.includes(pixel));
    if (wrong !== undefined) throw new Error(`${placeOf(wrong)} does not leak`);
    if (missed > 0) throw new Error(`${missed} more leak than you have named`);
  });
}

/**
 * A layer that the student has joined: no leak, no blind spot, and the values of figure 2, since a link after
 * the gate leaks nothing and hides nothing.
 */
export function checkWiring(mine: Wiring): Promise<string> {
  return exercise('A layer that keeps the order', async () => {
    const {leaks, blind} = await violations(mine);
    const [leak] = leaks;
    if (leak !== undefined) {
      const rest = leaks.length > 1 ? `, and ${leaks.length - 1} more leak` : '';
      throw new Error(`${describe(leak)}, which does not come before it${rest}`);
    }
    const [lost] = blind.filter(({logit, pixel}) => withinReach(logit, pixel));
    if (lost !== undefined) throw new Error(`${describe(lost).replace('sees', 'no longer sees')}`);
    const model = GatedPixelCnn.create(WIRING_MODEL, 1);
    try {
      const apart = tf.tidy(() => {
        const {height, width} = model.image;
        const x = tf.randomUniform([4, height, width, 1], 0, 1, 'float32', 5) as tf.Tensor4D;
        const [ours, yours] = [WIRINGS.right, mine].map((wiring) => rewire(model, wiring).logits(x));
        return tf.max(tf.abs(tf.sub(ours, yours))).dataSync()[0];
      });
      if (!(apart <= 1e-5)) {
        throw new Error(
          `nothing leaks and nothing is hidden, but the logits are up to ${apart.toPrecision(2)} from those of ` +
            "figure 2's layer: no property of the Jacobian can see this one. From where is the link taken?",
        );
      }
    } finally {
      model.dispose();
    }
  });
}

/**
 * p(class | x) from the nats of one image under each class, also where exp(-nats) is too small for a number.
 */
export function checkPosterior(mine: (nats: readonly number[]) => ArrayLike<number> | undefined): string {
  return exercise("Bayes' rule", () => {
    for (const nats of [
      [1, 2, 4],
      [84, 85.5, 91],
      [900, 903],
    ]) {
      const answer = ask(mine, nats);
      const expected = labelPosterior(nats);
      if (answer.length !== expected.length) {
        throw new Error(`${nats.length} classes have as many probabilities, yours are ${answer.length}`);
      }
      const wrong = expected.findIndex((p, k) => !(Math.abs(answer[k] - p) < 1e-6));
      if (wrong !== -1) {
        throw new Error(
          `with ${nats.join(', ')} nats class ${wrong}: yours gave ${answer[wrong]}, ${sideOf(answer[wrong], expected[wrong])}`,
        );
      }
    }
  });
}

async function violations(wiring: Wiring): Promise<{leaks: Dependence[]; blind: Dependence[]}> {
  const model = GatedPixelCnn.create(WIRING_MODEL, 1);
  try {
    return orderViolations(await dependence(rewire(model, wiring), {seed: 2}), model.order);
  } finally {
    model.dispose();
  }
}

/** Three layers of 3 x 3 see three rows up and three columns to either side. */
function withinReach(logit: number, pixel: number): boolean {
  const {width, dilations} = WIRING_MODEL;
  const layers = 1 + dilations.length;
  const rows = Math.floor(logit / width) - Math.floor(pixel / width);
  return rows <= layers && Math.abs((logit % width) - (pixel % width)) <= layers;
}

function describe({logit, pixel}: Dependence): string {
  return `the logit of ${placeOf(logit)} sees ${logit === pixel ? 'its own pixel' : placeOf(pixel)}`;
}

function placeOf(index: number): string {
  return `row ${Math.floor(index / WIRING_MODEL.width)}, column ${index % WIRING_MODEL.width}`;
}

/**
 * What the gates of one stack of one layer do over some images. Shares of all places and features, 0 to 1.
 */
export interface GateUse {
  readonly layer: number;
  readonly stack: 'vertical' | 'horizontal';
  /** Gates below 0.1: what tanh says is stopped. */
  readonly closed: number;
  /** Gates above 0.9: it goes through. */
  readonly open: number;
}

/** sigmoid values of every gate, one map for each layer and stack. */
export interface GateMaps {
  readonly layer: number;
  readonly stack: 'vertical' | 'horizontal';
  /** [B, H, W, features], 0 … 1. */
  readonly gates: tf.Tensor4D;
}

/**
 * The gates of all layers for these images.
 *
 * @param x [B, H, W, C]
 * @returns vertical and horizontal of layer 1, then of layer 2, …; the caller disposes the maps
 */
export function gateMaps(model: GatedPixelCnn, x: tf.Tensor4D, condition?: Condition): GateMaps[] {
  return model.layers.flatMap((layer, k) => {
    const [vertical, horizontal] = tf.tidy(() => {
      const below = k === 0 ? {vertical: x, horizontal: x} : model.stacks(x, k, condition);
      const before = layer.beforeGates(below, oneHotCondition(model, condition, x.shape[0]));
      // The second half of the features decides, the first half is what is decided on.
      return [before.vertical, before.horizontal].map((map) => {
        return tf.sigmoid(tf.split(map, 2, 3)[1] as tf.Tensor4D);
      });
    });
    return [
      {layer: k + 1, stack: 'vertical', gates: vertical},
      {layer: k + 1, stack: 'horizontal', gates: horizontal},
    ];
  });
}

/** How many of the gates are nearly shut, and how many wide open. */
export function gateUse(model: GatedPixelCnn, x: tf.Tensor4D, condition?: Condition): GateUse[] {
  return gateMaps(model, x, condition).map(({layer, stack, gates}) => {
    const values = gates.dataSync() as Float32Array;
    gates.dispose();
    const share = (holds: (gate: number) => boolean): number =>
      values.filter((gate) => holds(gate)).length / values.length;
    return {layer, stack, closed: share((gate) => gate < 0.1), open: share((gate) => gate > 0.9)};
  });
}

/**
 * Gated PixelCNN with its two stacks joined in another way: for lessons on what goes wrong.
 * Weights and kernels stay as they are.
 */

/** How a layer makes its two stacks from those below, with new tensors. */
export type Wiring = (layer: GatedLayer, below: Stacks) => Stacks;

/** The layer of figure 2, and three mistakes that public code has made. */
export const WIRINGS = {
  right: (layer, below) => layer.apply(below, null),

  /**
   * The link takes what the vertical gate let through. It wants 2 · features, so each
   * gated feature is handed on twice.
   */
  'link after the gate': (layer, below) => {
    const above = gate(layer.vertical.apply(below.vertical, 'none'));
    const link = layer.link.apply(tf.concat([above, above], 3), 'none');
    return {vertical: above, horizontal: horizontal(layer, below.horizontal, link, !layer.spec.first)};
  },

  /**
   * Later layers give the vertical kernel both stacks. It looks at the whole row, and the
   * horizontal stack knows pixels of that.
   */
  'horizontal feeds vertical': (layer, below) => {
    const both = layer.spec.first ? below.vertical : tf.add<tf.Tensor4D>(below.vertical, below.horizontal);
    return layer.apply({vertical: both, horizontal: below.horizontal}, null);
  },

  /** The first layer adds its input, the image itself, as later layers rightly do. */
  'residual in the first layer': (layer, below) => {
    const above = layer.vertical.apply(below.vertical, 'none');
    const link = layer.link.apply(above, 'none');
    return {vertical: gate(above), horizontal: horizontal(layer, below.horizontal, link, true)};
  },
} as const satisfies Record<string, Wiring>;
export type WiringName = keyof typeof WIRINGS;

function horizontal(
  layer: GatedLayer,
  below: tf.Tensor4D,
  link: tf.Tensor4D,
  residual: boolean,
): tf.Tensor4D {
  const left = tf.add<tf.Tensor4D>(layer.horizontal.apply(below, 'none'), link);
  const out = layer.point.apply(gate(left), 'none');
  return residual ? tf.add<tf.Tensor4D>(out, below) : out;
}

/**
 * The model with its layers joined by the given wiring. Shares the parameters and owns nothing.
 *
 * @param model without classes
 * @throws RangeError when the model knows classes
 */
export function rewire(model: GatedPixelCnn, wiring: Wiring): AutoregressiveModel {
  if (model.config.classes !== 0) {
    throw new RangeError(`rewire: the model must know no classes, got ${model.config.classes}`);
  }
  return withLogits(model, (x) =>
    tf.tidy(() => {
      const image: Stacks = {vertical: x, horizontal: x};
      const stacks = model.layers.reduce((below, layer) => wiring(layer, below), image);
      const [head1, head2, logits] = model.head;
      const features = head2.apply(head1.apply(relu(stacks.horizontal), 'relu'), 'relu');
      return splitLevels(logits.apply(features, 'none'), model);
    }),
  );
}

/**
 * How far a stripe of `stripedImages` moves to the left with each row: farther than a
 * PixelCNN of 7 x 7 and 3 x 3 can look.
 */
const STRIPE_STEP = 5;

/**
 * Images on which the blind spot costs something: every row is the row above, moved to the left by five
 * pixels, and what comes in at the right is new and random. So all but the first row and the last five
 * columns follow from one pixel of the row above. That pixel lies in the blind spot of a PixelCNN whose first
 * kernel is 7 x 7 and whose later ones are 3 x 3, however many there are.
 *
 * @param count images of 8 x 16 pixels
 * @returns bytes 0 or 255, each with probability one half where it is new; `binarize` makes them 0 and 1
 */
export function stripedImages(count: number, seed: number): Images {
  const [height, width] = [8, 16];
  const random = new Random(seed, 'striped images');
  const pixels = new Uint8Array(count * height * width);
  for (let i = 0; i < pixels.length; i++) {
    const [row, column] = [Math.floor(i / width) % height, i % width];
    const follows = row > 0 && column + STRIPE_STEP < width;
    pixels[i] = follows ? pixels[i - width + STRIPE_STEP] : 255 * random.integer(2);
  }
  return {pixels, count, height, width, channels: 1};
}

/** Hints to the exercises of lesson 06. */
export const GATED_PIXEL_CNN_HINTS: Hints = {
  1: [
    'Follow each arrow of the wrong layer backwards from the logit. Does it meet the image at a place that is not drawn yet?',
    'The vertical kernel of a later layer looks at its own whole row. What does the horizontal stack know at its own place, and at the place to the right of it?',
    'A place of the horizontal stack knows what is to its left. So it takes one step to the right to see the own pixel, and another layer to see the next one. The link after the gate carries nothing but rows above.',
  ],
  2: [
    'Three lines are wrong: one builds the input of the vertical kernel, one the link, one the sum at the end.',
    'The vertical kernel gets the vertical stack and nothing else. The link gets the 2f features before the gate. In the first layer the input is the image.',
    'const above = layer.vertical.apply(below.vertical, ...) without a gate; link from above; gate(above) is the vertical result; add below.horizontal only when layer.spec.first is false.',
  ],
  3: [
    'From nats to probability: exp(-nats). Then divide by the sum over the classes.',
    'exp(-900) and exp(-903) are both 0 in floating point, but exp(0) and exp(-3) are not. Their shares are the same.',
    'Subtract the smallest of the nats from all of them first, then take exp(-nats) and divide by the sum.',
  ],
};
