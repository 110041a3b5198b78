import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import * as tf from '@tensorflow/tfjs';
import {decode} from 'fast-png';
import {startEngine} from '../../lib/engine/index';
import {createModel, type ModelName} from '../../lib/models/index';
import {
  loadCheckpoint,
  loadTrainingState,
  readParameters,
  saveCheckpoint,
} from '../../lib/storage/checkpoints';
import type {ModelConfig} from '../../lib/types';
import {TRAIN_DEFAULTS} from '../../lib/types';
import {NODE_OPTIONS} from '../node';

/** The commands as a user runs them, each in a process of its own. */

const project = path.join(__dirname, '..', '..');
const data = fs.mkdtempSync(path.join(os.tmpdir(), 'commands-'));
test.after(() => fs.rmSync(data, {recursive: true}));
const engine = JSON.parse(fs.readFileSync(path.join(project, 'lib/engine/environment.json'), 'utf8'));

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  /** Without what the native library tells of itself. */
  readonly stderr: string;
}

interface Settings {
  /** Where weights and runs are kept; a temporary folder when not given, the project's own for null. */
  readonly data?: string | null;
  /** Ctrl-C a while after this is seen on stdout. */
  readonly interruptAfter?: RegExp;
}

function command(line: string, {data: place = data, interruptAfter}: Settings = {}): Promise<Finished> {
  const [name, ...args] = line.split(' ');
  const {AUTOREGRESSIVE_DATA: _, ...inherited} = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...NODE_OPTIONS, `scripts/${name}.ts`, ...args], {
      cwd: project,
      env: {...inherited, ...engine, ...(place === null ? {} : {AUTOREGRESSIVE_DATA: place})},
    });
    let stdout = '';
    let stderr = '';
    let isInterrupted = false;
    child.stdout.on('data', (piece) => {
      stdout += piece;
      if (isInterrupted || interruptAfter?.test(stdout) !== true) return;
      isInterrupted = true;
      setTimeout(() => child.kill('SIGINT'), 300);
    });
    child.stderr.on('data', (piece) => {
      stderr += piece;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const own = stderr.split('\n').filter((text) => !/^(WARNING: All log messages|[IW]0000 )/.test(text));
      resolve({code, stdout, stderr: own.join('\n')});
    });
  });
}

function everyFile(folder: string): Map<string, string> {
  const names = fs.readdirSync(folder, {recursive: true, withFileTypes: true});
  const files = names
    .filter((entry) => entry.isFile())
    .map(({parentPath, name}) => path.join(parentPath, name));
  return new Map(files.map((file) => [file, fs.readFileSync(file).toString('base64')]));
}

/** Small weights without training, where the commands look for those of a preset. */
async function storeWeights(preset: string, masks: number): Promise<void> {
  await startEngine();
  const size = {height: 28, width: 28, channels: 1};
  const rest = {
    hidden: [16],
    masks,
    orderAgnostic: masks !== 1,
    order: 'raster',
    direct: true,
    conditioned: false,
    maskSeed: 0,
  };
  storeModel('made', preset, {...size, ...rest});
}

/** A Gated PixelCNN that is told one of ten classes, likewise. */
async function storeLabeledWeights(): Promise<void> {
  await startEngine();
  const size = {height: 28, width: 28, channels: 1, levels: 2, firstSize: 3, size: 3};
  storeModel('gated', 'labeled', {...size, features: 4, dilations: [1], head: 4, classes: 10});
}

function storeModel(name: ModelName, preset: string, config: ModelConfig): void {
  const model = createModel(name, config, 1);
  // The first weights of a class are 0: told apart, they draw apart.
  for (const [parameter, value] of model.parameters) {
    if (!parameter.includes('.class.')) continue;
    tf.tidy(() => value.assign(tf.randomNormal(value.shape, 0, 3, 'float32', 1)));
  }
  const file = path.join(data, 'checkpoints', name, `${preset}.safetensors`);
  fs.mkdirSync(path.dirname(file), {recursive: true});
  saveCheckpoint(file, {
    tensors: readParameters(model.parameters),
    metadata: {
      model: name,
      config,
      recipe: {...TRAIN_DEFAULTS},
      binarization: 'dynamic',
      seed: 1,
      epoch: 0,
      step: 0,
      trainingSeconds: 0,
      history: [],
      ancestors: [],
      versions: {},
      score: {},
    },
  });
  model.dispose();
}

