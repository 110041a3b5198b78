import type {Reported, ReportedBits} from '../models/family';
import {findPreset, MODEL_NAMES, presetNames} from '../models/index';

/**
 * What the papers report on binarized MNIST, by `model preset` and, for ensembles of orders,
 * `model preset ensemble`; each preset says it of itself. The bare name of a model stands for its
 * first preset that has a number.
 */
export const REPORTED: Readonly<Record<string, Reported>> = Object.fromEntries(
  MODEL_NAMES.flatMap((model) => {
    const own = presetNames(model).flatMap((preset): [string, Reported][] => {
      const {paper, paperEnsemble} = findPreset(model, preset);
      const entries: [string, Reported | undefined][] = [
        [`${model} ${preset}`, paper],
        [`${model} ${preset} ensemble`, paperEnsemble],
      ];
      return entries.filter((entry): entry is [string, Reported] => entry[1] !== undefined);
    });
    return own.length === 0 ? [] : [[model, own[0][1]] as const, ...own];
  }),
);

/**
 * Bits per dimension that the papers report on CIFAR-10, by model: the preset of the
 * paper's size says it.
 */
export const REPORTED_BITS: Readonly<Record<string, ReportedBits>> = Object.fromEntries(
  MODEL_NAMES.flatMap((model) =>
    presetNames(model).flatMap((preset): [string, ReportedBits][] => {
      const {paperBits} = findPreset(model, preset);
      return paperBits === undefined ? [] : [[model, paperBits]];
    }),
  ),
);

/**
 * Row LSTM on CIFAR-10, validation bits per dimension, with and without connections past
 * the layers: PixelRNN, table 2.
 */
export const CONNECTION_BITS = {
  source: 'PixelRNN, table 2',
  bits: {neither: 3.22, skip: 3.09, residual: 3.07, both: 3.06} as Readonly<Record<string, number>>,
} as const;

/** Row LSTM on CIFAR-10, validation bits per dimension by the number of layers: PixelRNN, table 3. */
export const DEPTH_BITS = {
  source: 'PixelRNN, table 3',
  bits: [
    {layers: 1, bits: 3.3},
    {layers: 2, bits: 3.2},
    {layers: 3, bits: 3.17},
    {layers: 6, bits: 3.09},
    {layers: 9, bits: 3.08},
    {layers: 12, bits: 3.06},
  ],
} as const;
