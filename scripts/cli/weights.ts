import * as fs from 'node:fs';
import * as path from 'node:path';
import {type OwnSource, ownSource} from '../../lib/data/ownSource';
import {MODEL_NAMES, type ModelName, presetNames} from '../../lib/models/index';
import {loadPublished, loadWeights, type Published} from '../../lib/reproduction/published';
import {readSafetensors} from '../../lib/storage/checkpoints';
import {checkpointFile, runsFolder} from '../../lib/storage/paths';
import {type Arguments, modelArgument, presetArgument, shownPath, UsageError, userPath} from '../cli';

/** Which weights a command is of: the committed ones of a preset, or those of a file. */
export interface NamedWeights {
  readonly model: ModelName;
  /** The preset, or the file as it is shown. */
  readonly what: string;
  /** Builds the model; the engine must run. @throws CheckpointError */
  load(): Published;
}

/** What --weights is, for the help of the commands. */
export const WEIGHTS_HELP = `--weights FILE    instead of committed ones: a checkpoint, or the folder of a
                    training run (its best weights so far)
  --data NAME       weights that were trained on a data set of your own (npm run data -- folder makes one)`;

/**
 * The weights that the command line names by MODEL and --preset, or by --weights; a file says itself of which
 * model it is. With a data set of one's own they are those of a run on it, unless --weights names others.
 *
 * @param otherwise the preset when none is named; the model's first when not given
 * @throws UsageError, CheckpointError
 */
export function weightsArgument(
  args: Arguments,
  help: string,
  otherwise?: (model: ModelName) => string | undefined,
): NamedWeights {
  const given = args.text('weights');
  const own = ownDataArgument(args);
  if (given === undefined && own !== undefined) return ownWeights(args, modelArgument(args, help), own.name);
  if (given === undefined || given === 'committed') {
    const model = modelArgument(args, help);
    const preset = presetArgument(args, model, otherwise?.(model));
    const file = checkpointFile(model, preset);
    if (!fs.existsSync(file)) {
      throw new Error(
        `there are no weights ${file}: train and publish them with npm run train -- ${model} --preset ${preset} --publish, ` +
          'or name others with --weights',
      );
    }
    return committedWeights(model, preset);
  }
  if (args.text('preset') !== undefined) {
    throw new UsageError(
      '--preset names committed weights, --weights those of a file: leave one of them out',
    );
  }
  const file = fileOf(userPath(given));
  const named = args.positionals.length > 0 ? modelArgument(args, help) : undefined;
  const inFile = readSafetensors(file).metadata.model;
  const model = named ?? MODEL_NAMES.find((name) => name === inFile);
  if (model === undefined) {
    throw new UsageError(
      `${file} says that it is of the model '${inFile}'; there are ${MODEL_NAMES.join(', ')}`,
    );
  }
  return {model, what: shownPath(file), load: () => loadWeights(file, model)};
}

/** The data set of one's own that --data names. @throws UsageError, MissingDataError */
export function ownDataArgument(args: Arguments): OwnSource | undefined {
  const name = args.text('data');
  return name === undefined || name === 'binarized-mnist' ? undefined : ownSource(name);
}

/** The weights of the one run of a model, or of its preset, on a data set of one's own. */
function ownWeights(args: Arguments, model: ModelName, data: string): NamedWeights {
  const folder = runsFolder(data);
  const preset = args.text('preset') === undefined ? undefined : presetArgument(args, model);
  const runs = (fs.existsSync(folder) ? fs.readdirSync(folder) : []).filter((name) =>
    preset === undefined
      ? presetNames(model).some((one) => isRunOf(name, model, one))
      : isRunOf(name, model, preset),
  );
  if (runs.length === 0) {
    throw new Error(
      `there are no weights of ${model}${preset === undefined ? '' : ` ${preset}`} that were trained on ${data}; train them with ` +
        `npm run train -- ${model} --preset ${preset ?? presetNames(model).at(-1)} --data ${data}, or name others with --weights ` +
        '(committed for the committed ones)',
    );
  }
  if (runs.length > 1) {
    throw new UsageError(
      `${runs.length} runs of ${model} on ${data} are there: ${runs.join(', ')}; ` +
        `name one with --weights, such as --weights ${shownPath(path.join(folder, runs[0]))}`,
    );
  }
  const file = fileOf(path.join(folder, runs[0]));
  return {
    model,
    what: `${runs[0]
      .slice(model.length + 1)
      .replace(/-\d+$/, '')
      .replace(/-imported$/, ', imported,')} on ${data}`,
    load: () => loadWeights(file, model),
  };
}

/** Whether a folder is that of a run of the preset, here or elsewhere, with whatever seed. */
function isRunOf(name: string, model: string, preset: string): boolean {
  const start = `${model}-${preset}-`;
  return name.startsWith(start) && /^(imported-)?\d+$/.test(name.slice(start.length));
}

/** The committed weights of a preset. */
export function committedWeights(model: ModelName, preset: string): NamedWeights {
  return {model, what: preset, load: () => loadPublished(model, preset)};
}

/** In a run's folder: the weights of one that has ended, else its state. */
function fileOf(given: string): string {
  if (!fs.statSync(given, {throwIfNoEntry: false})?.isDirectory()) return given;
  const names = ['weights.safetensors', 'state.safetensors'];
  const found = names.map((name) => path.join(given, name)).find((file) => fs.existsSync(file));
  if (found === undefined) {
    throw new UsageError(
      `${given} is no folder of a training run: there is neither ${names.join(' nor ')} in it`,
    );
  }
  return found;
}
