import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {oddImages} from '../../lib/course/oddImages';
import {keepOwnData} from '../../lib/data/ownData';
import {scoringImages} from '../../lib/data/sources';

const before = process.env.AUTOREGRESSIVE_DATA;
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'odd-images-'));
process.env.AUTOREGRESSIVE_DATA = place;
test.after(() => {
  if (before === undefined) delete process.env.AUTOREGRESSIVE_DATA;
  else process.env.AUTOREGRESSIVE_DATA = before;
  fs.rmSync(place, {recursive: true});
});

test('each kind is what its name says, the same for a seed; data sets of the same form are shown too', async () => {
  const digits = await scoringImages('validation');
  const odd = await oddImages(digits, 40, 0);
  const ink = (name: string): number => {
    const images = odd.find((one) => one.name === name)?.images;
    assert.deepEqual([images?.count, images?.height, images?.width, images?.channels], [40, 28, 28, 1]);
    assert.ok(images?.pixels.every((value) => value === 0 || value === 1));
    return (images?.pixels.reduce((sum, value) => sum + value, 0) ?? 0) / (40 * 784);
  };
  assert.deepEqual(
    odd.map(({name}) => name),
    ['digits', 'mirrored digits', 'black on white', 'disks and squares', 'noise', 'empty pages'],
  );
  assert.equal(ink('mirrored digits'), ink('digits'));
  assert.ok(Math.abs(ink('black on white') + ink('digits') - 1) < 1e-12);
  assert.ok(Math.abs(ink('noise') - ink('digits')) < 0.01);
  assert.ok(ink('disks and squares') > 0.05 && ink('disks and squares') < 0.25);
  assert.equal(ink('empty pages'), 0);
  const part = (side: number) => ({
    images: {
      pixels: new Uint8Array(3 * side * side).fill(200),
      count: 3,
      height: side,
      width: side,
      channels: 1,
    },
    sources: [],
  });
  for (const [name, side] of [
    ['fashion', 28],
    ['small', 8],
  ] as const) {
    const parts = {train: part(side), validation: part(side), test: part(side)};
    const form = {height: side, width: side, channels: 1, levels: 2, binarization: 'threshold' as const};
    keepOwnData(name, {...form, classes: [], notes: [], sources: [], parts});
  }
  const more = await oddImages(digits, 40, 0);
  assert.deepEqual(more.slice(0, odd.length), odd);
  assert.deepEqual(
    more.slice(odd.length).map(({name, images}) => [name, images.count]),
    [['fashion', 3]],
  );
});
