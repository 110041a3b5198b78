import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {withLogits} from '../../lib/course/withLogits';
import {tabulate} from '../../lib/inspect/joint';
import {Made} from '../../lib/models/made';
import {MADE_PRESETS} from '../../lib/models/madePresets';

test('a model with other logits is taken as any model, and owns nothing', async () => {
  const made = Made.create({...MADE_PRESETS.small, height: 2, width: 2, hidden: [8]}, 0);
  const even = withLogits(made, (x) => tf.zerosLike(x));
  assert.deepEqual([even.name, even.order, even.parameters], [made.name, made.order, made.parameters]);
  const table = await tabulate(even);
  assert.ok(table.every((p) => Math.abs(p - 1 / 16) < 1e-6));
  even.dispose();
  assert.equal((await tabulate(made)).length, 16, 'the parameters are still there');
  made.dispose();
});
