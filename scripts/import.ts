import * as path from 'node:path';
import {startEngine} from '../lib/engine/index';
import {parameterCount} from '../lib/layers/parameters';
import {likelihoodText} from '../lib/likelihood';
import {importWeights, trainedBy} from '../lib/reproduction/importWeights';
import {publish, storeWeights} from '../lib/reproduction/published';
import {makeFolder} from '../lib/storage/files';
import {readMappingFile, SAME} from '../lib/storage/foreignWeights';
import {checkpointFile, runFiles} from '../lib/storage/paths';
import {readArguments, run, shownPath, UsageError, userPath} from './cli';

const HELP = `npm run import -- FILE [options]

Takes weights that were trained elsewhere (DIR/weights.safetensors of pytorch/train.py, or those of another
program), checks every tensor, scores them on the validation images, and keeps them with what the file says
of who trained them where.
  --model M, --preset P
                 of what they are; needed where the file does not say so
  --mapping FILE how another program calls and lays out its tensors (data/checkpoints/README.md)
  --publish      store them as the preset's committed weights, scored on the test set`;

run(async () => {
  const args = readArguments(HELP, {
    model: {type: 'string'},
    preset: {type: 'string'},
    mapping: {type: 'string'},
    publish: {type: 'boolean'},
  });
  const [given, ...rest] = args.positionals;
  if (given === undefined) throw new UsageError(`which file?\n\n${HELP}`);
  if (rest.length > 0) throw new UsageError(`one file at a time, got also '${rest.join(' ')}'`);
  const file = userPath(given);
  const mappingFile = args.text('mapping');
  const mapping = mappingFile === undefined ? SAME : readMappingFile(userPath(mappingFile));
  const engine = await startEngine();
  const imported = importWeights(file, {model: args.text('model'), preset: args.text('preset'), mapping});
  const {model, preset} = imported;
  const metadata = {
    ...imported.metadata,
    versions: {...imported.metadata.versions, node: process.version, [engine.name]: engine.version},
  };
  console.log(
    `${model.name} ${preset}: ${parameterCount(model.parameters)} parameters; ${trainedBy(imported.metadata)}`,
  );
  const {data} = metadata;
  if (data !== undefined && args.flag('publish')) {
    throw new UsageError(
      `${shownPath(file)} was trained on ${data.name}; --publish is for the data sets that everybody has: leave it out`,
    );
  }
  const {folder, weights} = runFiles(model.name, `${preset}-imported`, metadata.seed, data?.name);
  makeFolder(folder);
  const nats = await storeWeights(model, metadata, weights);
  const there = metadata.history.filter(({split}) => split === 'validation').map((row) => row.nats);
  console.log(
    `${shownPath(weights)}: validation ${likelihoodText(nats, model)} as stored in 16 bits` +
      (there.length > 0
        ? `, ${likelihoodText(Math.min(...there), model)} where it was trained, on the images it had`
        : ''),
  );
  if (!args.flag('publish')) {
    console.log(`draw with them: npm run sample -- ${model.name} --weights ${shownPath(weights)}`);
    return;
  }
  const target = checkpointFile(model.name, preset);
  makeFolder(path.dirname(target));
  const score = await publish(model.name, preset, weights, target);
  console.log(
    `${shownPath(target)}: test ${likelihoodText(score.nats, model)} ` +
      `(${score.dataset}, binarization: ${score.binarization}, ${score.images} images)`,
  );
});
