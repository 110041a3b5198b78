import type {MachineSpeed, Speed} from './limit';
import {oursWorker} from './sides';

/** What limits are reckoned with, measured in processes of their own: all cores, then one. */
export async function measureMachine(): Promise<{speed: MachineSpeed; importSeconds: number}> {
  const started = performance.now();
  const worker = oursWorker('ours');
  await worker.answer();
  const importSeconds = (performance.now() - started) / 1000;
  const all = await worker.ask<Speed>({do: 'speed'});
  worker.stop();
  const single = oursWorker('ours', {RASTER_THREADS: '1', TF_NUM_INTRAOP_THREADS: '1'});
  await single.answer();
  const one = await single.ask<Speed>({do: 'speed'});
  single.stop();
  return {speed: {all, one}, importSeconds};
}
