import type {MachineSpeed} from './limit';

/** What is measured: a row for each network, what it does and how many images at once. */

/** What became of torch.compile: after how many seconds it was done, was stopped, or failed. */
export interface Compiling {
  readonly seconds: number;
  readonly outcome: 'done' | 'stopped' | 'failed';
}

export interface BenchRow {
  /** The name of the network. */
  readonly model: string;
  readonly what: 'train' | 'evaluate' | 'sample-naive' | 'sample-cached';
  readonly batch: number;
  /** Images a second. */
  readonly oursPerSecond: number;
  readonly plainPerSecond: number | null;
  /** PyTorch eager. */
  readonly pytorchPerSecond: number | null;
  /** torch.compile. */
  readonly compiledPerSecond: number | null;
  /** Null where nothing was compiled. */
  readonly compiling: Compiling | null;
  /** Images a second that the machine allows at most (limit.ts), and what sets that limit. */
  readonly limitPerSecond: number | null;
  readonly limitedBy: 'arithmetic' | 'memory' | null;
  /** Peak of the process that did this and what stands above it; a compiled one's holds the compiler, too. */
  readonly peakMemoryMb: number | null;
  readonly plainPeakMemoryMb: number | null;
  readonly pytorchPeakMemoryMb: number | null;
  readonly compiledPeakMemoryMb: number | null;
}

/** One whole run. */
export interface Results {
  readonly machine: string;
  readonly speed: MachineSpeed | null;
  readonly importSeconds: number;
  /** Seconds that compiling may take for each network and batch. */
  readonly compileLimit: number | null;
  readonly rounds: number;
  readonly rows: readonly BenchRow[];
}

/** The faster of PyTorch's two ways. */
export function bestPytorch({
  pytorchPerSecond: eager,
  compiledPerSecond: compiled,
}: Pick<BenchRow, 'pytorchPerSecond' | 'compiledPerSecond'>): {
  way: 'eager' | 'compiled';
  perSecond: number;
} | null {
  if (compiled !== null && (eager === null || compiled > eager))
    return {way: 'compiled', perSecond: compiled};
  return eager === null ? null : {way: 'eager', perSecond: eager};
}
