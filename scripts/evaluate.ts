import {classesOf} from '../lib/condition';
import {MissingDataError} from '../lib/data/cifar10';
import {fitsPapersDraw, PAPERS_DRAW} from '../lib/data/sources';
import {startEngine} from '../lib/engine/index';
import {MODEL_NAMES, type ModelName} from '../lib/models/index';
import {
  committedPresets,
  loadPublished,
  recordPapersScore,
  type Score,
  scorePublished,
} from '../lib/reproduction/published';
import {
  bar,
  endProgress,
  modelArgument,
  presetArgument,
  readArguments,
  run,
  showProgress,
  stopSignal,
  UsageError,
} from './cli';

const HELP = `npm run evaluate -- MODEL | all [options]

Scores committed weights again: the exact negative log-likelihood of every test image.
  --preset P      which weights (default: one order, and the ensemble of orders where there is one)
  --split S       train, validation or test (default test)
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
  });
  const models: readonly ModelName[] =
    args.positionals[0] === 'all' ? MODEL_NAMES : [modelArgument(args, HELP)];
  const split = args.text('split') ?? 'test';
  if (split !== 'train' && split !== 'validation' && split !== 'test') {
    throw new RangeError(`--split must be train, validation or test, got '${split}'`);
  }
  const data = args.text('data');
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
  const json = args.flag('json');
  const engine = await startEngine();
  const signal = stopSignal('stopping');
  for (const model of models) {
    const presets =
      args.text('preset') === undefined ? committedPresets(model) : [presetArgument(args, model)];
    if (presets.length === 0) {
      if (args.positionals[0] === 'all') continue;
      throw new Error(
        `there are no committed weights of ${model} yet; make them with: npm run train -- ${model} --publish`,
      );
    }
    const scores: Score[] = [];
    // What is named must be there; else weights whose images were not asked for are passed over, and that is said.
    const passOver = (preset: string, error: unknown): void => {
      if (args.text('preset') !== undefined || !(error instanceof MissingDataError)) throw error;
      console.error(`${model} ${preset}: not scored. ${error.message}`);
    };
    for (const preset of presets) {
      const published = loadPublished(model, preset);
      if (data !== undefined && !fitsPapersDraw(published.model)) {
        published.dispose();
        const why = `${model} ${preset}: not scored. binarized-mnist has digits without classes, these weights need other images`;
        if (args.text('preset') !== undefined) throw new UsageError(why);
        console.error(why);
        continue;
      }
      let score: Score;
      try {
        score = await scorePublished(published, preset, split, {
          source: data === undefined ? undefined : PAPERS_DRAW,
          signal,
          onProgress: (share) => showProgress(`${model} ${preset}  ${bar(share)}`),
        });
      } catch (error) {
        published.dispose();
        passOver(preset, error);
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
