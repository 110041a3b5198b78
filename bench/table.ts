import type {MachineSpeed} from './limit';
import {type BenchRow, bestPytorch, type Results} from './row';

/** A run in words: lines for the terminal, and the tables of bench/README.md. */

/** A row as one line for the terminal. */
export function rowText(row: BenchRow): string {
  const {oursPerSecond: ours} = row;
  const side = (name: string, value: number | null): string =>
    value === null ? '' : `, ${name} ${shortNumber(value)} (${ratio(ours, value)})`;
  const best = bestPytorch(row);
  const other = best?.way === 'compiled' ? row.pytorchPerSecond : row.compiledPerSecond;
  const otherWay = best?.way === 'compiled' ? 'eager' : 'compiled';
  const parts = [
    other === null ? '' : `${otherWay} ${shortNumber(other)}`,
    compilingText(row.compiling),
    row.limitPerSecond === null
      ? ''
      : `limit ${shortNumber(row.limitPerSecond)} by ${row.limitedBy}, ${percent(ours / row.limitPerSecond)} of it`,
    row.peakMemoryMb === null ? '' : `${memoryText(row)} MB`,
  ].filter((part) => part !== '');
  return (
    `${row.model.padEnd(17)}${row.what.padEnd(14)}${String(row.batch).padStart(4)}: ${shortNumber(ours)} images/s` +
    side('plain tfjs', row.plainPerSecond) +
    (best === null ? '' : side(`PyTorch ${best.way}`, best.perSecond)) +
    parts.map((part) => `; ${part}`).join('')
  );
}

function compilingText(compiling: BenchRow['compiling']): string {
  if (compiling === null) return '';
  const seconds = `${compiling.seconds.toFixed(0)} s`;
  if (compiling.outcome === 'done') return `compiled in ${seconds}`;
  return compiling.outcome === 'stopped' ? `not compiled within ${seconds}` : 'could not be compiled';
}

/** What limits are reckoned with, in words. */
export function speedText({all, one}: MachineSpeed): string {
  return (
    `matrix product ${all.gflops.toFixed(0)} GFLOP/s (one core ${one.gflops.toFixed(0)}); ` +
    `memory read at ${all.gigabytes.toFixed(1)} GB/s (one core ${one.gigabytes.toFixed(1)})`
  );
}

export function shortNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function ratio(ours: number, other: number): string {
  return `${(ours / other).toFixed(2)} x`;
}

function percent(share: number): string {
  return share < 0.095 ? `${(100 * share).toPrecision(2)} %` : `${Math.round(100 * share)} %`;
}

function memoryText(row: BenchRow): string {
  return [row.peakMemoryMb, row.plainPeakMemoryMb, row.pytorchPeakMemoryMb, row.compiledPeakMemoryMb]
    .map((mb) => (mb === null ? '–' : mb.toFixed(0)))
    .join(' / ');
}

/** Eager and compiled, images a second; of what was not compiled, why. */
function pytorchCell({pytorchPerSecond: eager, compiledPerSecond, compiling}: BenchRow): string {
  if (eager === null) return '–';
  const {outcome, seconds} = compiling ?? {outcome: 'none', seconds: 0};
  const compiled =
    compiledPerSecond !== null
      ? shortNumber(compiledPerSecond)
      : outcome === 'stopped'
        ? `over ${seconds.toFixed(0)} s`
        : outcome === 'failed'
          ? 'failed'
          : '–';
  return `${shortNumber(eager)} / ${compiled}`;
}

const COLUMNS = [
  'model',
  'what',
  'images at once',
  'ours, images/s',
  'against plain tfjs',
  'against the better PyTorch',
  'PyTorch eager / compiled, images/s',
  'limit, images/s',
  'share of the limit',
  'peak memory, MB: ours / plain / eager / compiled',
];

/** One run as Markdown. */
export function table({machine: where, speed, importSeconds, compileLimit, rounds, rows}: Results): string {
  const about = [
    where,
    ...(speed === null ? [] : [speedText(speed)]),
    `from start to first tensor ${importSeconds.toFixed(2)} s`,
    `medians of ${rounds} rounds`,
    ...(compileLimit === null ? [] : [`at most ${compileLimit} s to compile`]),
  ];
  const lines = [`${about.join('; ')}.`, '', line(COLUMNS), line(COLUMNS.map(() => '---'))];
  for (const row of rows) {
    const {oursPerSecond: ours, plainPerSecond: plain, limitPerSecond: limit} = row;
    const best = bestPytorch(row);
    lines.push(
      line([
        row.model,
        row.what,
        String(row.batch),
        shortNumber(ours),
        plain === null ? '–' : ratio(ours, plain),
        best === null ? '–' : `${ratio(ours, best.perSecond)} (${best.way})`,
        pytorchCell(row),
        limit === null ? '–' : `${shortNumber(limit)} (${row.limitedBy})`,
        limit === null ? '–' : percent(ours / limit),
        row.peakMemoryMb === null ? '–' : memoryText(row),
      ]),
    );
  }
  lines.push(
    '',
    line(['cached against naive sampling', '1 image', 'many images']),
    line(['---', '---', '---']),
  );
  for (const model of new Set(rows.map((row) => row.model))) {
    const own = rows.filter((row) => row.model === model);
    const cached = own.filter(({what}) => what === 'sample-cached');
    const cells = cached.map(({batch, oursPerSecond}) => {
      const naive = own.find((row) => row.what === 'sample-naive' && row.batch === batch)?.oursPerSecond;
      const times = `${(oursPerSecond / (naive ?? Number.NaN)).toFixed(0)} x`;
      return batch === 1 ? times : `${times} (${batch})`;
    });
    lines.push(line([model, ...cells]));
  }
  return lines.join('\n');
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
