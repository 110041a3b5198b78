import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {encodePng} from '../../lib/figures/png';
import {type Display, isPicture, plotlyMime, show} from '../../lib/figures/show';
import type {Chart, JsonObject} from '../../lib/figures/style';
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

const isFrame = (figure: ReturnType<typeof paperFigure>): figure is Chart => 'layout' in figure;

test('without the picture: a frame of its size with what it shows, the number, the link and the command', () => {
  const frame = paperFigure('pixelrnn', 7);
  assert.ok(isFrame(frame));
  const words = (frame.layout.annotations as JsonObject[]).map(({text}) => String(text)).join(' ');
  const sentence = words.replace(/<br>/g, ' ');
  assert.match(String(frame.layout.meta.title), /PixelRNN, figure 7, page 7/);
  assert.match(sentence, /Reported: 3\.00 bits per dimension/);
  assert.match(sentence, /<a href="https:\/\/arxiv\.org\/pdf\/1601\.06759#page=7">/);
  assert.match(sentence, /npm run paper-figures sets it here/);
  assert.ok(Number(frame.layout.width) > 500 && Number(frame.layout.height) > 150);
  const shown: [string, unknown][] = [];
  const display: Display = {raw: (mime, data) => shown.push([mime, data])};
  show(display, frame);
  assert.deepEqual(shown, [[plotlyMime, frame]]);
});

test('every figure has its words, and none leaves its frame', () => {
  for (const paper of Object.keys(PAPERS) as PaperName[]) {
    for (const figure of Object.keys(PAPERS[paper].figures).map(Number)) {
      const frame = paperFigure(paper, figure);
      assert.ok(isFrame(frame));
      const [, words] = frame.layout.annotations as JsonObject[];
      assert.ok(String(words.text).split('<br>').length * 18 < 170, `${paper} ${figure}`);
    }
  }
});

test('with the picture: its pixels, few colors or many; PAPER_FIGURES=off hides it', () => {
  for (const colors of [5, 700]) {
    const pixels = cutOut('made', 1, colors);
    const picture = paperFigure('made', 1);
    assert.ok(isPicture(picture));
    assert.deepEqual(picture.pixels, pixels);
    assert.equal(picture.text.title, 'From the paper: MADE, figure 1');
  }
  process.env.PAPER_FIGURES = 'off';
  assert.ok(isFrame(paperFigure('made', 1)));
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
    /the figure of Gated PixelCNN must be one of 1, 2, 3, got '4'/,
  );
});

test('a damaged picture is named, with the way to a whole one', () => {
  cutOut('gated', 2, 700);
  const file = paperFigureFile('gated', 2);
  fs.truncateSync(file, 200);
  assert.throws(() => paperFigure('gated', 2), /gated-figure-2\.png cannot be read.*npm run paper-figures/);
  fs.writeFileSync(file, '');
  assert.throws(() => paperFigure('gated', 2), /cannot be read/);
});
