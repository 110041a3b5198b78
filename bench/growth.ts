import * as tf from '@tensorflow/tfjs';
import {createModel} from '../lib/models/index';
import type {GrowthRow} from '../lib/reproduction/growth';
import {sample} from '../lib/sample';
import type {ModelConfig} from '../lib/types';
import type {BenchNetwork} from './networks';

export const GROWTH_SIDES = [8, 12, 16, 20, 28, 32, 48] as const;

/** Seconds to sample one image of that side, with first weights: what is computed does not depend on them. */
export async function timeGrowth({model: name, config}: BenchNetwork, side: number): Promise<GrowthRow> {
  const model = createModel(name, {...config, height: side, width: side} as ModelConfig);
  try {
    const x = tf.zeros<tf.Rank.R4>([1, side, side, 1]);
    const pass = await medianSeconds(5, () => tf.tidy(() => model.logits(x).dataSync()));
    x.dispose();
    const cachedSeconds = await medianSeconds(3, () => sample(model, {count: 1, seed: 0}));
    return {model: name, side, naiveSeconds: pass * model.order.length, cachedSeconds};
  } finally {
    model.dispose();
  }
}

/** After one call that is not counted. */
async function medianSeconds(times: number, work: () => unknown): Promise<number> {
  const seconds: number[] = [];
  for (let i = -1; i < times; i++) {
    const start = performance.now();
    await work();
    if (i >= 0) seconds.push((performance.now() - start) / 1000);
  }
  return seconds.sort((a, b) => a - b)[Math.floor(times / 2)];
}
