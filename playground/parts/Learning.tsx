import {useEffect, useReducer, useRef} from 'preact/hooks';
import {run, Stopped} from '../client';
import type {LearnInput} from '../protocol';
import {Picture} from './Picture';
import {BLACK, WHITE} from './paint';

/** One training in the page: its curve, and what it draws. */
export interface Learning {
  readonly steps: {readonly step: number; readonly nats: number}[];
  readonly scores: {readonly step: number; readonly nats: number}[];
  samples: {readonly pixels: Uint8Array; readonly count: number} | null;
  total: number;
  state: 'waiting' | 'running' | 'stopped' | 'done';
  trouble: string | null;
}

function fresh(): Learning {
  return {steps: [], scores: [], samples: null, total: 0, state: 'waiting', trouble: null};
}

/** Trainings that a view runs one after the other; leaving the view stops them. */
export function useLearnings(count: number) {
  const [, tick] = useReducer((n: number) => n + 1, 0);
  const learnings = useRef(Array.from({length: count}, fresh));
  const control = useRef<AbortController | null>(null);
  useEffect(() => () => control.current?.abort(), []);
  const start = async (inputs: readonly LearnInput[]): Promise<void> => {
    control.current?.abort();
    const own = new AbortController();
    control.current = own;
    const list = inputs.map(fresh);
    learnings.current = list;
    for (const [k, input] of inputs.entries()) {
      const learning = list[k];
      learning.state = 'running';
      tick(undefined as never);
      try {
        const {stopped} = await run('learn', input, {
          signal: own.signal,
          onEvent: (event) => {
            if (event.kind === 'samples') learning.samples = event;
            else if (event.kind === 'validation') learning.scores.push(event);
            else {
              learning.steps.push(event);
              learning.total = event.steps;
            }
            tick(undefined as never);
          },
        });
        learning.state = stopped ? 'stopped' : 'done';
      } catch (error) {
        learning.state = 'stopped';
        if (!(error instanceof Stopped)) learning.trouble = (error as Error).message;
      }
      tick(undefined as never);
    }
  };
  const stop = (): void => {
    control.current?.abort();
    for (const learning of learnings.current) if (learning.state === 'running') learning.state = 'stopped';
    tick(undefined as never);
  };
  const running = learnings.current.some(({state}) => state === 'running');
  return {learnings: learnings.current, start, stop, running};
}

/** Digits of 14 x 14 that a small model has drawn. */
export function Samples({samples, label}: {readonly samples: Learning['samples']; readonly label: string}) {
  if (samples === null) return null;
  const size = samples.pixels.length / samples.count;
  return (
    <div class="pictures">
      {Array.from({length: samples.count}, (_, i) => (
        <Picture
          key={i}
          side={14}
          className="picture small-picture"
          color={(index) => (samples.pixels[i * size + index] ? WHITE : BLACK)}
          label={`${label}, sample ${i + 1}`}
        />
      ))}
    </div>
  );
}
