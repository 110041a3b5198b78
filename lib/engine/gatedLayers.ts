import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';
import {applyConvolution, type Convolution} from './conv';
import {gate} from './gate';
import {attribute, native, runPair} from './native';
import {checkSamePlacement} from './reluConvolutions';

export interface GatedConvolutions {
  readonly vertical: Convolution;
  readonly horizontal: Convolution;
  readonly link: Convolution;
  readonly point: Convolution;
}

/**
 * The two stacks: `vertical` knows the rows above, `horizontal` also what is to the
 * left. [B, H, W, features] each.
 */
export interface Stacks {
  readonly vertical: tf.Tensor4D;
  readonly horizontal: tf.Tensor4D;
}

/**
 * What the class adds before the gates of the vertical and of the horizontal stack, [1 or B, 2 · features].
 */
export type ClassBiases = readonly [tf.Tensor2D, tf.Tensor2D];

/** A layer: its convolutions, and what the class adds; null for a model without classes. */
export interface GatedParts {
  readonly convolutions: GatedConvolutions;
  readonly classes: ClassBiases | null;
}

/** Where layers lie in the network. */
export interface GatedPlace {
  /** Both stacks are the image, and the horizontal one has no residual connection: in the first of them. */
  readonly first: boolean;
  /** Only the horizontal stack is asked for: of the last of them. */
  readonly last: boolean;
}

/**
 * Layers of the Gated PixelCNN (van den Oord et al. 2016b, figure 2), one after the other. Natively they are
 * one operation, image by image, so that the features of an image stay in a core's own cache.
 *
 * @param stacks the vertical stack, then the horizontal one, [B, H, W, 2 · features]; for the network's first
 *   layer the image [B, H, W, C]
 * @param layers at least one
 * @returns both stacks likewise, or [B, H, W, features] of the last layer; differentiable in all inputs,
 *   kernels and biases; the caller disposes it
 * @throws RangeError when shapes, types or placements do not fit each other
 */
export function gatedLayers(
  stacks: tf.Tensor4D,
  layers: readonly GatedParts[],
  place: GatedPlace,
): tf.Tensor4D {
  return tf.tidy(() => {
    const {first, last} = place;
    const given = new Arguments('gatedLayers');
    given.rule(layers.length > 0, 'the number of layers', 'be positive', layers.length);
    given.tensor('stacks', stacks, ['B', 'H', 'W', 'channels']);
    const placeOf = (k: number): GatedPlace => ({
      first: first && k === 0,
      last: last && k === layers.length - 1,
    });
    const weights = layers.map((parts, k) => checked(given, parts, k, placeOf(k)));
    if (!first) given.tensor('stacks', stacks, ['B', 'H', 'W', 2 * given.size('features')]);
    if (native() === null) {
      return layers.reduce((both, parts, k) => composed(both, parts, placeOf(k)), stacks);
    }
    const numbers = (name: string, of: (convolutions: GatedConvolutions) => number) =>
      attribute.int(
        name,
        layers.map(({convolutions}) => of(convolutions)),
      );
    const attributes = [
      attribute.bool('first', first),
      attribute.bool('last', last),
      numbers('vertical_tops', ({vertical: {placement}}) => placement.padding.top / placement.dilation),
      numbers('vertical_centers', ({vertical: {placement}}) => placement.padding.left / placement.dilation),
      numbers(
        'horizontal_centers',
        ({horizontal: {placement}}) => placement.padding.left / placement.dilation,
      ),
      numbers('dilations', ({vertical}) => vertical.placement.dilation),
    ];
    const inputs = layers.flatMap(({classes}, k) => {
      const none = (): tf.Tensor2D => tf.zeros([1, weights[k][1].shape[0]]);
      return [...weights[k], ...(classes ?? [none(), none()])];
    });
    // Of each layer the four kernels, and the class's shares.
    const after = layers.flatMap((_, k) => [0, 2, 4, 6, 8, 9].map((input) => 1 + 10 * k + input));
    const pair = {name: 'RasterGatedLayers', attributes, outputs: 2, list: true, before: [0], after};
    return runPair(pair, [stacks, ...inputs]) as tf.Tensor4D;
  });
}

