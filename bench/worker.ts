import * as fs from 'node:fs';
import * as os from 'node:os';
import * as readline from 'node:readline';
import * as tf from '@tensorflow/tfjs';
import {createAdam} from '../lib/engine/adam';
import {startEngine} from '../lib/engine/index';
import {negativeLogLikelihood} from '../lib/likelihood';
import {createModel} from '../lib/models/index';
import {sample} from '../lib/sample';
import {decodeSafetensors} from '../lib/storage/safetensors';
import type {AutoregressiveModel, ModelConfig} from '../lib/types';
import {PlainNetwork} from './plain';

/**
 * One network of ours in a process of its own, so that its memory can be measured: `ours` is lib, `plain` is
 * plain.ts. Reads one JSON command a line and answers with one JSON line, as pytorch.py does.
 */
interface Command {
  readonly do: 'load' | 'train' | 'evaluate' | 'sample' | 'memory' | 'speed';
  readonly model: string;
  readonly config: ModelConfig;
  readonly weights: string;
  readonly times: number;
  readonly count: number;
}

interface Network {
  readonly model: AutoregressiveModel;
  train(): void;
  evaluate(): number;
}

let network: Network | undefined;

async function main(): Promise<void> {
  const started = performance.now();
  await startEngine();
  tf.tensor1d([1]).dispose();
  // The engine says what it is on stdout; the parent waits for this line.
  console.log(JSON.stringify({ready: true, seconds: (performance.now() - started) / 1000}));
  for await (const line of readline.createInterface({input: process.stdin})) {
    console.log(JSON.stringify(await answer(JSON.parse(line) as Command)));
  }
}

async function answer(command: Command): Promise<unknown> {
  if (command.do === 'speed') return {gflops: matrixPeak(), gigabytes: readSpeed()};
  if (command.do === 'memory') return {megabytes: process.resourceUsage().maxRSS / 1024};
  if (command.do === 'load') {
    network = load(command);
    return {nats: network.evaluate()};
  }
  if (network === undefined) throw new Error(`load a network before '${command.do}'`);
  const {model, train, evaluate} = network;
  if (command.do === 'sample') {
    return timed(command.times, () => sample(model, {count: command.count, seed: 0}));
  }
  return timed(command.times, command.do === 'train' ? train : evaluate);
}

async function timed(times: number, run: () => unknown): Promise<{seconds: number[]}> {
  const seconds: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await run();
    seconds.push((performance.now() - start) / 1000);
  }
  return {seconds};
}

function load({model: name, config, weights}: Command): Network {
  const {tensors} = decodeSafetensors(fs.readFileSync(weights));
  const model = createModel(name, config);
  for (const [key, variable] of model.parameters) {
    const stored = tensors.get(key);
    if (stored === undefined) throw new Error(`${weights} has no ${key}`);
    variable.assign(tf.tensor(stored.data, variable.shape));
  }
  const images = tensors.get('images');
  if (images === undefined) throw new Error(`${weights} has no images`);
  const x = tf.tensor4d(images.data as Float32Array, images.shape as [number, number, number, number]);
  if (process.argv[2] === 'plain') {
    const plain = new PlainNetwork(model);
    return {
      model,
      train: () => plain.train(x),
      evaluate: () => tf.tidy(() => plain.nats(x).dataSync()[0]),
    };
  }
  const nats = (): tf.Scalar => tf.mean(negativeLogLikelihood(model, x, model.logits(x))) as tf.Scalar;
  const adam = createAdam(model.parameters);
  const variables = [...model.parameters.values()];
  let step = 0;
  return {
    model,
    train: () => {
      const {value, grads} = tf.variableGrads(nats, variables);
      value.dataSync();
      const byName = new Map([...model.parameters].map(([key, variable]) => [key, grads[variable.name]]));
      step++;
      adam.step(byName, step, 1e-3, 0.999);
      tf.dispose([value, grads]);
    },
    evaluate: () => tf.tidy(() => nats().dataSync()[0]),
  };
}

/** Floating point operations a second of a large matrix product, the best of several, in 10⁹. */
function matrixPeak(): number {
  const size = 2048;
  const [a, b] = [tf.randomNormal([size, size]), tf.randomNormal([size, size])];
  const seconds = fastest(() => tf.matMul(a, b));
  tf.dispose([a, b]);
  return (2 * size ** 3) / seconds / 1e9;
}

/**
 * Bytes a second of a sum over 1 GiB (on a small machine an eighth of its memory), which no cache holds, the
 * best of several, in 10⁹. The array comes from the runtime, so that its pages are there.
 */
function readSpeed(): number {
  const count = Math.floor(Math.min(2 ** 30, os.totalmem() / 8) / 4);
  const numbers = tf.fill([count], 1);
  const seconds = fastest(() => tf.sum(numbers));
  numbers.dispose();
  return (4 * count) / seconds / 1e9;
}

function fastest(run: () => tf.Tensor): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 8; i++) {
    const start = performance.now();
    const result = run();
    result.dataSync();
    best = Math.min(best, performance.now() - start);
    result.dispose();
  }
  return best / 1000;
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
