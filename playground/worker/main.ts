import type {FromWorker, TaskName, Tasks, ToWorker} from '../protocol';
import {draw, score} from './draw';
import {engine} from './engine';
import {hand} from './hand';
import {learn} from './learn';
import {askBy, partArrived} from './parts';
import {Queue} from './queue';
import {layers, see} from './see';

/** The worker: runs what the page asks for, one thing after the other, and stops it when the page says so. */

type Run<T extends TaskName> = (
  input: Tasks[T]['input'],
  tell: (event: Tasks[T]['event']) => void,
  signal: AbortSignal,
) => Promise<Tasks[T]['result']>;

const tasks: {readonly [T in TaskName]: Run<T>} = {
  start: () => engine(),
  draw,
  score: (input, _, signal) => score(input, signal),
  layers,
  see,
  learn,
  hand,
};

const queue = new Queue();
const send = (message: FromWorker): void => postMessage(message);
askBy((name) => send({kind: 'want', name}));

addEventListener('message', ({data}: MessageEvent<ToWorker>) => {
  if (data.kind === 'part') partArrived(data.name, data.text);
  else if (data.kind === 'stop') queue.stop(data.id);
  else queue.add(data.id, (signal) => run(data.id, data.task, data.input, signal));
});

async function run(id: number, task: TaskName, input: unknown, signal: AbortSignal): Promise<void> {
  try {
    signal.throwIfAborted();
    const action = tasks[task] as Run<TaskName>;
    const result = await action(input as never, (event) => send({kind: 'event', id, event}), signal);
    send({kind: 'done', id, result});
  } catch (error) {
    if (signal.aborted) send({kind: 'stopped', id});
    else send({kind: 'failed', id, message: error instanceof Error ? error.message : String(error)});
  }
}
