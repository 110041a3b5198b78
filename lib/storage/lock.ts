import {randomUUID} from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import {errorCode, FileWriteError} from './files';

/**
 * A lock file with the process that it belongs to, so that two trainings never write one run. A lock whose
 * process is gone is taken over: a kill or a power cut leaves nothing to clean up.
 */

interface Holder {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /**
   * When the process began, in the system's clock ticks: a process id is given again, this with
   * it is not. Null where unknown.
   */
  readonly started: string | null;
}

/** Something else is at work there. The message names the process. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
}

/**
 * @param file in a folder that exists
 * @param what is locked, for the message: `the run data/runs/made-small-0`
 * @returns gives the lock back; a lock that is not one's own any more is left alone
 * @throws LockedError when a living process has it, or one of another machine, of which nothing
 *   can be known; FileWriteError
 */
export function takeLock(file: string, what: string): () => void {
  const own: Holder = {
    id: randomUUID(),
    host: os.hostname(),
    pid: process.pid,
    started: startOf(process.pid),
  };
  // A stale lock may be taken over by another process at this very moment; then
  // that one is met at the second try.
  for (let tries = 0; tries < 3; tries++) {
    if (create(file, own)) return () => release(file, own);
    const holder = read(file);
    if (holder !== null && isAtWork(holder)) throw new LockedError(sentence(file, what, holder));
    removeStale(file, holder);
  }
  throw new LockedError(`${what} is being locked by another process; try again in a moment`);
}

function sentence(file: string, what: string, {host, pid}: Holder): string {
  return host === os.hostname()
    ? `${what} is in use by process ${pid}: wait for it, or stop it (kill ${pid}) and go on with --resume`
    : `${what} is in use by process ${pid} on ${host}: wait for it; if it is gone, remove ${file}`;
}

/**
 * Written whole under another name, then linked: nobody ever reads half of it, and only one link can be made.
 */
function create(file: string, own: Holder): boolean {
  const whole = `${file}.${own.id}`;
  try {
    fs.writeFileSync(whole, JSON.stringify(own), {flag: 'wx'});
    fs.linkSync(whole, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw new FileWriteError(file, errorCode(error), error);
  } finally {
    fs.rmSync(whole, {force: true});
  }
}

/** Null for what is no lock of ours, such as a file that a power cut has emptied. */
function read(file: string): Holder | null {
  try {
    const {id, host, pid, started} = JSON.parse(fs.readFileSync(file, 'utf8'));
    return typeof id === 'string' && Number.isSafeInteger(pid) ? {id, host, pid, started} : null;
  } catch {
    return null;
  }
}

function isAtWork({host, pid, started}: Holder): boolean {
  if (host !== os.hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
  }
  const now = startOf(pid);
  return started === null || now === null || now === started;
}

/** Moves it aside first: what another process has just created in its place is put back. */
function removeStale(file: string, seen: Holder | null): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    fs.renameSync(file, aside);
    if (read(aside)?.id !== seen?.id) fs.linkSync(aside, file);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(errorCode(error)))
      throw new FileWriteError(file, errorCode(error), error);
  } finally {
    fs.rmSync(aside, {force: true});
  }
}

function release(file: string, own: Holder): void {
  if (read(file)?.id === own.id) fs.rmSync(file, {force: true});
}

/** Linux tells when a process began: the 22nd word, counted behind the name, which may hold blanks. */
function startOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
