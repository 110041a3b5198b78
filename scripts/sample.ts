import {startEngine} from '../lib/engine/index';
import {encodePng, imageGrid} from '../lib/figures/png';
import {sample} from '../lib/sample';
import {
  bar,
  checkLabels,
  endProgress,
  labelArgument,
  readArguments,
  run,
  showProgress,
  stopSignal,
} from './cli';
import {pngOutput} from './cli/output';
import {WEIGHTS_HELP, weightsArgument} from './cli/weights';

const HELP = `npm run sample -- MODEL [options]

Draws images from weights and writes them as one PNG.
  --count N         how many, 1 to 256 (default 100)
  --seed S          (default 0)
  --out FILE.png    (default samples-MODEL.png)
  --preset P        which committed weights (default: the model's first)
  ${WEIGHTS_HELP}
  --label L         the class to draw, or several with commas, in turn (for weights that are conditioned on
                    classes)
  --temperature T   1 is the model; below 1 is sharper (default 1)
  --naive           the whole model for every pixel: the same picture, slowly`;

run(async () => {
  const args = readArguments(HELP, {
    count: {type: 'string'},
    seed: {type: 'string'},
    out: {type: 'string'},
    preset: {type: 'string'},
    label: {type: 'string'},
    temperature: {type: 'string'},
    naive: {type: 'boolean'},
    weights: {type: 'string'},
    data: {type: 'string'},
  });
  const weights = weightsArgument(args, HELP);
  const {model: name} = weights;
  const count = args.integer('count', 1) ?? 100;
  const seed = args.integer('seed', 0) ?? 0;
  const labels = labelArgument(args);
  const temperature = args.number('temperature') ?? 1;
  const out = pngOutput(args.text('out') ?? `samples-${name}.png`);
  const engine = await startEngine();
  const {model} = weights.load();
  const each = labels && Array.from({length: count}, (_, i) => labels[i % labels.length]);
  checkLabels(model, each);
  const started = performance.now();
  const images = await sample(model, {
    count,
    seed,
    ...(each === undefined ? {} : {condition: each}),
    temperature,
    method: args.flag('naive') ? 'naive' : 'cached',
    signal: stopSignal('stopping, nothing is written'),
    onProgress: (share) => showProgress(name, bar(share)),
  });
  endProgress();
  const seconds = (performance.now() - started) / 1000;
  const told = labels === undefined ? '' : `, label ${labels.join(', ')}`;
  const title = `${count} samples from ${name}${told}, seed ${seed}`;
  const grid = imageGrid({
    images,
    title,
    description: `${count} images drawn by ${name}, one beside the other.`,
    columns: Math.ceil(Math.sqrt(count)),
    scale: 4,
    white: model.levels - 1,
  });
  out.write(encodePng(grid));
  console.log(`${out.shown}: ${title}, ${seconds.toFixed(2)} s; ${engine.description}`);
});
