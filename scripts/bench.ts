import {GROWTH_SIDES, pixelCost, pixelCostText, timeGrowth} from '../bench/growth';
import {type Timing, timeNetwork, timeSampling} from '../bench/measure';
import {type BenchNetwork, benchNetworks, growthNetworks} from '../bench/networks';
import {Progress} from '../bench/progress';
import {machine, store} from '../bench/results';
import type {BenchRow, Results} from '../bench/row';
import {measureMachine} from '../bench/speed';
import {rowText, shortNumber, speedText} from '../bench/table';
import {installTorch, TORCH} from '../bench/torch';
import {startEngine} from '../lib/engine/index';
import {type GrowthRow, growthFile, growthPower} from '../lib/reproduction/growth';
import {writeFileAtomically} from '../lib/storage/files';
import {bar, clock, endProgress, readArguments, run, showProgress, UsageError} from './cli';

const HELP = `npm run bench -- [options]

Times training, evaluation and sampling of the five models, and of PixelCNN in color, in turn with the same
networks in plain tfjs, in PyTorch eager and in torch.compile, after all have given the same nats. Each row
has the limit that this machine sets, and the share of it. PyTorch (${TORCH[0]}, some GB) is installed into
.cache/pytorch the first time.
  --models M,…        which networks (default: all)
  --batches N,…       batch sizes (default: 16,64; in color 16)
  --rounds N          rounds, each of which times every side in turn; medians are taken (default 5)
  --compile-limit S   seconds that torch.compile may take for each network and batch (default 120); what takes
                      longer is stopped, and its row says so; 0 leaves torch.compile out
  --without-pytorch   leave PyTorch out
  --growth            only how sampling one image grows with its side
  --json              one JSON line on stdout, nothing else
  --record            keep the run: all networks over at least 5 rounds with PyTorch in bench/results.json and
                      bench/README.md, in the place of the run before on the same kind of machine; growth in
                      bench/growth.json, which notebook 13 draws`;

run(async () => {
  const args = readArguments(HELP, {
    models: {type: 'string'},
    batches: {type: 'string'},
    rounds: {type: 'string'},
    'compile-limit': {type: 'string'},
    'without-pytorch': {type: 'boolean'},
    growth: {type: 'boolean'},
    json: {type: 'boolean'},
    record: {type: 'boolean'},
  });
  const growing = args.flag('growth');
  if (growing) args.only(['growth', 'models', 'json', 'record'], 'of --growth');
  const all = growing ? growthNetworks() : benchNetworks();
  const names = args.text('models')?.split(',') ?? all.map(({name}) => name);
  const unknown = names.find((given) => !all.some(({name}) => name === given));
  if (unknown !== undefined) {
    throw new UsageError(`unknown model '${unknown}'; there are ${all.map(({name}) => name).join(', ')}`);
  }
  const networks = all.filter(({name}) => names.includes(name));
  const [json, record] = [args.flag('json'), args.flag('record')];
  if (growing) {
    if (record && networks.length < all.length) {
      throw new UsageError('--record keeps the growth of all models only: leave --models out');
    }
    await measureGrowth(networks, json, record);
    return;
  }
  const batches = args.text('batches')?.split(',').map(Number);
  if (batches?.every((batch) => Number.isInteger(batch) && batch > 0 && batch <= 1000) === false) {
    throw new UsageError(`--batches must be integers from 1 to 1000, got '${args.text('batches')}'`);
  }
  const rounds = args.integer('rounds', 1) ?? 5;
  const compileLimit = args.number('compile-limit', 0, 86_400) ?? 120;
  const withTorch = !args.flag('without-pytorch');
  if (record && (rounds < 5 || !withTorch || compileLimit === 0 || networks.length < all.length)) {
    throw new UsageError(
      '--record keeps whole runs only: leave out the names of models, --without-pytorch and --compile-limit 0, ' +
        'and give at least 5 rounds',
    );
  }
  const torch = withTorch ? {python: installTorch(), compileLimit} : null;
  await startEngine();
  const report = (line: string): void => {
    endProgress();
    (json ? console.error : console.log)(line);
  };
  const items = networks.flatMap((network) => itemsOf(network, batches ?? network.batches));
  const progress = new Progress(items.map(({weight}) => weight));
  showProgress(bar(0), 'measures the machine');
  const {speed, importSeconds} = await measureMachine();
  report(`${machine()}; ${speedText(speed)}; from start to first tensor ${importSeconds.toFixed(2)} s`);
  const rows: BenchRow[] = [];
  for (const {what, time} of items) {
    const onProgress = (share: number, next: string): void => {
      const left = progress.left(share);
      const toGo = left === null ? [] : [`about ${clock(left)} to go`];
      showProgress(bar(progress.share(share)), ...toGo, `${what}: ${next}`);
    };
    const added = await time({rounds, torch, speed, onProgress});
    for (const row of added) report(rowText(row));
    rows.push(...added);
    progress.next();
  }
  const limit = torch === null ? null : compileLimit;
  const results: Results = {machine: machine(), speed, importSeconds, compileLimit: limit, rounds, rows};
  if (json) console.log(JSON.stringify(results));
  if (record) store(results);
});

