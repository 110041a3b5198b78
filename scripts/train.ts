import * as fs from 'node:fs';
import * as path from 'node:path';
import {sourceOf} from '../lib/data/sources';
import {startEngine} from '../lib/engine/index';
import {parameterCount} from '../lib/layers/parameters';
import {likelihoodText} from '../lib/likelihood';
import {findPreset} from '../lib/models/index';
import {publish} from '../lib/reproduction/published';
import {assignParameters, loadCheckpoint, loadTrainingState} from '../lib/storage/checkpoints';
import {errorCode, FileWriteError} from '../lib/storage/files';
import type {Ancestor} from '../lib/storage/metadata';
import {checkpointFile, projectRoot, runFile} from '../lib/storage/paths';
import {loadRun, runMetadata, saveRun} from '../lib/storage/runs';
import {train} from '../lib/train';
import type {AutoregressiveModel, TrainOptions} from '../lib/types';
import {
  type Arguments,
  bar,
  clock,
  endProgress,
  modelArgument,
  presetArgument,
  readArguments,
  run,
  showProgress,
  stopSignal,
  UsageError,
  userPath,
} from './cli';

const HELP = `npm run train -- MODEL [options]

Trains a model, and saves all that is needed to go on after every minute and at Ctrl-C.
  --preset P   which configuration and recipe (default: the model's first)
  --epochs N, --batch N, --rate R, --warmup SHARE, --schedule cosine|linear
               instead of the recipe's
  --seed S     of weights, shuffles and draws (default 0)
  --from FILE  begin with the weights of a checkpoint; 'committed' for the preset's own
  --resume     go on where the saved run of the same preset and seed stopped
  --restart    throw that saved run away
  --publish    at the end store the weights as the preset's committed checkpoint, scored on the test set`;

run(async () => {
  const args = readArguments(HELP, {
    preset: {type: 'string'},
    epochs: {type: 'string'},
    seed: {type: 'string'},
    batch: {type: 'string'},
    rate: {type: 'string'},
    warmup: {type: 'string'},
    schedule: {type: 'string'},
    from: {type: 'string'},
    resume: {type: 'boolean'},
    restart: {type: 'boolean'},
    publish: {type: 'boolean'},
  });
  const name = modelArgument(args, HELP);
  const preset = findPreset(name, presetArgument(args, name));
  const seed = args.integer('seed', 0) ?? 0;
  const recipe = recipeOf(args, preset.recipe, seed);
  const file = runFile(name, preset.preset, seed);
  const shown = path.relative(projectRoot(), file);
  const resume = args.flag('resume');
  if (resume && !fs.existsSync(file)) throw new UsageError(`nothing to resume: there is no ${shown}`);
  if (!resume && !args.flag('restart') && fs.existsSync(file)) {
    throw new UsageError(`${shown} holds a run already: --resume goes on with it, --restart throws it away`);
  }

  const engine = await startEngine();
  const model = preset.create(seed);
  const source = sourceOf(model);
  const data = {train: await source.load('train'), validation: await source.scored('validation')};
  const run = {
    recipe,
    stepsPerEpoch: Math.floor(data.train.count / recipe.batchSize),
    versions: {node: process.version, [engine.name]: engine.version},
    ancestors: resume
      ? loadTrainingState(file).metadata.ancestors
      : beginWith(args.text('from'), model, preset.preset),
  };
  console.log(
    `${name} ${preset.preset}: ${parameterCount(model.parameters)} parameters, ${recipe.epochs} epochs, ` +
      `seed ${seed}; ${engine.description}`,
  );
  const signal = stopSignal('stopping after this step, the run is saved');
  const saved = resume ? loadRun(file, model, run) : undefined;
  makeFolder(path.dirname(file));
  let last: Parameters<typeof runMetadata>[2] = {step: 0, seconds: 0, history: []};
  const result = await train(
    model,
    data,
    recipe,
    {
      signal,
      onState: async (state) => {
        last = state;
        saveRun(file, model, run, state);
      },
      onProgress: (p) =>
        showProgress(
          `${bar(p.step / p.steps)}  epoch ${p.epoch + 1} of ${p.epochs}  ${likelihoodText(p.nats, model)}  ` +
            `${Math.round(p.imagesPerSecond)} images/s  ${clock(p.secondsLeft)} to go`,
        ),
      onEvaluation: (row) => {
        endProgress();
        console.log(
          `epoch ${row.epoch}  ${row.split.padEnd(10)} ${likelihoodText(row.nats, model)}  ${clock(row.seconds)}`,
        );
      },
    },
    saved,
  );
  endProgress();
  if (result.outcome === 'interrupted') {
    console.log(
      `stopped at step ${last.step}; go on with: npm run train -- ${process.argv.slice(2).join(' ')}${resume ? '' : ' --resume'}`,
    );
    process.exitCode = 130;
    return;
  }
  console.log(
    `best validation: ${likelihoodText(result.bestNats, model)}, epoch ${result.bestEpoch}, ${clock(result.seconds)}`,
  );
  const target = args.flag('publish')
    ? checkpointFile(name, preset.preset)
    : path.join(path.dirname(file), 'weights.safetensors');
  makeFolder(path.dirname(target));
  const score = await publish(model, preset.preset, runMetadata(model, run, last), target);
  console.log(
    `${path.relative(projectRoot(), target)}: test ${likelihoodText(score.nats, model)} ` +
      `(${score.dataset}, binarization: ${score.binarization}, ${score.images} images)`,
  );
  if (score.ensembleNats !== undefined) {
    console.log(`ensemble of ${score.ensembleSize} orders: test ${score.ensembleNats.toFixed(3)} nats`);
  }
});

/** The preset's recipe with what the command line says instead. @throws UsageError */
function recipeOf(args: Arguments, recipe: TrainOptions, seed: number): TrainOptions {
  const schedule = args.text('schedule') ?? recipe.schedule;
  if (schedule !== 'cosine' && schedule !== 'linear') {
    throw new UsageError(`--schedule must be cosine or linear, got '${schedule}'`);
  }
  return {
    ...recipe,
    seed,
    schedule,
    epochs: args.integer('epochs', 1) ?? recipe.epochs,
    batchSize: args.integer('batch', 1) ?? recipe.batchSize,
    learningRate: args.number('rate') ?? recipe.learningRate,
    warmup: args.number('warmup') ?? recipe.warmup,
  };
}

/** Gives the model the weights of a checkpoint, if one is named. @returns the trainings behind them */
function beginWith(
  from: string | undefined,
  model: AutoregressiveModel,
  preset: string,
): readonly Ancestor[] {
  if (from === undefined) return [];
  const file = from === 'committed' ? checkpointFile(model.name, preset) : userPath(from);
  const {tensors, metadata} = loadCheckpoint(file, {model: model.name, config: model.config});
  assignParameters(model.parameters, tensors, file);
  const {recipe, seed, epoch, step, trainingSeconds, history, ancestors} = metadata;
  return [...ancestors, {recipe, seed, epoch, step, trainingSeconds, history}];
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, {recursive: true});
  } catch (error) {
    throw new FileWriteError(folder, errorCode(error), error);
  }
}
