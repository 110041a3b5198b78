import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {natsPerValue} from '../../lib/inspect/natsPerValue';
import {pixelProbabilities} from '../../lib/inspect/pixelProbabilities';
import {PixelCnn} from '../../lib/models/pixelCnn';
import {randomImages, randomize} from '../properties/tools';

test.before(() => startEngine());

for (const [channels, levels] of [
  [1, 2],
  [3, 2],
  [3, 5],
]) {
  test(`${channels} channels of ${levels} levels: distributions that agree with the likelihood`, () => {
    const config = {height: 3, width: 4, channels, levels, firstSize: 3, size: 3, features: 12, head: 12};
    const model = PixelCnn.create({...config, dilations: [1]}, 1);
    randomize(model.parameters, 7, 1.3);
    const image = randomImages(1, model.image, 3, levels - 1);
    const nats = natsPerValue(model, image);
    for (let place = 0; place < 12; place++) {
      const all = pixelProbabilities(model, image, {row: Math.floor(place / 4), column: place % 4});
      assert.equal(all.length, channels);
      all.forEach((p, channel) => {
        assert.equal(p.length, levels);
        assert.ok(Math.abs(p.reduce((a, b) => a + b, 0) - 1) < 1e-9);
        const at = place * channels + channel;
        assert.ok(Math.abs(-Math.log(p[image.pixels[at]]) - nats[at]) < 1e-4);
      });
    }
    assert.throws(() => pixelProbabilities(model, image, {row: 3, column: 0}), /inside 3 x 4, got row 3/);
    assert.throws(
      () => pixelProbabilities(model, randomImages(2, model.image, 3), {row: 0, column: 0}),
      /one image, got 2/,
    );
    model.dispose();
  });
}
