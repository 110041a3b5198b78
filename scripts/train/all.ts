import * as fs from 'node:fs';
import {MissingDataError} from '../../lib/data/cifar10';
import {likelihoodText} from '../../lib/likelihood';
import {type PlannedRun, trainingPlan} from '../../lib/reproduction/trainingPlan';
import {LockedError} from '../../lib/storage/lock';
import {runFiles} from '../../lib/storage/paths';
import {publish, trainOne} from './one';

export interface AllOptions {
  readonly seed: number;
  /** After so many it stops, with the run saved. */
  readonly hours: number;
  readonly publish: boolean;
  readonly signal: AbortSignal;
}

/** Trains what is in the results table, one preset after the other, from wherever it was left. */
export async function trainAll({seed, hours, publish: publishes, signal}: AllOptions): Promise<void> {
  const stop = new AbortController();
  signal.addEventListener('abort', () => stop.abort());
  const plan = trainingPlan(seed);
  console.log(table(plan));
  if (hours === 0) return;
  const timer = Number.isFinite(hours) ? setTimeout(() => stop.abort(), hours * 3_600_000) : undefined;
  const left = plan.filter(({state}) => state !== 'done');
  for (const [k, {model, preset, state}] of left.entries()) {
    if (stop.signal.aborted) break;
    const request = {
      ...{model, preset, seed, changes: {}},
      start: state === 'begun' ? ('resume' as const) : ('new' as const),
    };
    const prefix = [`${k + 1} of ${left.length}: ${model} ${preset}`];
    try {
      await trainOne(request, {publish: false, signal: stop.signal, prefix, goOn: 'npm run train -- all'});
    } catch (error) {
      // One that cannot be trained now must not keep the others waiting.
      if (signal.aborted || !(error instanceof Error)) throw error;
      const isElsewhere = error instanceof LockedError || error instanceof MissingDataError;
      console.error(`${model} ${preset}: passed over. ${error.message}`);
      if (!isElsewhere) process.exitCode = 1;
    }
  }
  clearTimeout(timer);
  const after = trainingPlan(seed);
  if (publishes && !stop.signal.aborted) await publishBetter(after, seed, signal);
  console.log(table(after));
  const open = after.filter(({state}) => state !== 'done');
  if (signal.aborted) process.exitCode = 130;
  else if (stop.signal.aborted) process.exitCode = 0;
  if (open.length > 0) console.log('go on with: npm run train -- all');
}

/** Chosen by validation; the test set is looked at for what is chosen, and for nothing else. */
async function publishBetter(plan: readonly PlannedRun[], seed: number, signal: AbortSignal): Promise<void> {
  for (const run of plan) {
    const {model, preset, state, nats, committedNats} = run;
    const {weights} = runFiles(model, preset, seed);
    if (state !== 'done' || nats === null || !fs.existsSync(weights)) continue;
    if (committedNats !== null && nats >= committedNats) continue;
    await publish({model, preset}, run, weights, signal);
  }
}

/** How things stand, a line for each preset, and the hours that are left. */
function table(plan: readonly PlannedRun[]): string {
  const header = ['model', 'preset', 'state', 'epochs', 'validation so far', 'committed', 'hours left'];
  const rows = plan.map((run) => {
    const {model, preset, state, epoch, epochs, nats, committedNats, hoursLeft} = run;
    const text = (value: number | null): string => (value === null ? '–' : likelihoodText(value, run));
    const hours = hoursLeft === null ? '?' : hoursLeft.toFixed(1);
    return [model, preset, state, `${epoch} of ${epochs}`, text(nats), text(committedNats), hours];
  });
  const widths = header.map((title, k) => Math.max(title.length, ...rows.map((row) => row[k].length)));
  const lines = [header, ...rows].map((row) =>
    row
      .map((cell, k) => cell.padEnd(widths[k]))
      .join('  ')
      .trimEnd(),
  );
  const total = plan.reduce((sum, {hoursLeft}) => sum + (hoursLeft ?? 0), 0);
  const done = plan.filter(({state}) => state === 'done').length;
  return `${lines.join('\n')}\n${done} of ${plan.length} done; about ${total.toFixed(1)} hours left on this machine`;
}