test.before(async () => {
  await storeWeights('any-order', 0);
  await storeWeights('one-order', 1);
  await storeLabeledWeights();
  const cut = path.join(data, 'checkpoints', 'made', 'fvsbn.safetensors');
  const whole = fs.readFileSync(path.join(data, 'checkpoints', 'made', 'one-order.safetensors'));
  fs.writeFileSync(cut, whole.subarray(0, whole.length - 100));
});

test('--help tells how, and ends with 0', {concurrency: 2}, async (t) => {
  await Promise.all(
    Object.entries({
      train: /^ -- MODEL.*--preset P/s,
      evaluate: /^ -- MODEL.*--preset P/s,
      sample: /^ -- MODEL.*--preset P/s,
      complete: /^ -- MODEL.*--preset P/s,
      study: /^ -- NAME.*MADE, figure 2/s,
      bench: /^ -- .*--models M/s,
    }).map(([name, told]) =>
      t.test(name, async () => {
        const {code, stdout, stderr} = await command(`${name} --help`);
        assert.equal(code, 0, stderr);
        assert.ok(stdout.startsWith(`npm run ${name}`), stdout);
        assert.match(stdout.slice(`npm run ${name}`.length), told);
        assert.equal(stderr, '');
      }),
    ),
  );
});

/** Command, exit code, what the message must say. 2: the command line is wrong; 1: it failed. */
const MISTAKES: [string, number, RegExp][] = [
  ['train', 2, /which model\? one of made/],
  ['train made --patience=-1', 2, /--patience must be an integer of at least 0, got '-1'/],
  ['train nosuch', 2, /unknown model 'nosuch'; there are made/],
  ['train made made', 2, /one model at a time, got also 'made'/],
  ['train made --preset nosuch', 2, /unknown preset 'nosuch' of made; there are one-order, /],
  ['train made --epochs=-1', 2, /--epochs must be an integer of at least 1, got '-1'/],
  ['train made --epochs -1', 2, /--epochs needs a value, but '-1' follows it: write --epochs=-1 if/],
  ['train made --epochs', 2, /--epochs needs a value, but nothing follows it/],
  ['train made --resume=yes', 2, /--resume takes no value, got 'yes'/],
  ['train made --seed 1 --seed 2', 2, /--seed is given twice; give it once/],
  ['train made --rate 11', 2, /--rate must be a number from 0 to 10, got '11'/],
  ['train made --hours 1', 2, /--hours is for npm run train -- all/],
  ['train all --epochs 1', 2, /--epochs is no option of npm run train -- all/],
  ['train made --resume --restart', 2, /--resume goes on with a run, --restart throws it away: choose one/],
  ['train made --epochs 1.5', 2, /--epochs must be an integer of at least 1, got '1\.5'/],
  ['train made --seed 4294967296', 2, /seed must be an integer from 0 to 4294967295, got 4294967296/],
  ['train made --nosuch', 2, /there is no option --nosuch\. The options are --preset, --epochs, /],
  ['train made --epoch 1', 2, /there is no option --epoch; --epochs is meant perhaps/],
  ['train made --resume', 2, /nothing to resume: there is no .*made-one-order-0/],
  ['grade', 2, /^which notebooks\?/],
  ['grade nowhere.ipynb', 2, /there is no file .*nowhere\.ipynb; correct the path/],
  ['paperFigures --yes --pdf a.pdf', 2, /--yes downloads the papers, --pdf takes your own; give one/],
  ['study nosuch', 2, /unknown study 'nosuch'; there are masks/],
  ['study', 2, /which study/],
  ['bench --models nosuch', 2, /unknown model 'nosuch'; there are made/],
  ['bench --models made --record', 2, /--record keeps whole runs only/],
  ['bench --models made-cifar10', 2, /unknown model 'made-cifar10'; there are made, .*, pixelcnn-cifar10$/m],
  ['bench --compile-limit soon', 2, /--compile-limit must be a number, got 'soon'/],
  ['bench --compile-limit=-1', 2, /--compile-limit must be a number from 0 to 86400, got '-1'/],
  ['bench --compile-limit 0 --record', 2, /--record keeps whole runs only: .*--compile-limit 0/],
  ['bench --growth --rounds 3', 2, /--rounds is no option of --growth/],
  ['bench --growth --models pixelcnn-cifar10', 2, /unknown model 'pixelcnn-cifar10'; there are made/],
  ['bench --growth --models made --record', 2, /--record keeps the growth of all models only/],
  ['bench --batches 16,0', 2, /--batches must be integers from 1 to 1000, got '16,0'/],
  ['evaluate nosuch', 2, /unknown model 'nosuch'; there are made/],
  ['evaluate made --split nosuch', 2, /--split must be train, validation or test, got 'nosuch'/],
  [
    'evaluate made --preset small',
    1,
    /there are no weights .*small\.safetensors: train and publish them with npm run train/,
  ],
  [
    'evaluate all --preset small',
    2,
    /--preset, --weights, --image and data of your own are for one model, got 'all'/,
  ],
  ['evaluate --weights nowhere.safetensors', 1, /nowhere\.safetensors: it cannot be read \(ENOENT\)/],
  [
    'sample made --weights lib',
    2,
    /lib is no folder of a training run: there is neither weights\.safetensors nor/,
  ],
  [
    'sample made --weights x --preset small',
    2,
    /--preset names committed weights, --weights those of a file: leave one/,
  ],
  [
    'sample made --out x.jpg',
    2,
    /--out is a PNG, so its name must end with \.png, got 'x\.jpg'; such as x\.png/,
  ],
  ['evaluate made --preset fvsbn', 1, /fvsbn\.safetensors: .*\. Copy it again from where it came/],
  ['sample made --count 0', 2, /--count must be an integer of at least 1, got '0'/],
  ['sample made --count 2.5', 2, /--count must be an integer of at least 1, got '2\.5'/],
  ['sample made --count 257', 2, /count must be an integer from 1 to 256, got 257/],
  ['sample made --temperature x', 2, /--temperature must be a number, got 'x'/],
  ['sample made --temperature 0', 2, /temperature must be a positive number, got 0/],
  ['sample made --preset orders', 1, /there are no weights .*orders\.safetensors/],
  [
    'sample made --count 1 --out /dev/null/x.png',
    1,
    /Could not write .*x\.png \(ENOTDIR\): .*correct the path/,
  ],
  [
    'sample made --count 1 --out /nowhere/x.png',
    1,
    /\(ENOENT\): its folder does not exist; create the folder/,
  ],
  ['sample made --label 7 --count 1', 2, /--label is for weights .* weights of made know no classes/],
  [
    'sample gated --preset labeled --count 1',
    2,
    /are conditioned on the class of an image: say which with --label/,
  ],
  ['sample gated --preset labeled --label 10 --count 1', 2, /a class must be an integer from 0 to 9, got 10/],
  ['sample gated --preset labeled --label x', 2, /--label must be a class such as 7, .* got 'x'/],
  ['complete made --label 7 --count 1', 2, /--label is for weights .* weights of made know no classes/],
  ['complete gated --preset labeled --label 10', 2, /a class must be an integer from 0 to 9, got 10/],
  [
    'complete made --occlude upper',
    2,
    /--occlude must be one of bottom, top, right, left, center, stripes, got 'upper'/,
  ],
  ['complete made --count 26', 2, /--count must be an integer from 1 to 25, got '26'/],
  ['complete made --preset small', 1, /there are no weights .*small\.safetensors/],
  ['complete made --count 1 --out /dev/null/x.png', 1, /Could not write .*x\.png \(ENOTDIR\)/],
];

