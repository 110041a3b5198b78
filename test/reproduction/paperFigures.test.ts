import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {encodePng} from '../../lib/figures/png';
import {type Display, isPicture, show} from '../../lib/figures/show';
import {PAPERS, type PaperName, paperFigure, paperFigureFile} from '../../lib/reproduction/paperFigures';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'paper-figures-'));
process.env.AUTOREGRESSIVE_DATA = folder;
test.after(() => fs.rmSync(folder, {recursive: true}));

/** Writes a picture of that many colors as if it had been cut out. */
function cutOut(paper: PaperName, figure: number, colors: number): Uint8Array {
  const pixels = Uint8Array.from({length: 3 * colors}, (_, i) =>
    i % 3 === 0 ? Math.floor(i / 3) % 256 : i % 251,
  );
  const file = paperFigureFile(paper, figure);
  fs.mkdirSync(path.dirname(file), {recursive: true});
  fs.writeFileSync(file, encodePng({pixels, width: colors, height: 1, text: {title: '', description: ''}}));
  return pixels;
}

test('without the picture: what it shows, the number, the link and the command', () => {
  const note = paperFigure('pixelrnn', 7);
  assert.ok('markdown' in note);
  assert.match(note.markdown, /PixelRNN, figure 7/);
  assert.match(note.markdown, /Reported: 3\.00 bits per dimension/);
  assert.match(note.markdown, /<https:\/\/arxiv\.org\/abs\/1601\.06759>/);
  assert.match(note.markdown, /`npm run paper-figures -- --pdf FILE`/);
  const shown: [string, unknown][] = [];
  const display: Display = {raw: (mime, data) => shown.push([mime, data])};
  show(display, note);
  assert.deepEqual(shown, [['text/markdown', note.markdown]]);
});

test('every figure has its words', () => {
  for (const paper of Object.keys(PAPERS) as PaperName[]) {
    for (const figure of Object.keys(PAPERS[paper].figures).map(Number)) {
      assert.ok('markdown' in paperFigure(paper, figure));
    }
  }
});

test('with the picture: its pixels, few colors or many; PAPER_FIGURES=off hides it', () => {
  for (const colors of [5, 700]) {
    const pixels = cutOut('made', 1, colors);
    const picture = paperFigure('made', 1);
    assert.ok(isPicture(picture));
    assert.deepEqual(picture.pixels, pixels);
    assert.equal(picture.text.title, 'MADE, figure 1');
  }
  process.env.PAPER_FIGURES = 'off';
  assert.ok('markdown' in paperFigure('made', 1));
  delete process.env.PAPER_FIGURES;
});

test('what is not there is named with what is', () => {
  assert.throws(
    () => paperFigure('nade' as PaperName, 1),
    /unknown paper 'nade'; there are made, pixelrnn, gated/,
  );
  assert.throws(() => paperFigure('toString' as PaperName, 1), RangeError);
  assert.throws(
    () => paperFigure('gated', 4),
    /Gated PixelCNN has no figure 4 to stand beside; there are 1, 2, 3/,
  );
});

test('a damaged picture is named, with the way to a whole one', () => {
  cutOut('gated', 2, 700);
  const file = paperFigureFile('gated', 2);
  fs.truncateSync(file, 200);
  assert.throws(
    () => paperFigure('gated', 2),
    /gated-figure-2\.png cannot be read.*npm run paper-figures -- --pdf FILE/,
  );
  fs.writeFileSync(file, '');
  assert.throws(() => paperFigure('gated', 2), /cannot be read/);
});
