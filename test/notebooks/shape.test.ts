import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {projectRoot} from '../../lib/storage/paths';
import {findChromium} from '../../scripts/notebooks/browser';
import {largestNotebook} from '../../scripts/notebooks/execute';
import {figureList} from '../../scripts/notebooks/figures';
import {chartOf, type Notebook, stringify, textOf, tidy} from '../../scripts/notebooks/notebook';

const folder = path.join(projectRoot(), 'notebooks');
const figures = path.join(projectRoot(), 'figures');
const mostLines = 20;
/** What a cell may import; all else belongs into lib. */
const imports = ['./lib/index', './lib/course/index', 'tslab', 'danfojs-node', '@tensorflow/tfjs'];

for (const name of fs.readdirSync(folder).filter((file) => file.endsWith('.ipynb'))) {
  const text = fs.readFileSync(path.join(folder, name), 'utf8');
  const notebook = JSON.parse(text) as Notebook;
  const code = notebook.cells.filter((cell) => cell.cell_type === 'code');

  test(`${name}: as the script leaves it`, () => {
    assert.match(name, /^\d\d-[a-z0-9-]+\.ipynb$/);
    assert.ok(Buffer.byteLength(text) <= largestNotebook, `${Buffer.byteLength(text)} bytes`);
    const pictures = new Map<unknown, unknown>();
    for (const output of code.flatMap((cell) => cell.outputs ?? [])) {
      const chart = chartOf(output);
      if (chart) pictures.set(chart, output.data?.['image/png'] ?? null);
    }
    const again = tidy(notebook, (chart) => pictures.get(chart) as string | null);
    assert.ok(stringify(again) === text, 'run `npm run publish-notebooks`');
  });

  test(`${name}: executed without an error, every chart with its picture and its words`, () => {
    const outputs = code.flatMap((cell) => cell.outputs ?? []);
    assert.ok(outputs.length > 0, 'not executed');
    for (const {output_type, name: stream, text: words, data = {}} of outputs) {
      assert.notEqual(output_type, 'error');
      assert.notEqual(stream, 'stderr', textOf(words));
      for (const mime of ['text/html', 'image/svg+xml', 'text/javascript']) assert.ok(!(mime in data), mime);
      const drawn = 'image/png' in data || 'application/vnd.plotly.v1+json' in data;
      if (!drawn) continue;
      assert.ok(
        'image/png' in data,
        `no picture${findChromium() ? '' : ': it was executed without a Chromium'}`,
      );
      assert.match(textOf(data['text/plain'] as string), /\S: \S/, 'no words');
    }
  });

  test(`${name}: short cells that import only lib and the named packages`, () => {
    code.forEach((cell) => {
      const source = textOf(cell.source);
      const lines = source.trim().split('\n').length;
      assert.ok(lines <= mostLines, `${cell.id} has ${lines} lines, more than ${mostLines}:\n${source}`);
      for (const [, module] of source.matchAll(/\b(?:import\b[^;'"]*|require\()['"]([^'"]+)['"]/g)) {
        assert.ok(imports.includes(module), `${cell.id} imports ${module}`);
      }
    });
  });

  test(`${name}: a title, two or more exercises with their checks, and what to read next`, () => {
    const sources = notebook.cells.map((cell) => textOf(cell.source));
    assert.match(sources[0] ?? '', /^# /);
    const from = sources.findIndex((source) => /^## Exercises$/m.test(source));
    assert.ok(from > 0, 'no heading "## Exercises"');
    const last = sources.slice(from).join('\n');
    assert.ok((last.match(/^\*\*\d+\. /gm) ?? []).length >= 2, 'fewer than two exercises "**1. …**"');
    assert.ok((last.match(/\bcheck[A-Z]\w*\(/g) ?? []).length >= 2, 'fewer than two calls of a check');
    assert.match(last, /^## What to read next$/m);
  });
}

test('figures/README.md lists the figures as they are, and each names a notebook that exists', () => {
  const list = figureList(figures);
  assert.equal(fs.readFileSync(path.join(figures, 'README.md'), 'utf8'), list);
  for (const [, file] of list.matchAll(/\]\(\.\.\/notebooks\/([^)]+)\)/g)) {
    assert.ok(fs.existsSync(path.join(folder, file)), file);
  }
});
