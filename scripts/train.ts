import {findPreset, type ModelName} from '../lib/models/index';
import type {Changes} from '../lib/reproduction/trainingRun';
import {checkpointFile} from '../lib/storage/paths';
import type {TrainOptions} from '../lib/types';
import {
  type Arguments,
  modelArgument,
  presetArgument,
  readArguments,
  run,
  stopSignal,
  UsageError,
  userPath,
} from './cli';
import {trainAll} from './train/all';
import {trainOne} from './train/one';

const HELP = `npm run train -- MODEL [options]

Trains a model. All that is needed to go on is saved at the start, with every score, every minute and at
Ctrl-C; the weights at the end, with their score on the validation images.
  --preset P   which configuration and recipe (default: the model's first)
  --epochs N, --batch N, --rate R, --warmup SHARE, --schedule cosine|linear
               instead of the recipe's
  --patience N stop after N epochs without a better validation (0, as in all presets: never)
  --data NAME  on images of your own (npm run data -- folder makes the data set); the run has its place in
               data/runs/NAME, and the preset takes size, channels, levels and classes from the images
  --seed S     of weights, shuffles and draws (default 0)
  --from FILE  begin with the weights of a checkpoint; 'committed' for the preset's own; a smaller first
               kernel gets zeros around it
  --resume     go on where the saved run of the same preset and seed stopped, by its own recipe;
               with --epochs N for longer, with --rate R at a lower rate, such as after a divergence,
               with --patience N past an early stop
  --restart    throw that saved run away
  --publish    at the end, or with --resume of a run that has ended, make its weights the preset's committed
               checkpoint: only then the test set is looked at

npm run train -- all [--hours N] [--seed S] [--publish]

Trains every preset of the results table, one after the other, and says what is done, what runs and what is
left. It may be stopped at any time, and goes on when it is called again.
  --hours N    stop after so many (0: only say how things stand)
  --publish    publish what is better on the validation images than what is committed`;

run(async () => {
  const args = readArguments(HELP, {
    preset: {type: 'string'},
    epochs: {type: 'string'},
    seed: {type: 'string'},
    batch: {type: 'string'},
    rate: {type: 'string'},
    warmup: {type: 'string'},
    schedule: {type: 'string'},
    patience: {type: 'string'},
    from: {type: 'string'},
    data: {type: 'string'},
    hours: {type: 'string'},
    resume: {type: 'boolean'},
    restart: {type: 'boolean'},
    publish: {type: 'boolean'},
  });
  const seed = args.integer('seed', 0) ?? 0;
  const publish = args.flag('publish');
  const signal = stopSignal('stopping after this step, the run is saved');
  if (args.positionals[0] === 'all') {
    args.only(['seed', 'hours', 'publish'], 'of npm run train -- all');
    const hours = args.number('hours', 0) ?? Number.POSITIVE_INFINITY;
    await trainAll({seed, hours, publish, signal});
    return;
  }
  if (args.text('hours') !== undefined) throw new UsageError('--hours is for npm run train -- all');
  const model = modelArgument(args, HELP);
  const preset = presetArgument(args, model);
  const [resume, restart] = [args.flag('resume'), args.flag('restart')];
  if (resume && restart)
    throw new UsageError('--resume goes on with a run, --restart throws it away: choose one');
  if (publish && args.text('data') !== undefined) {
    throw new UsageError(
      '--publish is for the data sets that everybody has; weights of your own images stay in data/runs',
    );
  }
  const request = {
    ...{model, preset, seed, data: args.text('data')},
    start: resume ? ('resume' as const) : restart ? ('restart' as const) : ('new' as const),
    changes: changesOf(args),
    from: fromArgument(args, model, preset),
  };
  await trainOne(request, {publish, signal});
});

/** What the command line says instead of the recipe. @throws UsageError */
function changesOf(args: Arguments): Changes {
  const schedule = args.text('schedule');
  if (schedule !== undefined && schedule !== 'cosine' && schedule !== 'linear') {
    throw new UsageError(`--schedule must be cosine or linear, got '${schedule}'`);
  }
  const given: {[Field in keyof TrainOptions]?: TrainOptions[Field]} = {
    epochs: args.integer('epochs', 1),
    batchSize: args.integer('batch', 1),
    learningRate: args.number('rate', 0, 10),
    warmup: args.number('warmup', 0, 1),
    schedule,
    patience: args.integer('patience', 0),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function fromArgument(args: Arguments, model: ModelName, preset: string): string | undefined {
  const from = args.text('from');
  if (from === undefined) return undefined;
  return from === 'committed' ? checkpointFile(model, findPreset(model, preset).preset) : userPath(from);
}
