import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {makeFolder, writeFileAtomically} from './files';

/**
 * A folder for a job elsewhere: some files, and a manifest with the sha256 of each. pytorch/job.py reads it.
 */

/** Version of the folder; pytorch/job.py refuses another. */
const JOB_FORMAT = 1;

/**
 * Writes the files, then the manifest: a folder without one was not finished.
 *
 * @param folder is made where it is not there; else it must be empty
 * @throws RangeError when there is something in the folder; FileWriteError when the disk refuses: then
 *   nothing of it stays
 */
export function writeJobFolder(folder: string, files: ReadonlyMap<string, Uint8Array | string>): void {
  makeFolder(folder);
  const there = fs.readdirSync(folder);
  if (there.length > 0) {
    throw new RangeError(
      `${folder} must be empty, or not there yet, but it has ${there[0]} in it; choose another folder`,
    );
  }
  const entries: Record<string, {sha256: string; bytes: number}> = {};
  try {
    for (const [name, content] of files) {
      writeFileAtomically(path.join(folder, name), content);
      const sha256 = createHash('sha256').update(content).digest('hex');
      entries[name] = {sha256, bytes: Buffer.byteLength(content)};
    }
    const manifest = {format: JOB_FORMAT, files: entries};
    writeFileAtomically(path.join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  } catch (error) {
    // Half a job is of no use, and the next try would meet a folder that is not empty.
    for (const name of files.keys()) fs.rmSync(path.join(folder, name), {force: true});
    throw error;
  }
}
