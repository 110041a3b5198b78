/**
 * When a step runs: at each pixel, or for a whole row before its first pixel (or before that of the next
 * row). What is early can run at either time: for a whole row weights are read once instead of at every
 * pixel; at the pixel the results of many images stay in the cache.
 */
export type Phase = 'pixel' | 'early' | 'row' | 'row before';

/** Whether it runs for a whole row always. */
export function isForRow(phase: Phase): boolean {
  return phase === 'row' || phase === 'row before';
}
