import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {threadCount} from '../../lib/engine/threads';
import {projectRoot} from '../../lib/storage/paths';
import {findChromium} from '../../scripts/notebooks/browser';
import {executeNotebooks, type NotebookProgress} from '../../scripts/notebooks/execute';
import {writeHtml} from '../../scripts/notebooks/html';
import {type Cell, type Notebook, stringify, textOf, tidy} from '../../scripts/notebooks/notebook';

const fixture = path.join(__dirname, 'fixtures', 'chart.ipynb');

function notebookOf(...sources: string[]): Notebook {
  const cells = sources.map((source): Cell => ({cell_type: 'code', metadata: {}, source, outputs: []}));
  return {cells, metadata: {}, nbformat: 4, nbformat_minor: 5};
}

function inFolder(work: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'notebook-test-'));
    try {
      await work(folder);
    } finally {
      fs.rmSync(folder, {recursive: true});
    }
  };
}

test(
  'a notebook is executed in a fresh kernel, its chart gets a picture and a sentence',
  inFolder(async (folder) => {
    const file = path.join(folder, 'chart.ipynb');
    fs.copyFileSync(fixture, file);
    const seen: NotebookProgress[] = [];
    const [result] = await executeNotebooks([file], {
      onProgress: (progress) => seen.push(progress),
    });
    assert.deepEqual(
      seen.map(({done, cells}) => `${done}/${cells}`),
      ['0/4', '1/4', '2/4', '3/4', '4/4'],
    );
    assert.equal(result.charts, 1);
    const text = fs.readFileSync(file, 'utf8');
    const {cells} = JSON.parse(text) as Notebook;
    const outputs = cells.flatMap((cell) => cell.outputs ?? []);
    const [chart] = outputs.filter(
      ({data}) => data !== undefined && 'application/vnd.plotly.v1+json' in data,
    );
    assert.equal(chart.data?.['text/plain'], 'A parabola rises: The curve y = x squared for x from 0 to 3.');
    if (findChromium() !== null) {
      const picture = Buffer.from(String(chart.data?.['image/png']), 'base64');
      assert.ok(picture.length > 4000, `${picture.length} bytes`);
      assert.ok(picture.length < 60_000, `${picture.length} bytes`);
    }
    assert.match(
      textOf(outputs.map(({data}) => textOf(data?.['text/plain'] as string)).join()),
      /100 % {2}80.00 nats/,
    );
    assert.ok(cells.every((cell) => cell.execution_count === null || cell.cell_type !== 'code'));
  }),
);

test(
  'a chart that comes out as it is committed keeps its picture; one to be committed is drawn anew',
  {skip: findChromium() === null ? 'no Chromium' : false},
  inFolder(async (folder) => {
    const file = path.join(folder, 'chart.ipynb');
    const picture = (): string => {
      const {cells} = JSON.parse(fs.readFileSync(file, 'utf8')) as Notebook;
      const data = cells.flatMap((cell) => cell.outputs ?? []).map((output) => output.data);
      return textOf(data.find((kinds) => kinds?.['image/png'] !== undefined)?.['image/png'] as string).trim();
    };
    fs.copyFileSync(fixture, file);
    await executeNotebooks([file]);
    const drawn = picture();
    const mark = Buffer.from('a mark').toString('base64');
    fs.writeFileSync(
      file,
      fs.readFileSync(file, 'utf8').replace(drawn.slice(0, 60), mark + drawn.slice(8, 60)),
    );
    const marked = picture();
    assert.notEqual(marked, drawn);
    await executeNotebooks([file]);
    assert.equal(picture(), drawn);
    fs.writeFileSync(
      file,
      fs.readFileSync(file, 'utf8').replace(drawn.slice(0, 60), mark + drawn.slice(8, 60)),
    );
    await executeNotebooks([file], {private: true});
    assert.equal(picture(), marked);
  }),
);

test(
  "what is committed never shows a paper's own picture",
  inFolder(async (folder) => {
    const file = path.join(folder, 'papers.ipynb');
    fs.writeFileSync(file, stringify(notebookOf('console.log(process.env.PAPER_FIGURES);')));
    await executeNotebooks([file]);
    const {cells} = JSON.parse(fs.readFileSync(file, 'utf8')) as Notebook;
    assert.equal(textOf(cells[0].outputs?.[0].text), 'off\n');
    await executeNotebooks([file], {private: true});
    const own = JSON.parse(fs.readFileSync(file, 'utf8')) as Notebook;
    assert.equal(textOf(own.cells[0].outputs?.[0].text), 'undefined\n', 'on the own machine they are shown');
  }),
);

