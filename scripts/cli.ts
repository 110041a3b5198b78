import * as path from 'node:path';
import {parseArgs} from 'node:util';
import {classesOf} from '../lib/condition';
import {MODEL_NAMES, type ModelName, presetNames} from '../lib/models/index';
import type {AutoregressiveModel} from '../lib/types';

/** What the commands share: their arguments, their errors and their progress line. */

/** A mistake in the command line: its message is shown without a stack, and the exit code is 2. */
export class UsageError extends Error {}

type Options = Record<string, {type: 'string' | 'boolean'; default?: string | boolean}>;
export interface Arguments {
  readonly positionals: string[];
  text(name: string): string | undefined;
  flag(name: string): boolean;
  /** @throws UsageError when it is there and is no integer of at least `least` */
  integer(name: string, least: number): number | undefined;
  number(name: string): number | undefined;
}

/** Reads the command line; `--help` prints `help` and ends the process. */
export function readArguments(help: string, options: Options): Arguments {
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({options: {...options, help: {type: 'boolean'}}, allowPositionals: true});
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${help}`);
  }
  const {values, positionals} = parsed;
  if (values.help === true) {
    console.log(help);
    process.exit(0);
  }
  const text = (name: string): string | undefined => values[name] as string | undefined;
  return {
    positionals,
    text,
    flag: (name) => values[name] === true,
    integer: (name, least) => {
      const given = text(name);
      if (given === undefined) return undefined;
      const value = Number(given);
      if (!/^-?\d+$/.test(given) || !Number.isSafeInteger(value) || value < least) {
        throw new UsageError(`--${name} must be an integer of at least ${least}, got '${given}'`);
      }
      return value;
    },
    number: (name) => {
      const given = text(name);
      if (given === undefined) return undefined;
      if (given.trim() === '' || !Number.isFinite(Number(given))) {
        throw new UsageError(`--${name} must be a number, got '${given}'`);
      }
      return Number(given);
    },
  };
}

/** A path as the user means it: npm starts a command in the project's folder, INIT_CWD is where the user stands. */
export function userPath(given: string): string {
  return path.resolve(process.env.INIT_CWD ?? '', given);
}

/** The model that the command line names. */
export function modelArgument(args: Arguments, help: string): ModelName {
  const [name, ...rest] = args.positionals;
  if (name === undefined) throw new UsageError(`which model? one of ${MODEL_NAMES.join(', ')}\n\n${help}`);
  if (rest.length > 0) throw new UsageError(`one model at a time, got also '${rest.join(' ')}'`);
  const known = MODEL_NAMES.find((model) => model === name);
  if (known === undefined)
    throw new UsageError(`unknown model '${name}'; there are ${MODEL_NAMES.join(', ')}`);
  return known;
}

/** The preset that the command line names, or the model's first. */
export function presetArgument(args: Arguments, model: ModelName, otherwise = presetNames(model)[0]): string {
  const preset = args.text('preset') ?? otherwise;
  if (!presetNames(model).includes(preset)) {
    throw new UsageError(
      `unknown preset '${preset}' of ${model}; there are ${presetNames(model).join(', ')}`,
    );
  }
  return preset;
}

/** The classes that --label names, or undefined. @throws UsageError when they are no integers from 0 with commas between */
export function labelArgument(args: Arguments): readonly number[] | undefined {
  const given = args.text('label');
  if (given !== undefined && !/^\d{1,9}(,\d{1,9})*$/.test(given)) {
    throw new UsageError(`--label must be a class such as 7, or several such as 0,1,2, got '${given}'`);
  }
  return given?.split(',').map(Number);
}

/**
 * The classes that were asked for, for weights that are conditioned on classes, and for no others.
 *
 * @throws UsageError when labels are missing, or there are none to give
 */
export function checkLabels(model: AutoregressiveModel, labels: ArrayLike<number> | undefined): void {
  const needed = classesOf(model) > 0;
  if (!needed && labels !== undefined) {
    throw new UsageError(
      `--label is for weights that are conditioned on the class of an image; these weights of ${model.name} know no classes`,
    );
  }
  if (needed && labels === undefined) {
    throw new UsageError(
      `these weights of ${model.name} are conditioned on the class of an image: say which with --label, such as --label 7`,
    );
  }
}

/** Runs a command: errors become one clear message and an exit code. */
export function run(command: () => Promise<void>): void {
  command().then(
    () => process.exit(process.exitCode ?? 0),
    (error: unknown) => {
      endProgress();
      // Stopped by Ctrl-C: stopSignal has said so already.
      if (error instanceof Error && error.name === 'AbortError') process.exit(130);
      const message = error instanceof Error ? error.message : String(error);
      console.error(process.env.DEBUG && error instanceof Error ? error.stack : message);
      process.exit(error instanceof UsageError || error instanceof RangeError ? 2 : 1);
    },
  );
}

let shown = false;
let printedAt = 0;

/** One line on stderr that is drawn over; where there is no terminal, a line every 15 seconds. */
export function showProgress(line: string): void {
  const now = performance.now();
  const terminal = process.stderr.isTTY === true;
  if (now - printedAt < (terminal ? 200 : 15_000)) return;
  printedAt = now;
  process.stderr.write(terminal ? `\r\x1b[2K${line}` : `${line}\n`);
  shown = terminal;
}

/** Ends the progress line, so that what follows starts on a line of its own. */
export function endProgress(): void {
  if (shown) process.stderr.write('\r\x1b[2K');
  shown = false;
}

/** ████░░░░ 50 % */
export function bar(share: number): string {
  const full = Math.round(20 * share);
  return `${'█'.repeat(full)}${'░'.repeat(20 - full)} ${Math.round(100 * share)} %`;
}

/** 75 -> 1:15 */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, '0')}:${String(whole % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

/** A signal that is aborted by Ctrl-C or by the system's request to end; a second one ends at once. */
export function stopSignal(what: string): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130);
      endProgress();
      console.error(`${what}; once more to end at once`);
      controller.abort();
    });
  }
  return controller.signal;
}
