import assert from 'node:assert/strict';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {timeGrowth} from '../../bench/growth';
import {type BenchNetwork, growthNetworks} from '../../bench/networks';
import {PlainNetwork} from '../../bench/plain';
import {createAdam} from '../../lib/engine/adam';
import {startEngine} from '../../lib/engine/index';
import {negativeLogLikelihood} from '../../lib/likelihood';
import {createModel} from '../../lib/models/index';
import type {AutoregressiveModel, ModelConfig} from '../../lib/types';
import {randomize} from '../properties/tools';

test.before(() => startEngine());

/** The networks that are timed, at a size that takes no time. */
function small(network: BenchNetwork): BenchNetwork {
  const {model, config} = network;
  const changes: Record<string, object> = {
    made: {hidden: [9, 7]},
    pixelcnn: {features: 5, dilations: [1, 1], head: 6},
    gated: {features: 5, dilations: [1, 1], head: 6},
    rowlstm: {features: 4, layers: 2, head: 6},
    diagonal: {features: 4, layers: 2, head: 6},
  };
  return {...network, config: {...config, height: 6, width: 6, ...changes[model]} as ModelConfig};
}

const binary = (batch: number): tf.Tensor4D =>
  tf.cast(tf.greater(tf.randomUniform([batch, 6, 6, 1], 0, 1, 'float32', 3), 0.5), 'float32') as tf.Tensor4D;

/** Mean nats of our network. */
const nats = (model: AutoregressiveModel, x: tf.Tensor4D): tf.Scalar =>
  tf.mean(negativeLogLikelihood(model, x, model.logits(x))) as tf.Scalar;

for (const network of growthNetworks().map(small)) {
  test(`${network.model}: the plain network gives the nats of ours, and its steps go the same way`, async () => {
    const model = createModel(network.model, network.config);
    randomize(model.parameters, 3);
    const plain = new PlainNetwork(model);
    const x = binary(4);
    const of = (side: () => tf.Scalar): number => tf.tidy(() => side().dataSync()[0]);
    const ours = of(() => nats(model, x));
    assert.ok(Math.abs(of(() => plain.nats(x)) - ours) < 1e-4, `${of(() => plain.nats(x))}, ours ${ours}`);
    plain.train(x);
    const adam = createAdam(model.parameters);
    const {value, grads} = tf.variableGrads(() => nats(model, x), [...model.parameters.values()]);
    const named = new Map([...model.parameters].map(([key, variable]) => [key, grads[variable.name]]));
    adam.step(named, 1, 1e-3, 0.999);
    const [stepped, plainStepped] = [of(() => nats(model, x)), of(() => plain.nats(x))];
    assert.ok(stepped < ours, `${stepped} after a step, ${ours} before`);
    // tfjs has another epsilon in its Adam: alike, not the same.
    assert.ok(
      Math.abs(stepped - plainStepped) < 0.02 * (ours - stepped) + 1e-3,
      `${stepped}, plain ${plainStepped}`,
    );
    tf.dispose([value, grads, x]);
    plain.dispose();
    adam.dispose();
    model.dispose();
  });

  test(`${network.model}: its growth is timed`, async () => {
    const row = await timeGrowth(network, 4);
    assert.equal(row.side, 4);
    assert.ok(row.naiveSeconds > 0 && row.cachedSeconds > 0);
  });
}
