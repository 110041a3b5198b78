import {classesOf} from '../lib/condition';
import {MissingDataError} from '../lib/data/cifar10';
import {fitsPapersDraw, PAPERS_DRAW} from '../lib/data/sources';
import {startEngine} from '../lib/engine/index';
import type {Evaluation} from '../lib/evaluate';
import {MODEL_NAMES, type ModelName} from '../lib/models/index';
import {
  committedPresets,
  isPaperSize,
  recordPapersScore,
  type Score,
  scorePublished,
  trainedOn,
} from '../lib/reproduction/published';
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
import {committedWeights, type NamedWeights, ownDataArgument, weightsArgument} from './cli/weights';
import {Comparisons, checkFits} from './evaluate/compare';
import {printImage, scoreImage} from './evaluate/image';
import {PerImageTable} from './evaluate/perImage';

const HELP = `npm run evaluate -- MODEL | all [options]

Scores committed weights again: the exact negative log-likelihood of every test image. 'all' does so on our own
draw and on the papers' (if npm run data -- binarized-mnist got it), and leaves out those of a paper's size for
color, which take an hour.
  --preset P      which weights (default: one order, and the ensemble of orders where there is one)
  --weights FILE  instead of committed ones: a checkpoint, or the folder of a training run (its best
                  weights so far)
  --split S       train, validation or test (default test; validation with --weights: the test set is
                  for what is published)
  --data D        binarized-mnist: the digits as the papers score them (npm run data -- binarized-mnist
                  gets them), or the name of a data set of your own: the weights that were trained on it,
                  or those of --weights (committed: the preset's)
  --image FILE    in place of a split: one PNG or JPEG of your own, made like the images that the weights
                  were trained on
  --per-image FILE.csv   the nats of every image
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
    image: {type: 'string'},
    'per-image': {type: 'string'},
  });
  const isAll = args.positionals[0] === 'all' && args.positionals.length === 1;
  const isFile = args.text('weights') !== undefined;
  const own = ownDataArgument(args);
  const file = args.text('image');
  const isNamed = isFile || args.text('preset') !== undefined || own !== undefined || file !== undefined;
  if (isAll && isNamed) {
    throw new UsageError("--preset, --weights, --image and data of your own are for one model, got 'all'");
  }
  const models = isAll
    ? MODEL_NAMES.map((model) => committed(model).filter(({what}) => !isLeftOut(model, what)))
    : [isNamed ? [weightsArgument(args, HELP)] : committed(modelArgument(args, HELP))];
  const data = args.text('data');
  const split = args.text('split') ?? (isFile && data === undefined ? 'validation' : 'test');
  if (split !== 'train' && split !== 'validation' && split !== 'test') {
    throw new UsageError(`--split must be train, validation or test, got '${split}'`);
  }
  const isPapers = data === 'binarized-mnist';
  const record = args.flag('record');
  if (record && (!isPapers || split !== 'test')) {
    throw new UsageError(
      '--record is for the test images of --data binarized-mnist; npm run train -- MODEL --publish records the others',
    );
  }
  if (record && isFile)
    throw new UsageError(
      '--record is for committed weights, not for those of --weights: leave one of them out',
    );
  const json = args.flag('json');
  if (
    file !== undefined &&
    (isPapers || args.text('split') !== undefined || args.text('per-image') !== undefined)
  ) {
    throw new UsageError(
      '--image scores one file: leave out --split, --per-image and --data binarized-mnist',
    );
  }
  const table =
    args.text('per-image') === undefined ? undefined : new PerImageTable(args.text('per-image') as string);
  const engine = await startEngine();
  const signal = stopSignal('stopping');
  if (file !== undefined) {
    const [[{model, what, load}]] = models;
    const score = await scoreImage(load(), file, signal);
    if (json) console.log(JSON.stringify({model, preset: what, ...score}));
    else printImage(`${model} ${what}`, score);
    return;
  }
  const comparisons = new Comparisons();
  const missing = new Set<string>();
  const scored = new Map<string, Evaluation>();
  // All is scored on both test sets: on our own draw, and on the papers'.
  const isBoth = isAll && data === undefined && split === 'test' && !json && table === undefined;
  const passes = isBoth ? [false, true] : [isPapers];
  for (const [papers, weights] of passes.flatMap((pass) => models.map((each) => [pass, each] as const))) {
    if (weights.length === 0 && !isAll) {
      const [name] = args.positionals;
      throw new Error(
        `there are no committed weights of ${name} yet; make them with: npm run train -- ${name} --publish`,
      );
    }
    const scores: Score[] = [];
    // What is named must be there; else weights whose images were not asked for are
    // passed over, and that is said.
    const passOver = (what: string, error: unknown): void => {
      if (isNamed || !(error instanceof MissingDataError)) throw error;
      const subject = isBoth && papers ? "the papers' test set" : what;
      if (!missing.has(subject)) console.error(`${subject}: not scored. ${error.message}`);
      missing.add(subject);
    };
    for (const {model, what: preset, load} of weights) {
      const published = load();
      if (own !== undefined) checkFits(published, own);
      if (papers && !fitsPapersDraw(published.model)) {
        published.dispose();
        if (isBoth) continue;
        const why = `${model} ${preset}: not scored. binarized-mnist has digits without classes, these weights need other images`;
        if (isNamed) throw new UsageError(why);
        console.error(why);
        continue;
      }
      let score: Score;
      try {
        score = await scorePublished(published, preset, split, {
          source: papers ? PAPERS_DRAW : own,
          scored,
          onNats: (nats, images) => {
            const sources = own?.manifest.parts[split].sources ?? [];
            const source = papers ? PAPERS_DRAW : (own ?? trainedOn(published));
            table?.add(
              {model, what: preset, data: source.name, split},
              nats,
              images,
              sources.map(({file}) => file),
            );
          },
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
      } else if (
        split === 'test' &&
        (own === undefined || own.name === published.checkpoint.metadata.data?.name)
      ) {
        check(score, 'nats', papers ? recorded.papersTestNats : recorded.testNats);
        check(score, 'ensembleNats', papers ? recorded.papersEnsembleNats : recorded.ensembleNats);
      }
      published.dispose();
      const given = classesOf(published.model) > 0 ? ', given the class of each image' : '';
      if (!json) print(score, engine.description, given);
      comparisons.add(published, score);
    }
    if (json && scores.length > 0) console.log(JSON.stringify(jsonLine(scores, engine.description)));
  }
  if (!json) for (const sentence of comparisons.sentences()) console.log(sentence);
  if (table !== undefined && !json) console.log(table.write());
  else table?.write();
});

/** Of all weights those that would take an hour; it is said how to score them. */
function isLeftOut(model: ModelName, preset: string): boolean {
  if (!isPaperSize(preset)) return false;
  console.error(
    `${model} ${preset}: not scored, that takes about an hour. npm run evaluate -- ${model} --preset ${preset}`,
  );
  return true;
}

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

/**
 * @param given what the model was conditioned on, of each image: such a likelihood is not
 *   to be set beside one without
 */
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
