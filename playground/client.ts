import type {FromWorker, TaskName, Tasks, ToWorker} from './protocol';

/** The page's side of the worker. */

declare global {
  // Scripts beside the page put what they carry here: see scripts/playground/build.ts.
  var playgroundParts: Record<string, string> | undefined;
}

/** Thrown where a run was stopped: nothing went wrong. */
export class Stopped extends Error {}

interface Pending {
  readonly event: (event: unknown) => void;
  readonly done: (result: unknown) => void;
  readonly failed: (error: Error) => void;
}

const pending = new Map<number, Pending>();
let next = 0;
let worker: Worker | undefined;
const NO_WORKER =
  'worker.js is missing beside this page, or damaged: copy the whole folder, or run npm run playground again.';

/**
 * Runs a task in the worker, after those that were asked for before it.
 *
 * @param options.signal stops it; the promise is then rejected with Stopped
 * @throws Error with a sentence for the reader
 */
export function run<T extends TaskName>(
  task: T,
  input: Tasks[T]['input'],
  options: {readonly signal?: AbortSignal; readonly onEvent?: (event: Tasks[T]['event']) => void} = {},
): Promise<Tasks[T]['result']> {
  const {signal, onEvent} = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new Stopped());
      return;
    }
    const id = next++;
    pending.set(id, {
      event: (event) => {
        if (signal?.aborted !== true) onEvent?.(event as Tasks[T]['event']);
      },
      done: (result) => (signal?.aborted ? reject(new Stopped()) : resolve(result as Tasks[T]['result'])),
      failed: reject,
    });
    signal?.addEventListener('abort', () => tell({kind: 'stop', id}));
    tell({kind: 'run', id, task, input});
  });
}

function tell(message: ToWorker): void {
  worker ??= startWorker();
  worker.postMessage(message);
}

/** From its text: beside a page that was opened as a file, a browser lets no worker be loaded. */
function startWorker(): Worker {
  const text = globalThis.playgroundParts?.worker;
  if (text === undefined) throw new Error(NO_WORKER);
  const url = URL.createObjectURL(new Blob([text], {type: 'text/javascript'}));
  const started = new Worker(url);
  started.onmessage = ({data}: MessageEvent<FromWorker>) => heard(data);
  started.onerror = (event) => {
    // It answers no more: the next task begins with a new one.
    started.terminate();
    if (worker === started) worker = undefined;
    for (const {failed} of pending.values()) failed(new Error(`The page's worker stopped: ${event.message}`));
    pending.clear();
  };
  return started;
}

function heard(message: FromWorker): void {
  if (message.kind === 'want') {
    void loadPart(message.name).then((text) => tell({kind: 'part', name: message.name, text}));
    return;
  }
  const waiting = pending.get(message.id);
  if (waiting === undefined) return;
  if (message.kind === 'event') {
    waiting.event(message.event);
    return;
  }
  pending.delete(message.id);
  if (message.kind === 'done') waiting.done(message.result);
  else waiting.failed(message.kind === 'stopped' ? new Stopped() : new Error(message.message));
}

/** The text of a part of the folder, or null; each is kept only until it is handed on. */
export async function loadPart(name: string): Promise<string | null> {
  if (globalThis.playgroundParts?.[name] === undefined) await loadScript(`${name}.js`);
  const text = globalThis.playgroundParts?.[name] ?? null;
  delete globalThis.playgroundParts?.[name];
  return text;
}

function loadScript(source: string): Promise<void> {
  return new Promise((resolve) => {
    const script = document.createElement('script');
    script.src = source;
    script.onload = () => resolve();
    script.onerror = () => resolve();
    document.head.append(script);
  });
}
