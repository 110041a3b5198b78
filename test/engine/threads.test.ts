import assert from 'node:assert/strict';
import {availableParallelism} from 'node:os';
import test from 'node:test';
import {Worker} from 'node:worker_threads';
import {startEngine} from '../../lib/engine/index';
import {processorQuota, threadCount} from '../../lib/engine/threads';

const quotaOf = (files: Record<string, string>): number => processorQuota((file) => files[file]);

test('the quota is the least of the groups that the process is in, of either version', () => {
  assert.equal(quotaOf({}), Number.POSITIVE_INFINITY);
  const two = {'/proc/self/cgroup': '0::/a/b\n'};
  assert.equal(quotaOf(two), Number.POSITIVE_INFINITY);
  assert.equal(quotaOf({...two, '/sys/fs/cgroup/a/b/cpu.max': 'max 100000\n'}), Number.POSITIVE_INFINITY);
  assert.equal(quotaOf({...two, '/sys/fs/cgroup/a/b/cpu.max': '250000 100000\n'}), 2.5);
  const above = {'/sys/fs/cgroup/cpu.max': '100000 100000', '/sys/fs/cgroup/a/b/cpu.max': '250000 100000'};
  assert.equal(quotaOf({...two, ...above}), 1);
  const one = {'/proc/self/cgroup': '5:memory:/x\n4:cpu,cpuacct:/docker/1\n'};
  const files = {
    '/sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us': '300000\n',
    '/sys/fs/cgroup/cpu/docker/1/cpu.cfs_period_us': '100000\n',
  };
  assert.equal(quotaOf({...one, ...files}), 3);
  const none = {...files, '/sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us': '-1\n'};
  assert.equal(quotaOf({...one, ...none}), Number.POSITIVE_INFINITY);
});

test('RASTER_THREADS says how many threads; another value is refused', (t) => {
  t.after(() => delete process.env.RASTER_THREADS);
  process.env.RASTER_THREADS = '3';
  assert.equal(threadCount(), 3);
  for (const wrong of ['0', '-1', '1.5', 'two', '5000']) {
    process.env.RASTER_THREADS = wrong;
    assert.throws(() => threadCount(), new RegExp(`RASTER_THREADS must be a whole number .* got '${wrong}'`));
  }
  process.env.RASTER_THREADS = '';
  assert.ok(threadCount() >= 1 && threadCount() <= availableParallelism());
});

test('two worker threads start the engine beside this one and compute with it', async () => {
  const {name} = await startEngine();
  const program = `
    require('./scripts/setup/typescript.cjs');
    const {parentPort} = require('node:worker_threads');
    const {startEngine} = require('./lib/engine/index.ts');
    const {gate} = require('./lib/engine/gate.ts');
    const tf = require('@tensorflow/tfjs');
    startEngine().then(({name}) => {
      const y = gate(tf.tensor4d([0.5, 1], [1, 1, 1, 2]));
      parentPort.postMessage({name, value: y.dataSync()[0]});
    });`;
  const answers = await Promise.all(
    [1, 2].map(
      () =>
        new Promise<{name: string; value: number}>((resolve, reject) => {
          const worker = new Worker(program, {eval: true});
          worker.once('message', (answer) => resolve(answer));
          worker.once('error', reject);
        }),
    ),
  );
  for (const {name: other, value} of answers) {
    assert.equal(other, name);
    assert.ok(Math.abs(value - Math.tanh(0.5) / (1 + Math.exp(-1))) < 1e-5);
  }
});
