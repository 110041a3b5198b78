import * as tf from '@tensorflow/tfjs';
import {ResidualBlock} from './layers/residual';

/** A residual block small enough to be reckoned by hand, its input, and what a hand gets. */
export interface ResidualExample {
  readonly block: ResidualBlock;
  /** [1, 4, 5, 2]: feature 0 is 1 in row 1, column 2 and 0 elsewhere; feature 1 is -1 everywhere. */
  readonly x: tf.Tensor4D;
  /** [4, 5, 2] in row order. */
  readonly golden: readonly number[];
  dispose(): void;
}

/**
 * The block of figure 5 with one feature inside (h = 1). `down` adds up both features; the kernel of `middle` is
 *
 *     1 2 3
 *     4 5 9   where mask B hides the 9; its last row is not even stored
 *
 * and `up` hands the result on as it is (feature 0) and negated (feature 1).
 * The ReLU in front makes the -1 of feature 1 a 0, so the single 1 goes through alone: `middle` spreads it as
 * 5 4 from its own place to the right and 3 2 1 in the row below. The skip then adds x, once.
 */
export function residualExample(): ResidualExample {
  const spec = {name: 'example', features: 1, groups: 1, size: 3, dilation: 1, scale: 1};
  const values: Record<string, number[]> = {
    'example.down.weights': [1, 1],
    'example.down.bias': [0],
    'example.middle.weights': [1, 2, 3, 4, 5, 9],
    'example.middle.bias': [0],
    'example.up.weights': [1, -1],
    'example.up.bias': [0, 0],
  };
  const parameters = new Map(
    ResidualBlock.parameters(spec).map(({name, shape}) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor(values[name], [...shape]))),
    ]),
  );
  const block = new ResidualBlock(spec, parameters);
  const x = tf.tensor4d(twoFeatures([0, 0, 1, 0, 0], [0, 0, 0, 0, 0], [-1, -1, -1, -1, -1]), [1, 4, 5, 2]);
  return {
    block,
    x,
    golden: twoFeatures([0, 0, 6, 4, 0], [0, 3, 2, 1, 0], [-1, -1, -6, -5, -1], [-1, -4, -3, -2, -1]),
    dispose: () => {
      block.dispose();
      x.dispose();
      for (const value of parameters.values()) value.dispose();
    },
  };
}

/** [4, 5, 2]: rows 1 and 2 of either feature as given; rows 0 and 3 are 0 in feature 0, and -1 in feature 1. */
function twoFeatures(
  row1: readonly number[],
  row2: readonly number[],
  other1: readonly number[],
  other2 = other1,
): number[] {
  const [zeros, ones] = [
    [0, 0, 0, 0, 0],
    [-1, -1, -1, -1, -1],
  ];
  const [feature0, feature1] = [[zeros, row1, row2, zeros].flat(), [ones, other1, other2, ones].flat()];
  return feature0.flatMap((value, i) => [value, feature1[i]]);
}
