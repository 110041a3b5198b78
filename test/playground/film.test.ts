import assert from 'node:assert/strict';
import test from 'node:test';
import {decodeApng} from 'fast-png';
import {animatedPng} from '../../scripts/playground/film';

test('an animated PNG holds its frames, of which each is only the box of what changed', () => {
  const [width, height] = [5, 4];
  const frames = [0, 1, 2, 3].map((k) => {
    const frame = new Uint8Array(width * height * 3).fill(40);
    if (k > 0 && k < 3) frame.set([200, 10 * k, 7], 3 * (2 * width + k));
    return frame;
  });
  const bytes = animatedPng({width, height, frames});
  const decoded = decodeApng(bytes);
  assert.equal(decoded.numberOfFrames, 4);
  assert.deepEqual([decoded.width, decoded.height], [width, height]);
  const palette = decoded.palette ?? [];
  decoded.frames.forEach(({data}, k) => {
    const colors = [...(data as Uint8Array)].flatMap((index) => palette[index].slice(0, 3));
    assert.deepEqual(colors, [...frames[k]], `frame ${k}`);
  });
});
