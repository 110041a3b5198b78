import * as fs from 'node:fs';
import * as path from 'node:path';
import {projectRoot} from '../storage/paths';

/**
 * How long one image takes to sample as images grow, naive and cached: measured
 * by `npm run bench -- --growth`.
 */
export interface Growth {
  /** Processor, cores, system and Node. */
  readonly machine: string;
  readonly rows: readonly GrowthRow[];
}

export interface GrowthRow {
  readonly model: string;
  /** Rows, and columns, of the image. */
  readonly side: number;
  /**
   * Seconds for one image: as many passes of the whole model as there are pixels. A
   * pass is timed, not all of them.
   */
  readonly naiveSeconds: number;
  readonly cachedSeconds: number;
}

/** Where the measured times are kept. */
export function growthFile(): string {
  return path.join(projectRoot(), 'bench', 'growth.json');
}

/** @throws Error when nothing was measured yet */
export function loadGrowth(file = growthFile()): Growth {
  if (!fs.existsSync(file)) {
    throw new Error(`there is no ${file}; npm run bench -- --growth --record measures it`);
  }
  try {
    const growth: Growth = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (growth.rows.every(isRow)) return growth;
  } catch {
    // No JSON, or JSON without rows: neither is what was written.
  }
  throw new Error(`${file} is not what npm run bench -- --growth --record writes; measure anew with it`);
}

function isRow(row: Partial<GrowthRow> | null): boolean {
  const numbers = [row?.side, row?.naiveSeconds, row?.cachedSeconds];
  return typeof row?.model === 'string' && numbers.every((value) => Number.isFinite(value));
}

/**
 * The power with which y grows with x: the slope of the least-squares line through (log x, log y).
 *
 * @throws RangeError when there are less than two different x, or a number that has no logarithm
 */
export function growthPower(x: readonly number[], y: readonly number[]): number {
  if (x.length !== y.length || new Set(x).size < 2) {
    throw new RangeError(
      `growthPower: needs as many y as x and at least two different x, got ${x.length} x and ${y.length} y`,
    );
  }
  const bad = [...x, ...y].find((value) => !(value > 0 && Number.isFinite(value)));
  if (bad !== undefined) throw new RangeError(`growthPower: numbers must be above 0, got ${bad}`);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [logX, logY] = [x.map(Math.log), y.map(Math.log)];
  const [meanX, meanY] = [mean(logX), mean(logY)];
  const shared = logX.reduce((sum, value, k) => sum + (value - meanX) * (logY[k] - meanY), 0);
  return shared / logX.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
}
