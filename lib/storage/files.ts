import {randomBytes} from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';

/** What went wrong and what to do next, for the causes that a person can remove. */
const causes: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space, or choose a file on another disk',
  EDQUOT: 'the disk quota is used up; free some space, or choose a file on another disk',
  EFBIG:
    'the file would be larger than the limit of this process or disk; raise it (see ulimit -f), or choose another disk',
  EACCES: 'the folder may not be written by this user; change its permissions, or choose another folder',
  EPERM: 'the system does not permit it; change the permissions of the folder, or choose another folder',
  EROFS: 'the disk is read-only; mount it for writing, or choose another folder',
  ENOENT: 'its folder does not exist; create the folder, or correct the path',
  ENOTDIR: 'a part of the path before the last is not a folder; correct the path',
  EISDIR: 'there is a folder of this name; remove it, or choose another name',
  ENAMETOOLONG: 'the name is too long; choose a shorter one',
};

/** A file that could not be written. Whatever was there before is still there, whole. */
export class FileWriteError extends Error {
  constructor(
    readonly file: string,
    /** The system's name for the cause, such as ENOSPC. */
    readonly code: string,
    cause: unknown,
  ) {
    const reason = causes[code] ?? (cause instanceof Error ? cause.message : String(cause));
    super(`Could not write ${file} (${code}): ${reason}. What was there before is unchanged.`);
    this.name = 'FileWriteError';
  }
}

/**
 * Writes a file so that at every moment, even if the process is killed or the power fails, `file` is either
 * what it was before or wholly the new data. It is written to a temporary file in the same folder,
 * flushed to the disk and renamed; then the folder is flushed, too. Temporary files that killed processes
 * left for this file are removed.
 *
 * @throws FileWriteError in one sentence with the file, the cause and the remedy;
 *   no temporary file stays behind
 */
export function writeFileAtomically(file: string, data: string | Uint8Array): void {
  const folder = path.dirname(file);
  const temporary = path.join(
    folder,
    `${temporaryPrefix(file)}${process.pid}.${randomBytes(4).toString('hex')}.tmp`,
  );
  try {
    removeStaleTemporaries(file);
    writeAndFlush(temporary, data);
    fs.renameSync(temporary, file);
  } catch (error) {
    removeIfPossible(temporary);
    throw new FileWriteError(file, errorCode(error), error);
  }
  flushFolder(folder);
}

/**
 * To be asked before what is written is computed: whether the file's folder is there and takes a new file.
 *
 * @throws FileWriteError as writing would; nothing stays behind
 */
export function checkWritable(file: string): void {
  const probe = path.join(
    path.dirname(file),
    `${temporaryPrefix(file)}${process.pid}.${randomBytes(4).toString('hex')}.tmp`,
  );
  try {
    if (fs.statSync(file, {throwIfNoEntry: false})?.isDirectory()) {
      throw Object.assign(new Error('it must be a file, got a folder'), {code: 'EISDIR'});
    }
    writeAndFlush(probe, 'x');
  } catch (error) {
    throw new FileWriteError(file, errorCode(error), error);
  } finally {
    removeIfPossible(probe);
  }
}

/**
 * To be asked before much is fetched or written, so that it does not fail half way.
 *
 * @param folder exists
 * @param what stands for what is to be written in the error message
 * @throws Error when the disk of the folder has less free space than that
 */
export function requireFreeSpace(folder: string, bytes: number, what: string): void {
  const {bavail, bsize} = fs.statfsSync(folder);
  if (bavail * bsize >= bytes) return;
  const [needed, free] = [bytes, bavail * bsize].map((count) => `${Math.ceil(count / 1e6)} MB`);
  throw new Error(
    `${what} needs ${needed} in ${folder}, but only ${free} are free on that disk; free some space, or let ` +
      'AUTOREGRESSIVE_DATA name a folder on another disk. Nothing was written',
  );
}

/** Makes a folder and those above it, where they are not there yet. @throws FileWriteError */
export function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, {recursive: true});
  } catch (error) {
    throw new FileWriteError(folder, errorCode(error), error);
  }
}

/** Whether a folder could not be renamed because there is one of that name, with something in it. */
export function isTaken(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST'].includes(errorCode(error));
}

/**
 * A file's bytes; null where there is none. To look first whether it is there would not do: another process
 * may take it away in between.
 */
export function readIfThere(file: string): Buffer | null {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** The system's name for an error, such as ENOENT. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown cause';
}

function temporaryPrefix(file: string): string {
  return `.${path.basename(file)}.`;
}

function writeAndFlush(file: string, data: string | Uint8Array): void {
  const descriptor = fs.openSync(file, 'wx');
  try {
    fs.writeFileSync(descriptor, data);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Makes the rename itself durable, where the system can do that for a folder. */
function flushFolder(folder: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(folder, 'r');
    fs.fsyncSync(descriptor);
  } catch {
    // Some systems do not flush folders. The file is in place; only a power cut in the next
    // seconds could bring back the old one.
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/**
 * Removes temporary files of this file whose writers are gone, and leaves those of
 * other processes still at work.
 */
function removeStaleTemporaries(file: string): void {
  const folder = path.dirname(file);
  const prefix = temporaryPrefix(file);
  for (const name of fs.readdirSync(folder)) {
    if (!name.startsWith(prefix)) continue;
    const match = /^(\d+)\.[0-9a-f]{8}\.tmp$/.exec(name.slice(prefix.length));
    const temporary = path.join(folder, name);
    if (match && isStale(temporary, Number(match[1]))) removeIfPossible(temporary);
  }
}

/** Tidying up must not hide the error that made it necessary, nor stop a write that can succeed. */
function removeIfPossible(temporary: string): void {
  try {
    fs.rmSync(temporary, {force: true});
  } catch {
    // It stays until the next write of the same file.
  }
}

function isStale(temporary: string, pid: number): boolean {
  // In a container every run may have the same process id: then a file from
  // before this process began is stale.
  if (pid === process.pid) {
    const modified = fs.statSync(temporary, {throwIfNoEntry: false})?.mtimeMs ?? Number.POSITIVE_INFINITY;
    return modified < Date.now() - process.uptime() * 1000;
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
}