test('mistakes: a clear message, no stack, nothing written', {concurrency: 2}, async (t) => {
  const before = everyFile(data);
  await Promise.all(
    MISTAKES.map(([line, expected, message]) =>
      t.test(line, async () => {
        const {code, stdout, stderr} = await command(line);
        assert.equal(code, expected, stderr);
        assert.match(stderr, message);
        assert.doesNotMatch(stderr, /^\s+at /m, 'no stack');
        assert.doesNotMatch(stdout, /png/);
      }),
    ),
  );
  assert.deepEqual(everyFile(data), before);
});

test('train: a data folder that cannot be written is one sentence, before any training', async () => {
  const {code, stderr} = await command('train made --preset small --epochs 1', {data: '/dev/null'});
  assert.equal(code, 1);
  assert.match(stderr, /^Could not write \/dev\/null\/runs\/made-small-0 \(ENOTDIR\): .*correct the path/);
  assert.doesNotMatch(stderr, /^\s+at /m);
});

test('train: Ctrl-C saves and says how to go on; --resume does, and nothing else touches the run', async () => {
  const line = 'train made --preset small --epochs 1';
  const file = path.join(data, 'runs', 'made-small-0', 'state.safetensors');
  const interruptAfter = /parameters, 1 epochs/;

  const first = await command(line, {interruptAfter});
  assert.equal(first.code, 130, first.stderr);
  assert.match(first.stderr, /stopping after this step, the run is saved/);
  const stopped = /stopped at step (\d+); go on with: npm run (train) -- (.*)/.exec(first.stdout);
  assert.ok(stopped, first.stdout);
  const {metadata, batchesDone} = loadTrainingState(file);
  assert.equal(metadata.step, Number(stopped[1]));
  assert.ok(metadata.step >= 1 && metadata.step < 500 && batchesDone === metadata.step);

  const saved = everyFile(data);
  const again = await command(line);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /holds a run already: --resume goes on with it, --restart throws it away/);
  const other = await command('train made --preset small --batch 50 --resume');
  assert.equal(other.code, 2);
  assert.match(
    other.stderr,
    /the saved run has batchSize = 100, and 50 is asked for: it stays; leave it out, or begin anew/,
  );
  assert.deepEqual(everyFile(data), saved);

  const second = await command(`${stopped[2]} ${stopped[3]}`, {interruptAfter});
  assert.equal(second.code, 130, second.stderr);
  assert.ok(loadTrainingState(file).metadata.step > metadata.step, 'it went on from where it was');
  assert.match(second.stdout, / --resume\n$/);

  fs.truncateSync(file, 1000);
  const cut = await command(`${stopped[2]} ${stopped[3]}`);
  assert.equal(cut.code, 1);
  assert.match(cut.stderr, /^Checkpoint .*state\.safetensors: /);
  assert.equal(fs.statSync(file).size, 1000);
  fs.rmSync(path.dirname(file), {recursive: true});
});

