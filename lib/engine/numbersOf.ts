import type * as tf from '@tensorflow/tfjs';
import {native} from './native';

/** Whether tensors still have the numbers that they had, without a look at the numbers. */

let changes = 0;

/** To be called where numbers of a tensor are changed in their place, which its identity does not tell. */
export function changedInPlace(): void {
  changes++;
}

/** What the numbers of tensors come from, and who computes with them. */
export type NumbersOf = readonly unknown[];

export function numbersOf(tensors: Iterable<tf.Tensor>): NumbersOf {
  return [changes, native(), ...Array.from(tensors, ({dataId}) => dataId)];
}

/** Whether both stand for the same numbers. */
export function sameNumbers(one: NumbersOf, other: NumbersOf): boolean {
  return one.length === other.length && one.every((part, k) => part === other[k]);
}
