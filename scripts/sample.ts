import {startEngine} from '../lib/engine/index';
import {encodePng, imageGrid} from '../lib/figures/png';
import {loadPublished} from '../lib/reproduction/published';
import {sample} from '../lib/sample';
import {writeFileAtomically} from '../lib/storage/files';
import {
  bar,
  checkLabels,
  endProgress,
  labelArgument,
  modelArgument,
  presetArgument,
  readArguments,
  run,
  showProgress,
  stopSignal,
} from './cli';

const HELP = `npm run sample -- MODEL [options]

Draws images from committed weights and writes them as one PNG.
  --count N         how many, 1 to 256 (default 100)
  --seed S          (default 0)
  --out FILE.png    (default samples-MODEL.png)
  --preset P        which weights (default: the model's first)
  --label L         the class to draw, or several with commas, in turn (for weights that are conditioned on classes)
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
  });
  const name = modelArgument(args, HELP);
  const count = args.integer('count', 1) ?? 100;
  const seed = args.integer('seed', 0) ?? 0;
  const labels = labelArgument(args);
  const out = args.text('out') ?? `samples-${name}.png`;
  const engine = await startEngine();
  const published = loadPublished(name, presetArgument(args, name));
  const each = labels && Array.from({length: count}, (_, i) => labels[i % labels.length]);
  const {model} = published;
  checkLabels(model, each);
  const started = performance.now();
  const images = await sample(model, {
    count,
    seed,
    ...(each === undefined ? {} : {condition: each}),
    temperature: args.number('temperature') ?? 1,
    method: args.flag('naive') ? 'naive' : 'cached',
    signal: stopSignal('stopping, nothing is written'),
    onProgress: (share) => showProgress(`${name}  ${bar(share)}`),
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
  });
  writeFileAtomically(out, encodePng(grid));
  console.log(`${out}: ${title}, ${seconds.toFixed(2)} s; ${engine.description}`);
});