test('evaluate --json: one line with every condition; 10,000 images in 30 s; the score is the recorded one', async (t) => {
  const {code, stdout, stderr} = await command('evaluate made --preset one-order --json', {data: null});
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^\{.*\}\n$/);
  const line = JSON.parse(stdout);
  const types = Object.entries(line).map(([field, value]) => [field, typeof value]);
  assert.deepEqual(Object.fromEntries(types), {
    model: 'string',
    preset: 'string',
    dataset: 'string',
    binarization: 'string',
    split: 'string',
    images: 'number',
    nats: 'number',
    standardError: 'number',
    bitsPerDimension: 'number',
    parameters: 'number',
    epochs: 'number',
    trainingSeconds: 'number',
    seconds: 'number',
    engine: 'string',
  });
  assert.deepEqual(
    [line.model, line.dataset, line.split, line.images, line.binarization],
    ['made', 'MNIST', 'test', 10_000, 'static, seed 0'],
  );
  assert.ok(line.nats <= 86.5, `${line.nats} nats`);
  assert.ok(Math.abs(line.bitsPerDimension - line.nats / 784 / Math.LN2) < 1e-9);
  assert.ok(line.seconds <= 30, `${line.seconds} s`);
  t.diagnostic(`${line.nats.toFixed(4)} nats, scored in ${line.seconds.toFixed(1)} s`);
});

test('evaluate: color weights whose images are not there are passed over, and it is said how to get them', async () => {
  await startEngine();
  const size = {height: 32, width: 32, channels: 3, levels: 256, firstSize: 3, size: 3};
  storeModel('pixelcnn', 'cifar10', {...size, features: 3, dilations: [1], head: 3});
  const passed = await command('evaluate pixelcnn');
  assert.equal(passed.code, 0, passed.stderr);
  assert.match(passed.stderr, /pixelcnn cifar10: not scored\. .*npm run data -- cifar10/s);
  const named = await command('evaluate pixelcnn --preset cifar10');
  assert.equal(named.code, 1);
  assert.match(named.stderr, /npm run data -- cifar10/);
});

test('evaluate: a score that is not the recorded one is told, and fails', async () => {
  const file = path.join(data, 'checkpoints', 'made', 'one-order.safetensors');
  const checkpoint = loadCheckpoint(file);
  const score = {...checkpoint.metadata.score, testNats: 80};
  saveCheckpoint(file, {...checkpoint, metadata: {...checkpoint.metadata, score}});
  const {code, stdout, stderr} = await command('evaluate made --preset one-order --json');
  assert.equal(code, 1);
  assert.match(stderr, /nats is \d+\.\d{4}, but 80\.0000 is recorded in the checkpoint/);
  assert.match(stdout, /^\{.*\}\n$/, 'the line on stdout is there all the same');
});

