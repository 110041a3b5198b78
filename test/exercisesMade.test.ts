import assert from 'node:assert/strict';
import test from 'node:test';
import {knownFirst} from '../lib/complete';
import {startEngine} from '../lib/engine/index';
import {checkAveraged, checkEnsemble, checkOrder} from '../lib/exercisesMade';
import {occlude} from '../lib/images/occlude';
import {MADE_PRESETS} from '../lib/models/made';

const shape = {height: 3, width: 3, channels: 1};

test('the ensemble: a stable logarithm of the mean is right, a mean of nats and plain exponentials are not', async () => {
  const stable = (nats: readonly number[]): number => {
    const least = Math.min(...nats);
    return least - Math.log(nats.reduce((sum, n) => sum + Math.exp(least - n), 0) / nats.length);
  };
  const mean = (nats: readonly number[]): number => nats.reduce((a, b) => a + b, 0) / nats.length;
  assert.match(await checkEnsemble(stable), /^Right/);
  assert.match(await checkEnsemble(mean), /^Not yet.*1, 2, 4 nats/);
  assert.match(
    await checkEnsemble((nats) => -Math.log(mean(nats.map((n) => Math.exp(-n))))),
    /^Not yet.*900.*Infinity/,
  );
  assert.match(await checkEnsemble(() => undefined), /^Not yet.*write your answer/);
});

test('the order: known pixels first, each pixel once', async () => {
  const mask = occlude(shape, 'right');
  const raster = Int32Array.from({length: 9}, (_, i) => i);
  assert.match(await checkOrder(knownFirst(raster, mask), mask), /^Right/);
  assert.match(await checkOrder(raster, mask), /^Not yet.*4 known pixels/);
  assert.match(await checkOrder(new Int32Array(9), mask), /^Not yet.*once/);
  assert.match(await checkOrder(undefined, mask), /^Not yet.*each of the 9 pixels/);
});

test('averaged logits: a likelihood when all sets of masks share one order', async () => {
  await startEngine();
  const config = {...MADE_PRESETS.small, ...shape, hidden: [40], direct: false, masks: 4};
  assert.match(await checkAveraged({...config, orderAgnostic: false}), /^Right/);
  assert.match(await checkAveraged({...config, orderAgnostic: true}), /^Not yet.*not 1/);
  assert.match(await checkAveraged({...config, masks: 1}), /^Not yet.*2 sets/);
});
