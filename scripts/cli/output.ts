import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {checkWritable, FileWriteError, writeFileAtomically} from '../../lib/storage/files';
import {shownPath, UsageError, userPath} from '../cli';

/**
 * Where a picture goes. What can be known is checked before it is computed, and what
 * was computed is not thrown away.
 */
export interface Output {
  /** As it is shown to the user. */
  readonly shown: string;
  /** @throws Error when it cannot be written, which says where it was kept instead */
  write(bytes: Uint8Array): void;
}

/**
 * @param given what the command line says, relative to where the user stands
 * @throws UsageError for a name that is no PNG's; FileWriteError for a place that cannot be written
 */
export function pngOutput(given: string): Output {
  const file = userPath(given);
  if (!/\.png$/i.test(file)) {
    const name = path.basename(file).replace(/\.[^.]*$/, '');
    throw new UsageError(
      `--out is a PNG, so its name must end with .png, got '${given}'; such as ${name}.png`,
    );
  }
  checkWritable(file);
  return {shown: shownPath(file), write: (bytes) => write(file, bytes)};
}

function write(file: string, bytes: Uint8Array): void {
  try {
    writeFileAtomically(file, bytes);
  } catch (error) {
    if (!(error instanceof FileWriteError)) throw error;
    let elsewhere: string | undefined;
    try {
      elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), 'kept-'));
      writeFileAtomically(path.join(elsewhere, path.basename(file)), bytes);
    } catch {
      // That disk is full, too, or is the same: the first error says what is wrong.
      if (elsewhere !== undefined) fs.rmSync(elsewhere, {recursive: true, force: true});
      throw error;
    }
    throw new Error(`${error.message} The picture is kept in ${path.join(elsewhere, path.basename(file))}`);
  }
}