/** One thing that is timed, and about how long that takes beside the others. */
interface Item {
  readonly what: string;
  readonly weight: number;
  readonly time: (timing: Timing) => Promise<BenchRow[]>;
}

function itemsOf(network: BenchNetwork, batches: readonly number[]): Item[] {
  // The sides step through a recurrence pixel by pixel, and compile it to no end.
  const weight = network.model === 'rowlstm' || network.model === 'diagonal' ? 3 : 1;
  return [
    ...batches.map((batch) => ({
      ...{what: `${network.name}, batch ${batch}`, weight},
      time: (timing: Timing) => timeNetwork(network, batch, timing),
    })),
    ...network.samples.map((count) => ({
      ...{what: `${network.name}, sampling ${count}`, weight},
      time: (timing: Timing) => timeSampling(network, count, timing),
    })),
  ];
}

/**
 * One image of every side from every model: naive cost and cached cost, the powers with which they grow, and
 * what a pixel costs the cached sampler.
 */
async function measureGrowth(
  networks: readonly BenchNetwork[],
  json: boolean,
  record: boolean,
): Promise<void> {
  await startEngine();
  const rows: GrowthRow[] = [];
  // A pass costs a pixel's work for each pixel.
  const progress = new Progress(networks.flatMap(() => GROWTH_SIDES.map((side) => 500 + side ** 2)));
  for (const network of networks) {
    for (const side of GROWTH_SIDES) {
      const left = progress.left();
      const toGo = left === null ? [] : [`about ${clock(left)} to go`];
      showProgress(bar(progress.share()), ...toGo, `${network.name}, ${side} x ${side}`);
      rows.push(await timeGrowth(network, side));
      progress.next();
    }
    endProgress();
    const own = rows.filter(({model}) => model === network.model);
    const sides = own.map(({side}) => side);
    const naive = own.map(({naiveSeconds}) => naiveSeconds);
    const cached = own.map(({cachedSeconds}) => cachedSeconds);
    (json ? console.error : console.log)(
      `${network.name}: naive ${naive.map(shortNumber).join(', ')} s (side^${growthPower(sides, naive).toFixed(1)}); ` +
        `cached ${cached.map(shortNumber).join(', ')} s (side^${growthPower(sides, cached).toFixed(1)}); ` +
        pixelCostText(pixelCost(own)),
    );
  }
  const growth = {machine: machine(), rows};
  if (json) console.log(JSON.stringify(growth));
  if (record) writeFileAtomically(growthFile(), `${JSON.stringify(growth, null, 1)}\n`);
}
