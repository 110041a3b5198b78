import {GROWTH_SIDES, timeGrowth} from '../bench/growth';
import {measureMachine, timeNetwork, timeSampling} from '../bench/measure';
import {type BenchNetwork, benchNetworks} from '../bench/networks';
import {type BenchRow, machine, type Results, rowText, shortNumber, store} from '../bench/results';
import {installTorch, TORCH} from '../bench/torch';
import {startEngine} from '../lib/engine/index';
import {type GrowthRow, growthFile, growthPower} from '../lib/reproduction/growth';
import {writeFileAtomically} from '../lib/storage/files';
import {bar, endProgress, readArguments, run, showProgress, UsageError} from './cli';

const HELP = `npm run bench -- [options]

Times training, evaluation and sampling of the five models in turn with the same networks in plain tfjs and
in PyTorch, after all three have given the same nats. PyTorch (${TORCH[0]}, some GB) is installed into
.cache/pytorch the first time.
  --models M,…        which models (default: all)
  --batches N,…       batch sizes (default: 16,64)
  --rounds N          rounds, each of which times every side in turn; medians are taken (default 5)
  --without-pytorch   leave PyTorch out
  --growth            only how sampling one image grows with its side
  --json              one JSON line on stdout, nothing else
  --record            keep the run: all models over at least 5 rounds with PyTorch in bench/results.json and
                      bench/README.md, in the place of the run before on the same kind of machine; growth in
                      bench/growth.json, which notebook 13 draws`;

run(async () => {
  const args = readArguments(HELP, {
    models: {type: 'string'},
    batches: {type: 'string'},
    rounds: {type: 'string'},
    'without-pytorch': {type: 'boolean'},
    growth: {type: 'boolean'},
    json: {type: 'boolean'},
    record: {type: 'boolean'},
  });
  const all = benchNetworks();
  const names = args.text('models')?.split(',') ?? all.map(({model}) => model);
  const unknown = names.find((name) => !all.some(({model}) => model === name));
  if (unknown !== undefined) {
    throw new UsageError(`unknown model '${unknown}'; there are ${all.map(({model}) => model).join(', ')}`);
  }
  const batches = (args.text('batches') ?? '16,64').split(',').map(Number);
  if (!batches.every((batch) => Number.isInteger(batch) && batch > 0 && batch <= 1000)) {
    throw new UsageError(`--batches must be integers from 1 to 1000, got '${args.text('batches')}'`);
  }
  const rounds = args.integer('rounds', 1) ?? 5;
  if (args.flag('growth')) {
    await measureGrowth(all, args.flag('json'), args.flag('record'));
    return;
  }
  const record = args.flag('record');
  if (record && (rounds < 5 || args.flag('without-pytorch') || names.length < all.length)) {
    throw new UsageError('--record keeps whole runs only: all models, PyTorch, at least 5 rounds');
  }
  const python = args.flag('without-pytorch') ? null : installTorch();
  await startEngine();
  const networks = all.filter(({model}) => names.includes(model));
  const {peakGflops, importSeconds} = await measureMachine();
  const rows: BenchRow[] = [];
  const report = (line: string): void => {
    endProgress();
    (args.flag('json') ? console.error : console.log)(line);
  };
  report(
    `${machine()}; matrix product ${peakGflops.toFixed(0)} GFLOP/s; from start to first tensor ${importSeconds.toFixed(2)} s`,
  );
  for (const [k, network] of networks.entries()) {
    for (const [b, batch] of batches.entries()) {
      const done = (k + b / batches.length) / networks.length;
      showProgress(bar(done), `${network.model}, batch ${batch}`);
      const added = await timeNetwork(network, batch, rounds, python);
      for (const row of added) report(rowText(row, peakGflops));
      rows.push(...added);
    }
    showProgress(bar((k + 0.9) / networks.length), `${network.model}, sampling`);
    const added = await timeSampling(network, python);
    for (const row of added) report(rowText(row, peakGflops));
    rows.push(...added);
  }
  const results: Results = {machine: machine(), peakGflops, importSeconds, rounds, rows};
  if (args.flag('json')) console.log(JSON.stringify(results));
  if (record) store(results);
});

/**
 * One image of every side from every model: naive cost and cached cost, and the powers with which they grow.
 */
async function measureGrowth(
  networks: readonly BenchNetwork[],
  json: boolean,
  record: boolean,
): Promise<void> {
  await startEngine();
  const rows: GrowthRow[] = [];
  for (const [k, network] of networks.entries()) {
    for (const [s, side] of GROWTH_SIDES.entries()) {
      const done = (k + s / GROWTH_SIDES.length) / networks.length;
      showProgress(bar(done), `${network.model}, ${side} x ${side}`);
      rows.push(await timeGrowth(network, side));
    }
    endProgress();
    const own = rows.filter(({model}) => model === network.model);
    const sides = own.map(({side}) => side);
    const naive = own.map(({naiveSeconds}) => naiveSeconds);
    const cached = own.map(({cachedSeconds}) => cachedSeconds);
    (json ? console.error : console.log)(
      `${network.model}: naive ${naive.map(shortNumber).join(', ')} s (side^${growthPower(sides, naive).toFixed(1)}); ` +
        `cached ${cached.map(shortNumber).join(', ')} s (side^${growthPower(sides, cached).toFixed(1)})`,
    );
  }
  const growth = {machine: machine(), rows};
  if (json) console.log(JSON.stringify(growth));
  if (record) writeFileAtomically(growthFile(), `${JSON.stringify(growth, null, 1)}\n`);
}
