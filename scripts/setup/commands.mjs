/** Runs the programs that set-up needs, and says in one sentence why one of them failed. */
import {spawn} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {privateEnvironment, readText, root} from './files.mjs';

/** Something that the user can mend; its message is one sentence and says how. */
export class SetupError extends Error {}

/** Set-up was stopped by a signal. */
export class Interrupted extends Error {}

export const logFolder = path.join(root, '.cache', 'setup');

let running;
let interrupted;

/** Ends the program that runs now; the step that waits for it throws `Interrupted`. */
export function interrupt(signal) {
  interrupted = signal;
  if (running) signalGroup(running, 'SIGTERM');
}

/**
 * Every program leads a group of its own, so that what it starts in turn ends with it.
 * @returns whether there was any
 */
function signalGroup(child, signal) {
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}

/**
 * Runs a program to its end with its output in `.cache/setup/<name>.log`.
 *
 * @param onLine called with every line of output; when it returns true, the program is
 *   ended: it cannot succeed any more
 * @param onTick called twice a second, for progress that has to be looked up
 * @param lock every child is named in it, so that a next set-up also waits for a child that outlives this one
 * @throws SetupError with the cause and the log file when it fails; Interrupted after a signal
 */
export async function runLogged(name, command, args, {what, lock, env, onLine, onTick} = {}) {
  if (interrupted) throw new Interrupted(interrupted);
  fs.mkdirSync(logFolder, {recursive: true});
  const log = path.join(logFolder, `${name}.log`);
  const file = fs.openSync(log, 'w');
  const child = spawn(command, args, {
    cwd: root,
    env: {...privateEnvironment(), ...env},
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running = child;
  if (child.pid !== undefined) lock?.watch(-child.pid);
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (text) => {
      fs.writeSync(file, text);
      const lines = (rest + text).split(/\r?\n|\r/);
      rest = lines.pop();
      if (onLine) for (const line of lines) if (onLine(line) === true) signalGroup(child, 'SIGTERM');
    });
  }
  const timer = onTick && setInterval(onTick, 500);
  const failure = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  clearInterval(timer);
  fs.closeSync(file);
  for (let wait = 0; wait < 50 && signalGroup(child, 0); wait++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  if (child.pid !== undefined) signalGroup(child, 'SIGKILL');
  running = undefined;
  if (interrupted) throw new Interrupted(interrupted);
  if (failure === undefined) return;
  const cause = explainFailure(readText(log) ?? '') ?? failure;
  throw new SetupError(`${what ?? name} failed: ${cause} (log: ${path.relative(root, log)})`);
}

const causes = [
  [/\bEUSAGE\b/, 'package.json and package-lock.json do not agree; run: npm install --ignore-scripts'],
  [
    /ENOTFOUND|EAI_AGAIN|name resolution|Name or service not known|nodename nor servname|NewConnectionError|ConnectTimeout|ENETUNREACH|ETIMEDOUT|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|Network is unreachable|ReadTimeout/i,
    'no network, or the package registry does not answer; connect once and try again',
  ],
  [/ENOSPC|No space left/i, 'the disk is full; free about 3 GB and run the command again'],
  [
    /EACCES|EPERM|EROFS|Permission denied|Read-only file system/i,
    'a folder may not be written; see the log for which',
  ],
  [
    /CERT_|SELF_SIGNED|CERTIFICATE_VERIFY_FAILED|UNABLE_TO_(VERIFY|GET)|certificate/i,
    "the TLS certificate of the package registry is not trusted; tell npm (cafile) and pip (cert) of your proxy's certificate",
  ],
  [
    /DO NOT MATCH THE HASHES|EINTEGRITY|different sha/i,
    'a downloaded file is not the expected one (its hash differs); run the command again, and do not use the file',
  ],
  [
    /\bE40[13]\b|\b40[137] (Unauthorized|Forbidden|Proxy)/i,
    "the package registry refused the request; check npm's and pip's settings",
  ],
];

/**
 * The cause of a failure from a program's output, in one sentence; the last line that
 * looks like an error otherwise.
 */
export function explainFailure(output) {
  for (const [pattern, sentence] of causes) if (pattern.test(output)) return sentence;
  const lines = output.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /error|fatal|exception/i.test(line) && !/complete log/i.test(line));
  const line = errors.at(-1) ?? lines.filter(Boolean).at(-1);
  return line?.slice(0, 200);
}
