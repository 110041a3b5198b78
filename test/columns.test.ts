import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';

/** What the formatter leaves alone: it does not wrap comments. */
const WIDTH = 110;
const ROOMS = ['lib', 'playground', 'scripts', 'bench', 'test', 'solutions'];
const KINDS = /\.(tsx?|mjs|cjs|cc|h|py)$/;
const COMMENT = /^\s*(\/\/|\/\*|\*|#)/;

test(`no comment is wider than ${WIDTH} columns, but for an address`, () => {
  const root = path.resolve(__dirname, '..');
  const files = ROOMS.flatMap((room) =>
    fs
      .readdirSync(path.join(root, room), {recursive: true, encoding: 'utf8'})
      .map((file) => path.join(room, file)),
  ).filter((file) => KINDS.test(file));
  assert.ok(files.length > 300, `${files.length} files`);
  const wide = files.flatMap((file) => {
    const lines = fs.readFileSync(path.join(root, file), 'utf8').split('\n');
    return lines.flatMap((line, i) =>
      [...line].length > WIDTH && COMMENT.test(line) && !/https?:\/\//.test(line)
        ? [`${file}:${i + 1}: ${line.trim()}`]
        : [],
    );
  });
  assert.deepEqual(wide, []);
});
