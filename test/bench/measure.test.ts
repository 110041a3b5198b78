import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {timeNetwork, timeSampling} from '../../bench/measure';
import {benchNetworks} from '../../bench/networks';
import type {ModelConfig} from '../../lib/types';

const speed = {all: {gflops: 1e3, gigabytes: 1e3}, one: {gflops: 1e3, gigabytes: 1e3}};

test('a network of color is timed and sampled without plain tfjs, each row with its limit', async () => {
  const network = benchNetworks().find(({name}) => name === 'pixelcnn-cifar10');
  assert.ok(network !== undefined);
  assert.deepEqual([network.plain, network.batches, network.samples], [false, [16], [1, 10]]);
  const config = {...network.config, height: 6, width: 6, features: 6, dilations: [1, 2], head: 6};
  const small = {...network, config: config as ModelConfig};
  const told: number[] = [];
  const timing = {rounds: 1, torch: null, speed, onProgress: (share: number) => told.push(share)};
  const rows = [...(await timeNetwork(small, 2, timing)), ...(await timeSampling(small, 3, timing))];
  assert.deepEqual(
    rows.map(({model, what, batch}) => `${model} ${what} ${batch}`),
    [
      'pixelcnn-cifar10 train 2',
      'pixelcnn-cifar10 evaluate 2',
      'pixelcnn-cifar10 sample-naive 3',
      'pixelcnn-cifar10 sample-cached 3',
    ],
  );
  for (const {oursPerSecond, limitPerSecond, plainPerSecond, pytorchPerSecond, compiling} of rows) {
    assert.ok(oursPerSecond > 0 && limitPerSecond !== null && oursPerSecond < limitPerSecond);
    assert.deepEqual([plainPerSecond, pytorchPerSecond, compiling], [null, null, null]);
  }
  // A pass gives one value of 108.
  assert.ok(rows[2].oursPerSecond < rows[1].oursPerSecond);
  assert.ok(told.length > 6 && told.every((share) => share >= 0 && share <= 1));
  const left = fs.readdirSync(path.join(__dirname, '..', '..', '.cache'));
  assert.ok(!left.includes(`bench-${process.pid}.safetensors`), 'the file of weights is removed');
});
