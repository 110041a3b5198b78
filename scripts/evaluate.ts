import {classesOf} from '../lib/condition';
import {MissingDataError} from '../lib/data/cifar10';
import {fitsPapersDraw, PAPERS_DRAW} from '../lib/data/sources';
import {startEngine} from '../lib/engine/index';
import {MODEL_NAMES, type ModelName} from '../lib/models/index';
import {committedPresets, recordPapersScore, type Score, scorePublished} from '../lib/reproduction/published';
import {
  bar,
  endProgress,
  modelArgument,
  readArguments,
  run,
  showProgress,
  stopSignal,
  UsageError,
} from './cli';
import {committedWeights, type NamedWeights, weightsArgument} from './cli/weights';

const HELP = `npm run evaluate -- MODEL | all [options]

Scores committed weights again: the exact negative log-likelihood of every test image.
  --preset P      which weights (default: one order, and the ensemble of orders where there is one)
  --weights FILE  instead of committed ones: a checkpoint, or the folder of a training run (its best weights so far)
  --split S       train, validation or test (default test; validation with --weights: the test set is for what is published)
  --data D        binarized-mnist: the digits as the papers score them (npm run data -- binarized-mnist gets them)
  --record        with it: writes the score into the checkpoint, beside the one on our own draw
  --json          one JSON line on stdout, nothing else
It fails when a score differs from the recorded one by more than 0.01 nats.`;

/** A score and the one recorded may differ by so much: another machine rounds differently. */
const TOLERANCE = 0.01;

run(async () => {
  const args = readArguments(HELP, {
    preset: {type: 'string'},
    split: {type: 'string'},
    data: {type: 'string'},
    record: {type: 'boolean'},
    json: {type: 'boolean'},
    weights: {type: 'string'},
  });
  const isAll = args.positionals[0] === 'all' && args.positionals.length === 1;
  const isFile = args.text('weights') !== undefined;
  const isNamed = isFile || args.text('preset') !== undefined;
  if (isAll && isNamed) throw new UsageError("--preset and --weights are for one model, got 'all'");
  const models = isAll
    ? MODEL_NAMES.map(committed)
    : [isNamed ? [weightsArgument(args, HELP)] : committed(modelArgument(args, HELP))];
  const data = args.text('data');
  const split = args.text('split') ?? (isFile && data === undefined ? 'validation' : 'test');
  if (split !== 'train' && split !== 'validation' && split !== 'test') {
    throw new UsageError(`--split must be train, validation or test, got '${split}'`);
  }
  if (data !== undefined && data !== 'binarized-mnist') {
    throw new UsageError(
      `--data must be binarized-mnist, got '${data}'; leave it out for the model's own images`,
    );
  }
  const record = args.flag('record');
  if (record && (data === undefined || split !== 'test')) {
    throw new UsageError(
      '--record is for the test images of --data binarized-mnist; npm run train -- MODEL --publish records the others',
    );
  }
  if (record && isFile) throw new UsageError('--record is for committed weights, not for those of --weights');
  const json = args.flag('json');
  const engine = await startEngine();
  const signal = stopSignal('stopping');
  for (const weights of models) {
    if (weights.length === 0 && !isAll) {
      const [name] = args.positionals;
      throw new Error(
        `there are no committed weights of ${name} yet; make them with: npm run train -- ${name} --publish`,
      );
    }
    const scores: Score[] = [];
    // What is named must be there; else weights whose images were not asked for are passed over, and that is said.
    const passOver = (what: string, error: unknown): void => {
      if (isNamed || !(error instanceof MissingDataError)) throw error;
      console.error(`${what}: not scored. ${error.message}`);
    };
    for (const {model, what: preset, load} of weights) {
      const published = load();
      if (data !== undefined && !fitsPapersDraw(published.model)) {
        published.dispose();
        const why = `${model} ${preset}: not scored. binarized-mnist has digits without classes, these weights need other images`;
        if (isNamed) throw new UsageError(why);
        console.error(why);
        continue;
      }
      let score: Score;
      try {
        score = await scorePublished(published, preset, split, {
          source: data === undefined ? undefined : PAPERS_DRAW,
          signal,
          onProgress: (share) => showProgress(`${model} ${preset}`, bar(share)),
        });
      } catch (error) {
        published.dispose();
        passOver(`${model} ${preset}`, error);
        continue;
      }
      endProgress();
      scores.push(score);
      const recorded = published.checkpoint.metadata.score;
      if (record) {
        recordPapersScore(published, score);
      } else if (split === 'test') {
        check(score, 'nats', data === undefined ? recorded.testNats : recorded.papersTestNats);
        check(
          score,
          'ensembleNats',
          data === undefined ? recorded.ensembleNats : recorded.papersEnsembleNats,
        );
      }
      published.dispose();
      const given = classesOf(published.model) > 0 ? ', given the class of each image' : '';
      if (!json) print(score, engine.description, given);
    }
    if (json && scores.length > 0) console.log(JSON.stringify(jsonLine(scores, engine.description)));
  }
});

/** The committed weights of a model. */
function committed(model: ModelName): NamedWeights[] {
  return committedPresets(model).map((preset) => committedWeights(model, preset));
}

/** One order's numbers from the first set of weights, the ensemble's from whichever has the best one. */
function jsonLine([first, ...others]: Score[], engine: string): object {
  const {preset, ...score} = first;
  const ensembles = [first, ...others].filter((s) => s.ensembleNats !== undefined);
  const best = ensembles.sort((a, b) => (a.ensembleNats as number) - (b.ensembleNats as number))[0];
  const line = {...score, preset, engine};
  if (best === undefined) return line;
  const {ensembleNats, ensembleSize, parameters} = best;
  return {...line, ensembleNats, ensembleSize, ensemblePreset: best.preset, ensembleParameters: parameters};
}

function check(score: Score, what: 'nats' | 'ensembleNats', recorded: number | undefined): void {
  const measured = score[what];
  if (measured === undefined || recorded === undefined) return;
  if (Math.abs(measured - recorded) > TOLERANCE) {
    console.error(
      `${score.model} ${score.preset}: ${what} is ${measured.toFixed(4)}, but ${recorded.toFixed(4)} is recorded ` +
        `in the checkpoint; they may differ by ${TOLERANCE}`,
    );
    process.exitCode = 1;
  }
}

/** @param given what the model was conditioned on, of each image: such a likelihood is not to be set beside one without */
function print(score: Score, engine: string, given: string): void {
  console.log(
    `${score.model} ${score.preset}: ${score.nats.toFixed(3)} ± ${score.standardError.toFixed(3)} nats${given} ` +
      `(${score.bitsPerDimension.toFixed(4)} bits per dimension), ${score.dataset} ${score.split}, ${score.images} images, ` +
      `${score.binarization}; ${score.parameters} parameters, ${score.epochs} epochs, ` +
      `${Math.round(score.trainingSeconds)} s of training; scored in ${score.seconds.toFixed(1)} s; ${engine}`,
  );
  if (score.ensembleNats !== undefined) {
    console.log(`  ensemble of ${score.ensembleSize} orders: ${score.ensembleNats.toFixed(3)} nats`);
  }
}
