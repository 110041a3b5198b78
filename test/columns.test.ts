import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';

/** What no formatter does here: it leaves comments alone, and nobody formats C++. */
const WIDTH = 110;
const ROOMS = ['lib', 'playground', 'scripts', 'bench', 'test', 'solutions', 'pytorch'];
const KINDS = /\.(tsx?|mjs|cjs|cc|h|py)$/;
const COMMENT = /^\s*(\/\/|\/\*|\*|#)/;
const ADDRESS = /https?:\/\//;
/** What is said in quotes stays in one piece, so that it can be searched for. */
const QUOTED = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|\/\S.{100,}\//g;

function isTooWide(line: string): boolean {
  const width = (text: string): number => [...text].length;
  if (width(line) <= WIDTH || ADDRESS.test(line)) return false;
  return COMMENT.test(line) || width(line.replace(QUOTED, '')) > WIDTH;
}

test(`no line is wider than ${WIDTH} columns, but for an address or a sentence in quotes`, () => {
  const root = path.resolve(__dirname, '..');
  const files = ROOMS.flatMap((room) =>
    fs
      .readdirSync(path.join(root, room), {recursive: true, encoding: 'utf8'})
      .map((file) => path.join(room, file)),
  ).filter((file) => KINDS.test(file));
  assert.ok(files.length > 300, `${files.length} files`);
  const wide = files.flatMap((file) =>
    fs
      .readFileSync(path.join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => (isTooWide(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
  assert.deepEqual(wide, []);
});
