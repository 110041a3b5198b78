import * as tf from '@tensorflow/tfjs';
import {createModel} from '../lib/models/index';
import type {GrowthRow} from '../lib/reproduction/growth';
import {sample} from '../lib/sample';
import type {ModelConfig} from '../lib/types';
import type {BenchNetwork} from './networks';

export const GROWTH_SIDES = [8, 12, 16, 20, 28, 32, 48, 64] as const;

/** Seconds to sample one image of that side, with first weights: what is computed does not depend on them. */
export async function timeGrowth({model: name, config}: BenchNetwork, side: number): Promise<GrowthRow> {
  const model = createModel(name, {...config, height: side, width: side} as ModelConfig);
  try {
    const x = tf.zeros<tf.Rank.R4>([1, side, side, 1]);
    const pass = await medianSeconds(() => tf.tidy(() => model.logits(x).dataSync()));
    x.dispose();
    const cachedSeconds = await medianSeconds(() => sample(model, {count: 1, seed: 0}));
    return {model: name, side, naiveSeconds: pass * model.order.length, cachedSeconds};
  } finally {
    model.dispose();
  }
}

/**
 * A small image takes a fraction of a millisecond: so many calls, and for so long at least, that neither one
 * disturbance is the median nor what the naive passes have left in the caches.
 */
const [FEWEST, MOST, LEAST_SECONDS, SECONDS] = [5, 51, 0.25, 1];

/** After one call that is not counted. */
async function medianSeconds(work: () => unknown): Promise<number> {
  const seconds: number[] = [];
  await work();
  const began = performance.now();
  const isOver = (limit: number): boolean => performance.now() - began >= 1000 * limit;
  while (
    seconds.length < FEWEST ||
    !isOver(seconds.length < MOST ? SECONDS : LEAST_SECONDS) ||
    seconds.length % 2 === 0
  ) {
    const start = performance.now();
    await work();
    seconds.push((performance.now() - start) / 1000);
  }
  return seconds.sort((a, b) => a - b)[(seconds.length - 1) / 2];
}

/** Cached cost is proportional to the pixels where no side's cost a pixel is further from the median. */
const PROPORTIONAL = 0.2;

export interface PixelCost {
  /** Median over the sides, in seconds for each pixel. */
  readonly median: number;
  /** The cost a pixel of each side, over the median. */
  readonly relative: readonly number[];
  /** How far the furthest is from the median, as a share of it. */
  readonly spread: number;
  readonly proportional: boolean;
}

/** What a pixel costs the cached sampler at each side: the same everywhere, if cost grows with the pixels. */
export function pixelCost(rows: readonly Pick<GrowthRow, 'side' | 'cachedSeconds'>[]): PixelCost {
  const costs = rows.map(({side, cachedSeconds}) => cachedSeconds / side ** 2);
  const sorted = [...costs].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  const relative = costs.map((cost) => cost / median);
  const spread = Math.max(...relative.map((value) => Math.abs(value - 1)));
  return {median, relative, spread, proportional: spread <= PROPORTIONAL};
}

/** "a pixel costs 11.2 µs (at these sides 1.05, 0.98, … of that): within 5 %, proportional to the pixels" */
export function pixelCostText({median, relative, spread, proportional}: PixelCost): string {
  const shares = relative.map((value) => value.toFixed(2)).join(', ');
  return (
    `a pixel costs ${(1e6 * median).toPrecision(3)} µs (at these sides ${shares} of that): ` +
    `within ${Math.round(100 * spread)} %, ${proportional ? '' : 'not '}proportional to the pixels`
  );
}
