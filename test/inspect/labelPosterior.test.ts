import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {labelPosterior, natsByLabel} from '../../lib/inspect/labelPosterior';
import {ensembleNats} from '../../lib/likelihood';
import {GatedPixelCnn} from '../../lib/models/gatedPixelCnn';
import {allImages, randomize} from '../properties/tools';

test('posterior: equal nats are equal shares, log 3 nats less is three times as likely, also far from 0', () => {
  assert.deepEqual([...labelPosterior([5, 5, 5, 5])], [0.25, 0.25, 0.25, 0.25]);
  for (const nats of [1, 80, 5000]) {
    const [one, three] = labelPosterior([nats, nats - Math.log(3)]);
    assert.ok(Math.abs(one - 0.25) < 1e-9 && Math.abs(three - 0.75) < 1e-9, `${one}, ${three}`);
  }
});

test('the mean over the classes is a distribution over images', async () => {
  await startEngine();
  const config = {
    height: 2,
    width: 3,
    channels: 1,
    levels: 2,
    features: 6,
    dilations: [1],
    firstSize: 3,
    size: 3,
  };
  const model = GatedPixelCnn.create({...config, head: 6, classes: 3});
  randomize(model.parameters, 3);
  const shares: number[] = [];
  const onProgress = (share: number): number => shares.push(Number(share.toFixed(2)));
  const nats = await natsByLabel(model, allImages(model.image), {onProgress});
  assert.deepEqual(shares, [0.33, 0.67, 1]);
  assert.notDeepEqual(nats[0], nats[1]);
  const sum = ensembleNats(nats).reduce((total, value) => total + Math.exp(-value), 0);
  assert.ok(Math.abs(sum - 1) < 1e-5, `sum is ${sum}`);
  model.dispose();
  const none = GatedPixelCnn.create({...config, head: 6, classes: 0});
  await assert.rejects(natsByLabel(none, allImages(none.image)), /the model must be conditioned on classes/);
  none.dispose();
});
