import assert from 'node:assert/strict';
import test from 'node:test';
import {motionChart} from '../../lib/figures/motionChart';
import {pictureChart} from '../../lib/figures/pictureChart';
import {imageGrid} from '../../lib/figures/png';

const text = {title: 'Bits', description: 'A bit that moves.'};
const picture = (...pixels: number[]) =>
  imageGrid({
    ...text,
    images: {pixels: Uint8Array.from(pixels), count: 1, height: 1, width: pixels.length, channels: 1},
  });

test('a motion chart shows its last picture, and each at its name', () => {
  const [first, last] = [picture(1, 0), picture(0, 1)];
  const {data, frames = [], layout} = motionChart([first, last], ['one', 'two']);
  assert.deepEqual(data, pictureChart(last).data);
  assert.deepEqual(
    frames.map(({name}) => name),
    ['one', 'two'],
  );
  assert.equal(frames[0].data[0].source, pictureChart(first).data[0].source);
  assert.ok((layout.height as number) > (pictureChart(last).layout.height as number));
  const [slider] = layout.sliders as unknown as {steps: {args: unknown[]}[]}[];
  assert.deepEqual(
    slider.steps.map(({args}) => args[0]),
    [['one'], ['two']],
  );
});

test('pictures of one size, two at least, each with a name', () => {
  assert.throws(() => motionChart([picture(1)], ['one']), /two pictures at least/);
  assert.throws(() => motionChart([picture(1), picture(0)], ['one']), /got 2 and 1 names/);
  assert.throws(() => motionChart([picture(1, 0), picture(1)], ['a', 'b']), /all pictures must be/);
});