test(
  'a cell that fails is named with its source and the words of the kernel; nothing is changed',
  inFolder(async (folder) => {
    const file = path.join(folder, 'broken.ipynb');
    const before = stringify(
      notebookOf('const a = 1;', '', "throw new RangeError('size must be odd, got 2');"),
    );
    fs.writeFileSync(file, before);
    await assert.rejects(executeNotebooks([file]), (error: Error) => {
      assert.match(error.message, /^broken.ipynb, cell 3, failed/);
      assert.match(error.message, /size must be odd, got 2/);
      return true;
    });
    assert.equal(fs.readFileSync(file, 'utf8'), before);
  }),
);

test(
  'two at once: each is executed with its share of the processors; where one fails none is changed',
  inFolder(async (folder) => {
    const names = ['first.ipynb', 'second.ipynb', 'third.ipynb'];
    const files = names.map((name) => path.join(folder, name));
    for (const [k, file] of files.entries()) {
      const cell = `console.log(${k}, process.env.RASTER_THREADS);`;
      const more = file === files[2] ? ['const c = 3;'] : [];
      fs.writeFileSync(file, stringify(notebookOf(cell, 'const b = 2;', ...more)));
    }
    const shares: number[] = [];
    const started = new Set<string>();
    const results = await executeNotebooks(files, {
      together: 2,
      onProgress: ({notebook, secondsToGo}) => {
        started.add(notebook);
        shares.push(secondsToGo ?? -1);
      },
    });
    assert.equal([...started].pop(), 'second.ipynb', 'the one of most cells starts with the first two');
    assert.deepEqual(
      results.map(({notebook}) => notebook),
      names,
    );
    for (const [k, file] of files.entries()) {
      const {cells} = JSON.parse(fs.readFileSync(file, 'utf8')) as Notebook;
      const threads = Math.max(1, Math.floor(threadCount() / 2));
      assert.equal(textOf(cells[0].outputs?.[0].text), `${k} ${threads}\n`);
    }
    assert.equal(shares.at(-1), 0, 'at the end nothing is to go');

    const before = files.map((file) => fs.readFileSync(file, 'utf8'));
    fs.writeFileSync(files[1], stringify(notebookOf("throw new RangeError('size must be odd, got 2');")));
    before[1] = fs.readFileSync(files[1], 'utf8');
    await assert.rejects(executeNotebooks(files, {together: 2}), /^Error: second.ipynb, cell 1, failed/);
    assert.deepEqual(
      files.map((file) => fs.readFileSync(file, 'utf8')),
      before,
    );
  }),
);

test('a missing Python is one sentence', async () => {
  await assert.rejects(
    executeNotebooks([fixture], {python: '/nowhere/python'}),
    /could not start \/nowhere\/python/,
  );
});

test('tidied twice is tidied once; what changes from run to run is gone', () => {
  const raw = notebookOf('1 + 1');
  const [cell] = raw.cells;
  const stream = (name: string, text: string) => ({output_type: 'stream', name, text}) as const;
  const outputs = [
    stream('stderr', '(node:123) Warning: old\n(Use `node --trace-warnings ...` to see)\n'),
    stream('stdout', 'a\n'),
    stream('stdout', 'b\n'),
  ];
  const cells = [{...cell, metadata: {tags: ['exercise'], trusted: true}, execution_count: 5, outputs}];
  const once = tidy({...raw, cells, metadata: {jupytext: {}}}, () => null);
  assert.deepEqual(once.cells[0], {
    cell_type: 'code',
    execution_count: null,
    id: 'cell-01',
    metadata: {tags: ['exercise']},
    outputs: [{name: 'stdout', output_type: 'stream', text: ['a\n', 'b\n']}],
    source: ['1 + 1'],
  });
  assert.deepEqual(
    tidy(once, () => null),
    once,
  );
  // What a student is to guess first is not told beforehand.
  const guess = tidy({...raw, cells: [{...cells[0], metadata: {tags: ['prediction']}}]}, () => null);
  assert.deepEqual(guess.cells[0].outputs, []);
});

test(
  'an executed notebook as a page shows every chart, and asks for no module of Jupyter',
  inFolder(async (folder) => {
    const file = path.join(folder, 'made.ipynb');
    const notebooks = path.join(projectRoot(), 'notebooks');
    const [name] = fs.readdirSync(notebooks).filter((each) => each.startsWith('03-'));
    fs.copyFileSync(path.join(notebooks, name), file);
    await writeHtml([file]);
    const html = fs.readFileSync(path.join(folder, 'made.html'), 'utf8');
    const {cells} = JSON.parse(fs.readFileSync(file, 'utf8')) as Notebook;
    const pictures = cells.flatMap(({outputs = []}) => outputs.filter(({data}) => data?.['image/png']));
    assert.ok(pictures.length > 3);
    assert.equal(html.match(/<img[^>]+src="data:image\/png/g)?.length, pictures.length);
    assert.ok(!html.includes('require.min.js'));
  }),
);
