/**
 * One set-up at a time: a lock file that names the processes at work, and that is taken
 * over when all of them are gone.
 */
import {randomUUID} from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {readJson, writeAtomically} from './files.mjs';

const foreignLimit = 60_000; // ms without a sign of life after which a lock of another machine is stale
const heartbeat = 10_000; // ms

/**
 * Takes the lock, waiting for whoever holds it.
 *
 * @param file the lock file
 * @param onWait called once, with a sentence, when there is somebody to wait for
 * @returns `watch(pid)` adds a child (or, negative, a group) that must end before another
 *   set-up may start; `release()`
 */
export async function acquireLock(file, {onWait = () => {}, pause = 250} = {}) {
  fs.mkdirSync(path.dirname(file), {recursive: true});
  const own = {id: randomUUID(), host: os.hostname(), pids: [process.pid]};
  let said = false;
  while (!create(file, own)) {
    const holder = readJson(file);
    if (isStale(file, holder)) {
      removeStale(file);
      continue;
    }
    if (!said)
      onWait(
        `waiting for another set-up (process ${holder?.pids?.map(Math.abs).join(', ') ?? 'unknown'}; lock ${file})`,
      );
    said = true;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  const timer = setInterval(() => touch(file), heartbeat);
  timer.unref();
  return {
    watch(pid) {
      own.pids.push(pid);
      writeAtomically(file, JSON.stringify(own));
    },
    release() {
      clearInterval(timer);
      if (readJson(file)?.id === own.id) fs.rmSync(file, {force: true});
    },
  };
}

/** On this machine: when no process named in it lives. On another: when it was not touched for a minute. */
export function isStale(file, holder, now = Date.now()) {
  if (holder?.host === os.hostname()) return !holder.pids.some(isAlive);
  try {
    const age = now - fs.statSync(file).mtimeMs;
    // A file without a name in it is being written at this moment, or its writer was killed at that moment.
    return age > (holder === undefined ? 5_000 : foreignLimit);
  } catch {
    return false; // Gone by now; the next try to create it tells.
  }
}

function create(file, own) {
  try {
    fs.writeFileSync(file, JSON.stringify(own), {flag: 'wx'});
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Only one of those who wait removes a stale lock, so that none removes the new one of another. */
function removeStale(file) {
  const guard = `${file}.takeover`;
  if (!create(guard, {pid: process.pid})) {
    if (Date.now() - (fs.statSync(guard, {throwIfNoEntry: false})?.mtimeMs ?? Date.now()) > 10_000) {
      fs.rmSync(guard, {force: true});
    }
    return;
  }
  try {
    if (isStale(file, readJson(file))) fs.rmSync(file, {force: true});
  } finally {
    fs.rmSync(guard, {force: true});
  }
}

function touch(file) {
  try {
    fs.utimesSync(file, new Date(), new Date());
  } catch {
    // The lock was removed by hand; the work goes on.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
