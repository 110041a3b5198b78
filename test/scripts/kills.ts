import {spawn} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {Random} from '../../lib/random';
import {loadTrainingState} from '../../lib/storage/checkpoints';
import {NODE_OPTIONS} from '../node';

/**
 * Kills the real `train` command at random moments, from its start on, and goes on with it, until
 * so many kills are done; each run that gets to its end must have ended, to the bit, where one that
 * was never stopped ends. By hand:
 *
 *   node --require ./scripts/setup/typescript.cjs test/scripts/kills.ts 100 [SEED]
 */

const project = path.join(__dirname, '..', '..');
const PRESET = 'fvsbn';
const EPOCHS = 3;

export interface Kills {
  readonly kills: number;
  /** Runs that came to their end. */
  readonly ended: number;
  /** Kills that found a state, from which the next life went on. */
  readonly resumed: number;
}

/** @throws Error when a life says something else than it should, or a run ends elsewhere */
export async function killAndResume(
  count: number,
  seed: number,
  onKill?: (done: number) => void,
): Promise<Kills> {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'kills-'));
  const folder = path.join(data, 'runs', `made-${PRESET}-0`);
  const state = path.join(folder, 'state.safetensors');
  const random = new Random(seed, 'kills');
  let [kills, ended, resumed] = [0, 0, 0];
  try {
    const started = performance.now();
    await live(data, false);
    // Kills come at any moment of a run, its start included, however slow the machine is.
    const wholeRun = performance.now() - started;
    const whole = endOf(folder);
    fs.rmSync(folder, {recursive: true});
    // The last run is left alone until it ends.
    while (kills < count || ended === 0 || fs.existsSync(state)) {
      const goesOn = fs.existsSync(state);
      if (goesOn && kills > 0) resumed++;
      const killed = await live(data, goesOn, kills < count ? wholeRun * random.uniform() : undefined);
      if (killed) {
        onKill?.(++kills);
        continue;
      }
      ended++;
      if (endOf(folder) !== whole)
        throw new Error(`after ${kills} kills of seed ${seed} the run ended elsewhere`);
      const names = fs.readdirSync(folder).sort().join();
      if (names !== 'state.safetensors,weights.safetensors')
        throw new Error(`there is left behind: ${names}`);
      fs.rmSync(folder, {recursive: true});
    }
  } finally {
    fs.rmSync(data, {recursive: true});
  }
  return {kills, ended, resumed};
}

/** One life of the command. @returns whether it was killed */
function live(data: string, goesOn: boolean, milliseconds?: number): Promise<boolean> {
  const args = [
    'train',
    'made',
    '--preset',
    PRESET,
    ...(goesOn ? ['--resume'] : ['--epochs', String(EPOCHS), '--batch', '1000']),
  ];
  const [name, ...rest] = args;
  const environment = JSON.parse(fs.readFileSync(path.join(project, 'lib/engine/environment.json'), 'utf8'));
  const child = spawn(process.execPath, [...NODE_OPTIONS, `scripts/${name}.ts`, ...rest], {
    cwd: project,
    env: {...process.env, ...environment, AUTOREGRESSIVE_DATA: data},
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (piece) => {
    said += piece;
  });
  const timer =
    milliseconds === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), milliseconds);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') resolve(true);
      else if (code === 0) resolve(false);
      else reject(new Error(`${args.join(' ')} ended with ${code ?? signal}: ${said}`));
    });
  });
}

/** All but the times, numbers by their bits. */
function endOf(folder: string): string {
  const {tensors, metadata, best} = loadTrainingState(path.join(folder, 'state.safetensors'));
  const bits = Object.entries(tensors).map(([part, named]) => [
    part,
    [...named].map(([name, {data}]) => [name, Buffer.from(data.slice().buffer).toString('base64')]),
  ]);
  return JSON.stringify([bits, best, metadata.step, metadata.history.map(({seconds, ...row}) => row)]);
}

if (require.main === module) {
  const [count, seed] = [Number(process.argv[2] ?? 100), Number(process.argv[3] ?? Date.now() % 2 ** 32)];
  console.log(`${count} kills at moments of seed ${seed}`);
  killAndResume(count, seed, (done) => process.stdout.write(done % 10 === 0 ? `${done}\n` : '.')).then(
    ({kills, ended, resumed}) =>
      console.log(
        `${kills} kills; ${resumed} lives went on from a state; ${ended} runs ended, each to the bit where it must`,
      ),
    (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
