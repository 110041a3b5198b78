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
  /** @throws UsageError when it is there and is no number from `least` to `most` */
  number(name: string, least?: number, most?: number): number | undefined;
  /** @throws UsageError when any other option is there */
  only(names: readonly string[], where: string): void;
}

/** Reads the command line; `--help` prints `help` and ends the process. */
export function readArguments(help: string, options: Options): Arguments {
  checkNpm(options);
  const all = {...options, help: {type: 'boolean'}} as const;
  const {values, positionals, tokens} = parsed(all);
  if (values.help === true) {
    console.log(help);
    process.exit(0);
  }
  const twice = tokens.find((a, i) => tokens.slice(0, i).some((b) => isSameOption(a, b)));
  if (twice?.kind === 'option') throw new UsageError(`--${twice.name} is given twice; give it once`);
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
    number: (name, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY) => {
      const given = text(name);
      if (given === undefined) return undefined;
      const value = Number(given);
      if (given.trim() === '' || !Number.isFinite(value)) {
        throw new UsageError(`--${name} must be a number, got '${given}'`);
      }
      if (value < least || value > most) {
        const rule = Number.isFinite(most) ? `from ${least} to ${most}` : `of at least ${least}`;
        throw new UsageError(`--${name} must be a number ${rule}, got '${given}'`);
      }
      return value;
    },
    only: (names, where) => {
      const other = Object.keys(values).find((name) => !names.includes(name));
      if (other !== undefined) throw new UsageError(`--${other} is no option ${where}`);
    },
  };
}

type Token = {kind: string; name?: string};
function isSameOption(a: Token, b: Token): boolean {
  return a.kind === 'option' && b.kind === 'option' && a.name === b.name;
}

/** `parseArgs` with the project's words. */
function parsed(options: Options) {
  const config = {options, allowPositionals: true, tokens: true} as const;
  // What is no option, an option without its value, a value where there is none: the
  // tokens of a lax reading say which.
  const {tokens} = parseArgs({...config, strict: false});
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const {name, rawName, value, inlineValue} = token;
    if (!Object.hasOwn(options, name)) throw new UsageError(unknownOption(rawName, Object.keys(options)));
    if (options[name].type === 'boolean' && value !== undefined) {
      throw new UsageError(`--${name} takes no value, got '${value}'`);
    }
    if (options[name].type === 'string' && (value === undefined || (!inlineValue && /^-./.test(value)))) {
      const found =
        value === undefined
          ? 'nothing follows it'
          : `'${value}' follows it: write --${name}=${value} if that is meant`;
      throw new UsageError(`--${name} needs a value, but ${found}`);
    }
  }
  return parseArgs(config);
}

function unknownOption(given: string, known: readonly string[]): string {
  const name = given.replace(/^-+/, '');
  const near = known.find((one) => one.startsWith(name) || name.startsWith(one) || isNear(one, name));
  const all = known.map((one) => `--${one}`).join(', ');
  return `there is no option ${given}${near === undefined ? '' : `; --${near} is meant perhaps`}. The options are ${all}`;
}

/** Whether one letter more, less or other makes one word of the other. */
function isNear(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  return restA.slice(1) === restB.slice(1) || restA.slice(1) === restB || restA === restB.slice(1);
}

/** npm has options of these names, too, and says in each environment how they are set. */
const NPMS_OWN = ['json', 'yes'];

/**
 * Without `--` npm takes options for its own, and hands on only their values:
 * `npm run train made --preset small` comes as `made small`. npm says in the environment what it took.
 */
function checkNpm(options: Options): void {
  const command = process.env.npm_lifecycle_event;
  if (command === undefined) return;
  const taken = Object.keys(options).filter(
    (name) => process.env[`npm_config_${name}`] && !NPMS_OWN.includes(name),
  );
  if (taken.length === 0) return;
  const values = process.argv.slice(2);
  // One value for each option that wants one, in whichever order they came, is what the line ends with.
  const wanting = taken.filter(
    (name) => options[name].type === 'string' && process.env[`npm_config_${name}`] === 'true',
  );
  const own = values.slice(0, Math.max(0, values.length - wanting.length));
  const words = taken.map((name) => {
    const value = process.env[`npm_config_${name}`];
    if (options[name].type === 'boolean') return `--${name}`;
    if (value !== 'true') return `--${name} ${value}`;
    return wanting.length === 1 ? `--${name} ${values.at(-1) ?? '…'}` : `--${name} …`;
  });
  throw new UsageError(
    `npm took ${taken.map((name) => `--${name}`).join(' and ')} for itself; with -- between it reaches the command: ` +
      `npm run ${command} -- ${[...own, ...words].join(' ')}`,
  );
}

/**
 * A path as the user means it: npm starts a command in the project's folder,
 * INIT_CWD is where the user stands.
 */
export function userPath(given: string): string {
  return path.resolve(process.env.INIT_CWD ?? '', given);
}

/** A path as the user can use it again: relative to where the user stands when it lies below, else whole. */
export function shownPath(file: string): string {
  const relative = path.relative(process.env.INIT_CWD ?? '', file);
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative)
    ? path.resolve(file)
    : relative;
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

/**
 * The classes that --label names, or undefined. @throws UsageError when they are no
 * integers from 0 with commas between
 */
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

/**
 * One line on stderr that is drawn over; where there is no terminal, a line every 15
 * seconds. The parts by importance.
 */
export function showProgress(...parts: string[]): void {
  const now = performance.now();
  const terminal = process.stderr.isTTY === true;
  if (now - printedAt < (terminal ? 200 : 15_000)) return;
  printedAt = now;
  process.stderr.write(
    terminal ? `\r\x1b[2K${fitted(parts, process.stderr.columns || 80)}` : `${parts.join('  ')}\n`,
  );
  shown = terminal;
}

/** As many parts as fit into a line, the first ones first: a line that wraps cannot be drawn over. */
function fitted(parts: readonly string[], columns: number): string {
  const room = Math.max(1, columns - 1);
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}  ${part}`;
    if (longer.length <= room) line = longer;
  }
  return line === '' ? parts[0].slice(0, room) : line;
}

/** Ends the progress line, so that what follows starts on a line of its own. */
export function endProgress(): void {
  if (shown) process.stderr.write('\r\x1b[2K');
  shown = false;
}

/** ████░░░░ 50 % */
export function bar(share: number): string {
  const full = Math.round(10 * share);
  return `${'█'.repeat(full)}${'░'.repeat(10 - full)} ${Math.round(100 * share)} %`;
}

/** 75 -> 1:15 */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, '0')}:${String(whole % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

/**
 * The terminal sends Ctrl-C to each process of a command, and npm and run.mjs pass on
 * theirs: within so many ms it is one.
 */
const SAME_SIGNAL = 500;

/** A signal that is aborted by Ctrl-C or by the system's request to end; a second one ends at once. */
export function stopSignal(what: string): AbortSignal {
  const controller = new AbortController();
  let first = Number.NEGATIVE_INFINITY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const now = performance.now();
      if (controller.signal.aborted && now - first > SAME_SIGNAL) process.exit(130);
      if (controller.signal.aborted) return;
      first = now;
      endProgress();
      console.error(`${what}; once more to end at once`);
      controller.abort();
    });
  }
  return controller.signal;
}
