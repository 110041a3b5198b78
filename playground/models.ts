import {strokeOf} from '../lib/figures/style';
import type {WeightsName} from './protocol';

/** The models as the page names and colors them: as every figure of the course does. */
export interface ShownModel {
  readonly weights: WeightsName;
  readonly label: string;
  readonly color: string;
}

function shown(weights: WeightsName, addition = ''): ShownModel {
  const {label, color} = strokeOf(weights.split('/')[0]);
  return {weights, label: label + addition, color};
}

export const PIXEL_CNN = shown('pixelcnn/digits');
export const GATED = shown('gated/digits');
export const ROW_LSTM = shown('rowlstm/digits');
export const DIAGONAL = shown('diagonal/digits');
export const MADE = shown('made/one-order');
/** Trained in every order, so it can be given the known pixels first. */
export const MADE_ANY = shown('made/any-order', ', given first');

/** Those whose weights are small enough to come with the page. */
export const SMALL_MODELS = [PIXEL_CNN, GATED, ROW_LSTM, DIAGONAL] as const;
