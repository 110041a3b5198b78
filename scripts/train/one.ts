import * as path from 'node:path';
import {parameterCount} from '../../lib/layers/parameters';
import {likelihoodText} from '../../lib/likelihood';
import {publish as publishWeights} from '../../lib/reproduction/published';
import {openRun, type RunRequest, type RunResult, trainRun} from '../../lib/reproduction/trainingRun';
import {makeFolder} from '../../lib/storage/files';
import {checkpointFile} from '../../lib/storage/paths';
import {TrainingDivergedError, type TrainingProgress} from '../../lib/train';
import type {AutoregressiveModel} from '../../lib/types';
import {bar, clock, endProgress, shownPath, showProgress} from '../cli';

export interface OneOptions {
  readonly publish: boolean;
  readonly signal: AbortSignal;
  /** Said before the progress of the run, such as how many runs are left. */
  readonly prefix?: readonly string[];
  /** The command that goes on with a run that was stopped; its own when not given. */
  readonly goOn?: string;
}

/** The command line that goes on with a run. */
function resumeLine({model, preset, seed, data}: RunRequest): string {
  const more = `${data === undefined ? '' : ` --data ${data}`}${seed === 0 ? '' : ` --seed ${seed}`}`;
  return `npm run train -- ${model} --preset ${preset}${more} --resume`;
}

/** Trains one preset, tells how it goes, and says what can be done with what it leaves. */
export async function trainOne(request: RunRequest, options: OneOptions): Promise<RunResult> {
  const open = await openRun(request);
  const {model, recipe, saved, files, engine, source} = open;
  try {
    console.log(
      `${request.model} ${request.preset}: ${parameterCount(model.parameters)} parameters, ${recipe.epochs} epochs, ` +
        `seed ${request.seed}, on ${source.name}; ${engine.description}${saved === undefined ? '' : `; going on at step ${saved.step}`}`,
    );
    const result = await trainRun(open, {
      signal: options.signal,
      onProgress: (progress) => showProgress(...(options.prefix ?? []), ...progressParts(progress, model)),
      onEvaluation: (row) => {
        endProgress();
        console.log(
          `epoch ${row.epoch}  ${row.split.padEnd(10)} ${likelihoodText(row.nats, model)}  ${clock(row.seconds)}`,
        );
      },
      onWarning: (sentence) => {
        endProgress();
        console.error(sentence);
      },
      onScoring: (share) => showProgress(bar(share), 'scoring the validation images'),
    });
    endProgress();
    if (result.validationNats === null) {
      console.log(`stopped at step ${result.step}; go on with: ${options.goOn ?? resumeLine(request)}`);
      process.exitCode = 130;
      return result;
    }
    if (result.outcome === 'stopped early') {
      console.log(`stopped at step ${result.step}: no better validation since epoch ${result.bestEpoch}`);
    }
    console.log(
      `best validation: ${likelihoodText(result.bestNats, model)}, epoch ${result.bestEpoch}, ${clock(result.seconds)}`,
    );
    const stored = likelihoodText(result.validationNats, model);
    console.log(
      `${shownPath(files.weights)}: validation ${stored} of ${source.name} (binarization: ${source.binarization}), as stored in 16 bits`,
    );
    if (options.publish) await publish(request, model, files.weights, options.signal);
    else {
      const publishes = request.data === undefined ? [`publish them: ${resumeLine(request)} --publish`] : [];
      const draws = `draw with them: npm run sample -- ${request.model} --weights ${shownPath(files.weights)}`;
      console.log([draws, ...publishes].join('\n'));
    }
    return result;
  } catch (error) {
    if (!(error instanceof TrainingDivergedError)) throw error;
    const rate = Number((recipe.learningRate / 2).toPrecision(2));
    throw new Error(`${error.message.replace(/ The state saved before.*/, '')} ${remedy(request, rate)}`);
  } finally {
    open.close();
  }
}

/**
 * What leads on after a divergence: with weights that were good the state is kept,
 * else there is nothing to keep.
 */
function remedy(request: RunRequest, rate: number): string {
  return `The state saved before it is kept; go on from there at a lower rate: ${resumeLine(request)} --rate ${rate}`;
}

function progressParts(progress: TrainingProgress, model: AutoregressiveModel): string[] {
  return [
    bar(progress.step / progress.steps),
    `epoch ${progress.epoch + 1} of ${progress.epochs}`,
    likelihoodText(progress.nats, model),
    `${clock(progress.secondsLeft)} to go`,
    `${Math.round(progress.imagesPerSecond)} images/s`,
  ];
}

/** Makes the weights of a run the committed ones, and says what they reach on the test set. */
export async function publish(
  {model: name, preset}: Pick<RunRequest, 'model' | 'preset'>,
  model: Pick<AutoregressiveModel, 'levels' | 'image'>,
  weights: string,
  signal: AbortSignal,
): Promise<void> {
  const target = checkpointFile(name, preset);
  makeFolder(path.dirname(target));
  const score = await publishWeights(name, preset, weights, target, {
    signal,
    onProgress: (share) => showProgress(bar(share), 'scoring the test images'),
  });
  endProgress();
  console.log(
    `${shownPath(target)}: test ${likelihoodText(score.nats, model)} ` +
      `(${score.dataset}, binarization: ${score.binarization}, ${score.images} images)`,
  );
  if (score.ensembleNats !== undefined) {
    console.log(`ensemble of ${score.ensembleSize} orders: test ${score.ensembleNats.toFixed(3)} nats`);
  }
}
