import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {readIfThere} from '../../lib/storage/files';

test('a file that is not there is null; what is no file is an error', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'read-'));
  const file = path.join(folder, 'bytes');
  assert.equal(readIfThere(file), null);
  fs.writeFileSync(file, 'ab');
  assert.equal(readIfThere(file)?.toString(), 'ab');
  assert.throws(() => readIfThere(folder), /EISDIR/);
  fs.rmSync(folder, {recursive: true});
});
