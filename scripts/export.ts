import {costsMarkdown} from '../bench/costs';
import {ownSource} from '../lib/data/ownSource';
import {startEngine} from '../lib/engine/index';
import {parameterCount} from '../lib/layers/parameters';
import {likelihoodText} from '../lib/likelihood';
import {findPreset} from '../lib/models/index';
import {exportJob} from '../lib/reproduction/exportJob';
import {ownPreset} from '../lib/reproduction/ownPreset';
import {beginWith} from '../lib/reproduction/trainingRun';
import {checkpointFile} from '../lib/storage/paths';
import {modelArgument, presetArgument, readArguments, run, shownPath, UsageError, userPath} from './cli';

const HELP = `npm run export -- MODEL --out DIR [options]

Writes what a training on another machine needs, and nothing else: config and recipe, the weights to begin
with, the training and validation images, and the nats of a first batch. There: python pytorch/train.py DIR
(docs/bigger-machines.md).
  --preset P   which configuration and recipe (default: the model's first)
  --out DIR    the folder to write; empty, or not there yet
  --data NAME  on images of your own (npm run data -- folder makes the data set)
  --epochs N, --batch N, --rate R, --warmup W, --schedule S
               instead of the recipe's; a batch is that of all processes together
  --seed S     of weights, shuffles and draws (default 0)
  --from FILE  begin with the weights of a checkpoint; 'committed' for the preset's own
  --images N   only the first N training images, for a trial

npm run export -- --costs   what the presets of the papers' size would cost on a GPU, by arithmetic`;

run(async () => {
  const args = readArguments(HELP, {
    preset: {type: 'string'},
    out: {type: 'string'},
    data: {type: 'string'},
    epochs: {type: 'string'},
    batch: {type: 'string'},
    rate: {type: 'string'},
    warmup: {type: 'string'},
    schedule: {type: 'string'},
    seed: {type: 'string'},
    from: {type: 'string'},
    images: {type: 'string'},
    costs: {type: 'boolean'},
  });
  if (args.flag('costs')) {
    console.log(costsMarkdown());
    return;
  }
  const name = modelArgument(args, HELP);
  const data = args.text('data');
  const own = data === undefined ? undefined : ownSource(data);
  const named = findPreset(name, presetArgument(args, name));
  const preset = own === undefined ? named : ownPreset(own, named);
  const out = args.text('out');
  if (out === undefined) throw new UsageError(`which folder? --out DIR names it\n\n${HELP}`);
  const seed = args.integer('seed', 0) ?? 0;
  const schedule = args.text('schedule');
  if (schedule !== undefined && schedule !== 'cosine' && schedule !== 'linear') {
    throw new UsageError(`--schedule must be cosine or linear, got '${schedule}'`);
  }
  const recipe = {
    ...preset.recipe,
    seed,
    epochs: args.integer('epochs', 1) ?? preset.recipe.epochs,
    batchSize: args.integer('batch', 1) ?? preset.recipe.batchSize,
    learningRate: args.number('rate') ?? preset.recipe.learningRate,
    warmup: args.number('warmup', 0, 1) ?? preset.recipe.warmup,
    schedule: schedule ?? preset.recipe.schedule,
  };
  const given = args.text('from');
  const from = given === 'committed' ? checkpointFile(name, preset.preset) : given && userPath(given);
  const engine = await startEngine();
  const model = preset.create(seed);
  const folder = userPath(out);
  const {train, validation, firstNats} = await exportJob(folder, {
    ...{model, preset: preset.preset, recipe},
    ancestors: beginWith(from, model),
    images: args.integer('images', 1),
    ...(own === undefined ? {} : {source: own, data: {name: own.name, sha256: own.sha256}}),
    versions: {node: process.version, [engine.name]: engine.version},
  });
  console.log(
    `${name} ${preset.preset}: ${parameterCount(model.parameters)} parameters, ${recipe.epochs} epochs of ${train} images in ` +
      `batches of ${recipe.batchSize}, ${validation} for validation; the first batch has ${likelihoodText(firstNats, model)}\n` +
      `${shownPath(folder)}: take it and the folder pytorch to the other machine; there: python pytorch/train.py DIR`,
  );
});