function composed(
  both: tf.Tensor4D,
  {convolutions, classes}: GatedParts,
  {first, last}: GatedPlace,
): tf.Tensor4D {
  const [vertical, horizontal] = first ? [both, both] : tf.split<tf.Tensor4D>(both, 2, 3);
  const before = beforeGates({vertical, horizontal}, convolutions, classes);
  const next = afterGate(before.horizontal, convolutions, first ? null : horizontal);
  return last ? next : tf.concat([gate(before.vertical), next], 3);
}

/**
 * What the two gates of a layer are given: above = V * vertical + class, left = H *
 * horizontal + link * above + class. The first half of the features goes through tanh, the second
 * through a sigmoid. Inside tf.tidy.
 *
 * @returns [B, H, W, 2 · features] each
 */
export function beforeGates(
  {vertical, horizontal}: Stacks,
  convolutions: GatedConvolutions,
  classes: ClassBiases | null,
): Stacks {
  const withClass = (x: tf.Tensor4D, added: tf.Tensor2D | undefined): tf.Tensor4D =>
    added === undefined ? x : tf.add(x, tf.reshape(added, [-1, 1, 1, x.shape[3]]));
  const above = withClass(applyConvolution(vertical, convolutions.vertical, 'none'), classes?.[0]);
  const linked = applyConvolution(above, convolutions.link, 'none');
  const left = tf.add<tf.Tensor4D>(applyConvolution(horizontal, convolutions.horizontal, 'none'), linked);
  return {vertical: above, horizontal: withClass(left, classes?.[1])};
}

/** The next horizontal stack: point * gate(left), plus the stack itself where it is given. Inside tf.tidy. */
export function afterGate(
  left: tf.Tensor4D,
  {point}: GatedConvolutions,
  horizontal: tf.Tensor4D | null,
): tf.Tensor4D {
  const out = applyConvolution(gate(left), point, 'none');
  return horizontal === null ? out : tf.add(horizontal, out);
}

/** Kernel and bias of vertical, horizontal, link and point. */
function checked(
  given: Arguments,
  {convolutions, classes}: GatedParts,
  index: number,
  {first}: GatedPlace,
): tf.Tensor[] {
  const {vertical, horizontal, link, point} = convolutions;
  const of = (part: string): string => `the ${part} of layer ${index + 1}`;
  const kernels = [vertical, horizontal, link, point].map((convolution) => convolution.kernel());
  given.tensor(of('point kernel'), kernels[3], [1, 1, 'features', 'features']);
  const features = given.size('features');
  const twice = 2 * features;
  const inputs = first ? 'channels' : features;
  const [rows, columns, length] = ['rows', 'columns', 'length'].map((size) => `${size} ${index + 1}`);
  given.tensor(of('vertical kernel'), kernels[0], [rows, columns, inputs, twice]);
  given.tensor(of('horizontal kernel'), kernels[1], [1, length, inputs, twice]);
  given.tensor(of('link kernel'), kernels[2], [1, 1, twice, twice]);
  const all = [vertical, horizontal, link, point];
  for (const [k, name] of ['vertical', 'horizontal', 'link', 'point'].entries()) {
    given.tensor(of(`${name} bias`), all[k].bias, [k === 3 ? features : twice]);
    checkSamePlacement(given, of(`${name} convolution`), kernels[k], all[k]);
  }
  given.rule(
    vertical.placement.padding.bottom === 0,
    of('vertical convolution'),
    'have no tap below the center',
    vertical.placement.padding.bottom,
  );
  given.rule(
    vertical.placement.dilation === horizontal.placement.dilation,
    of('dilation of the horizontal convolution'),
    `be the vertical one's ${vertical.placement.dilation}`,
    horizontal.placement.dilation,
  );
  for (const [k, name] of ['vertical', 'horizontal'].entries()) {
    const added = classes?.[k];
    if (added === undefined) continue;
    const first = classes?.[0];
    const rows = first instanceof tf.Tensor && first.shape[0] === 1 ? 1 : 'B';
    given.tensor(of(`class's share of the ${name} stack`), added, [rows, twice]);
  }
  return all.flatMap(({bias}, k) => [kernels[k], bias]);
}