test('sample: a PNG of the right size; the same seed gives the same bytes, another seed others', async () => {
  const draw = async (name: string, more: string): Promise<Buffer> => {
    const out = path.join(data, name);
    const {code, stdout, stderr} = await command(`sample made --count 5 --out ${out} ${more}`);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /5 samples from made, seed \d, \d+\.\d\d s/);
    return fs.readFileSync(out);
  };
  const [once, twice, naive, other] = await Promise.all([
    draw('a.png', '--seed 3'),
    draw('b.png', '--seed 3'),
    draw('c.png', '--seed 3 --naive'),
    draw('d.png', '--seed 4'),
  ]);
  // Five digits in three columns and two rows, 28 pixels of 4, with gaps of 4 around.
  const {width, height} = decode(once);
  assert.deepEqual([width, height], [4 + 3 * 116, 4 + 2 * 116]);
  assert.deepEqual(twice, once);
  assert.deepEqual(naive, once);
  assert.notDeepEqual(other, once);
});

test('complete: ten digits, N completions each, and what guides them is said', async () => {
  const cases: [string, RegExp][] = [
    ['--occlude right', /made any-order draws in an order that puts the known pixels first/],
    ['--occlude bottom --preset one-order', /fixed order in which the known pixels come first/],
    [
      '--occlude right --preset one-order',
      /378 of the 392 known pixels come after the first hidden one.*--preset any-order/,
    ],
  ];
  await Promise.all(
    cases.map(async ([options, said], k) => {
      const out = path.join(data, `completed-${k}.png`);
      const {code, stdout, stderr} = await command(
        `complete made --count 3 --seed 1 --out ${out} ${options}`,
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, said);
      const {width, height} = decode(fs.readFileSync(out));
      assert.deepEqual([width, height], [4 + 5 * 116, 4 + 10 * 116]);
    }),
  );
});

test('a model told classes: each label has its picture, completions take the true one, a score says it is given', async () => {
  /** What is drawn, without the words in the file. */
  const draw = async (line: string): Promise<ReturnType<typeof decode>['data']> => {
    const out = path.join(data, 'told.png');
    const {code, stderr} = await command(`${line} --preset labeled --count 2 --seed 3 --out ${out}`);
    assert.equal(code, 0, stderr);
    return decode(fs.readFileSync(out)).data;
  };
  const seven = await draw('sample gated --label 7');
  assert.deepEqual(await draw('sample gated --label 7 --naive'), seven);
  assert.deepEqual(await draw('sample gated --label 7,7'), seven);
  assert.notDeepEqual(await draw('sample gated --label 7,1'), seven);
  const completed = await draw('complete gated');
  assert.notDeepEqual(await draw('complete gated --label 7'), completed);
  const {stdout} = await command('evaluate gated --preset labeled --split validation');
  assert.match(stdout, /gated labeled: \d+\.\d{3} ± \d\.\d{3} nats, given the class of each image \(/);
});

test('train: labels are handed to the preset that knows classes', async () => {
  const line = 'train gated --preset labeled --epochs 1';
  const {code, stdout, stderr} = await command(line, {interruptAfter: /parameters, 1 epochs/});
  assert.equal(code, 130, stderr);
  assert.match(stdout, /stopped at step \d+; go on with/);
  const {tensors} = loadTrainingState(path.join(data, 'runs', 'gated-labeled-0', 'state.safetensors'));
  const classes = tensors.weights.get('layer1.class.horizontal')?.data ?? new Float32Array(0);
  assert.ok(
    classes.length === 10 * 64 && classes.some((weight) => weight !== 0),
    'it learned of the classes',
  );
});

test('complete names the preset whose order takes all that is known', async () => {
  const size = {height: 28, width: 28, channels: 1, levels: 2, firstSize: 3, size: 3};
  const config = {...size, features: 4, dilations: [1], head: 4, classes: 0};
  storeModel('gated', 'digits', config);
  storeModel('gated', 'turned', {...config, order: 'turned'});
  const said = async (options: string): Promise<string> => {
    const out = path.join(data, 'top.png');
    const {code, stdout, stderr} = await command(`complete gated --count 1 --out ${out} ${options}`);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.match(
    await said('--occlude top'),
    /gated digits draws .*392 known pixels .*; with --preset turned all/,
  );
  assert.match(
    await said('--occlude top --preset turned'),
    /gated turned draws .* the known pixels come first/,
  );
  assert.doesNotMatch(await said('--occlude center'), /with --preset/);
});
