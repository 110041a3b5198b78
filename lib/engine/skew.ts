import * as tf from '@tensorflow/tfjs';
import {Arguments} from './check';

/**
 * Shifts each row one place further to the right than the row above, so that the diagonals of
 * the image become columns: what lets the Diagonal BiLSTM sweep a diagonal at once. Source: van
 * den Oord et al. 2016a, figure 3.
 *
 * @param x [B, H, W, C]
 * @returns [B, H, H + W - 1, C], zeros where there is no pixel; differentiable; the caller disposes it
 * @throws RangeError when x has another rank or type
 */
export function skew(x: tf.Tensor4D): tf.Tensor4D {
  new Arguments('skew').tensor('x', x, ['B', 'H', 'W', 'C']);
  const [batch, height, width, channels] = x.shape;
  // In rows of H + W places each row begins one place later when the same numbers are
  // read in rows of one place less.
  return tf.tidy(() => {
    const padded = tf.pad(x, [
      [0, 0],
      [0, 0],
      [0, height],
      [0, 0],
    ]);
    const flat = tf.reshape(padded, [batch, height * (height + width), channels]);
    const cut = tf.slice(flat, [0, 0, 0], [batch, height * (height + width - 1), channels]);
    return tf.reshape(cut, [batch, height, height + width - 1, channels]);
  });
}

/**
 * The inverse of skew.
 *
 * @param x [B, H, H + W - 1, C]
 * @returns [B, H, W, C]; differentiable; the caller disposes it
 * @throws RangeError when x has another rank or type, or fewer columns than rows
 */
export function unskew(x: tf.Tensor4D): tf.Tensor4D {
  const given = new Arguments('unskew');
  given.tensor('x', x, ['B', 'H', 'H + W - 1', 'C']);
  const [batch, height, columns, channels] = x.shape;
  const width = columns - height + 1;
  given.rule(width >= 1, 'x', 'have at least as many columns as rows', `${height} x ${columns}`);
  return tf.tidy(() => {
    const flat = tf.reshape(x, [batch, height * columns, channels]);
    const padded = tf.pad(flat, [
      [0, 0],
      [0, height],
      [0, 0],
    ]);
    const rows = tf.reshape(padded, [batch, height, columns + 1, channels]);
    return tf.slice(rows as tf.Tensor4D, [0, 0, 0, 0], [batch, height, width, channels]);
  });
}
