import {execFile} from 'node:child_process';
import * as path from 'node:path';
import {promisify} from 'node:util';
import {venvPython} from './execute';

/**
 * Executed notebooks as HTML beside them, to be read in a browser: every chart is there as its picture.
 * Formulas are typeset where there is a network, and stand as they are typed where there is none.
 *
 * @throws Error with the words of nbconvert
 */
export async function writeHtml(notebooks: readonly string[], python = venvPython()): Promise<void> {
  if (notebooks.length === 0) return;
  const args = ['-m', 'nbconvert', '--to', 'html', '--log-level', 'ERROR'];
  // The pages need no modules of Jupyter.
  args.push('--HTMLExporter.require_js_url=', ...notebooks.map((file) => path.resolve(file)));
  await promisify(execFile)(python, args, {maxBuffer: 2 ** 26});
}
