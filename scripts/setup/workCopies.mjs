/** Students work on copies, so that an update of the course meets no changed file. Node builtins only. */
import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {writeAtomically} from './files.mjs';

/**
 * Copies each notebook that is not in `work` yet. A copy that was not touched follows the original; where
 * both have changed, the copy stays and the new original comes beside it as NN-….updated.ipynb.
 *
 * @returns what was done, a sentence each
 */
export function updateWorkCopies(notebooks, work) {
  fs.mkdirSync(work, {recursive: true});
  const record = path.join(work, '.originals.json');
  const known = fs.existsSync(record) ? JSON.parse(fs.readFileSync(record, 'utf8')) : {};
  const said = [];
  for (const name of fs.readdirSync(notebooks).filter((file) => file.endsWith('.ipynb'))) {
    const original = fs.readFileSync(path.join(notebooks, name));
    const sha = digest(original);
    const copy = path.join(work, name);
    if (!fs.existsSync(copy)) {
      writeAtomically(copy, original);
    } else if (known[name] !== sha) {
      const own = digest(fs.readFileSync(copy));
      if (own === known[name]) {
        writeAtomically(copy, original);
        said.push(`${name} was updated: you had not changed it.`);
      } else if (own !== sha) {
        const beside = name.replace(/\.ipynb$/, '.updated.ipynb');
        writeAtomically(path.join(work, beside), original);
        said.push(`${name} has changed, and so has your copy: yours stays, the new one is ${beside}.`);
      }
    }
    known[name] = sha;
  }
  writeAtomically(record, `${JSON.stringify(known, null, 1)}\n`);
  return said;
}

function digest(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
