import {startEngine} from '../lib/engine/index';
import {encodePng, imageGrid} from '../lib/figures/png';
import {writeFileAtomically} from '../lib/files';
import {loadPublished} from '../lib/published';
import {sample} from '../lib/sample';
import {
  bar,
  endProgress,
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
  --temperature T   1 is the model; below 1 is sharper (default 1)
  --naive           the whole model for every pixel: the same picture, slowly`;

run(async () => {
  const args = readArguments(HELP, {
    count: {type: 'string'},
    seed: {type: 'string'},
    out: {type: 'string'},
    preset: {type: 'string'},
    temperature: {type: 'string'},
    naive: {type: 'boolean'},
  });
  const name = modelArgument(args, HELP);
  const count = args.integer('count', 1) ?? 100;
  const seed = args.integer('seed', 0) ?? 0;
  const out = args.text('out') ?? `samples-${name}.png`;
  const engine = await startEngine();
  const {model} = loadPublished(name, presetArgument(args, name));
  const started = performance.now();
  const images = await sample(model, {
    count,
    seed,
    temperature: args.number('temperature') ?? 1,
    method: args.flag('naive') ? 'naive' : 'cached',
    signal: stopSignal('stopping, nothing is written'),
    onProgress: (share) => showProgress(`${name}  ${bar(share)}`),
  });
  endProgress();
  const seconds = (performance.now() - started) / 1000;
  const title = `${count} samples from ${name}, seed ${seed}`;
  const grid = imageGrid({
    images,
    title,
    description: `${count} digits drawn by ${name}, one beside the other.`,
    notebook: '03-made',
    columns: Math.ceil(Math.sqrt(count)),
    scale: 4,
  });
  writeFileAtomically(out, encodePng(grid));
  console.log(`${out}: ${title}, ${seconds.toFixed(2)} s; ${engine.description}`);
});
