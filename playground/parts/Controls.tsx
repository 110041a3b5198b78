import type {ComponentChildren, RefObject} from 'preact';
import {useReducer} from 'preact/hooks';
import {site} from '../site';
import {type Playback, SPEEDS} from './playback';

/** A choice of one among a few, as buttons that keep their state. */
export function Choice<T extends string>({
  label,
  options,
  value,
  onChange,
}: {
  readonly label: string;
  readonly options: readonly T[];
  readonly value: T | null;
  readonly onChange: (value: T) => void;
}) {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      {options.map((option) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChange(option)}>
          {option}
        </button>
      ))}
    </fieldset>
  );
}

/** Play, pause, speed, and the place in the order. */
export function PlayControls({playback, total}: {readonly playback: Playback; readonly total: number}) {
  const {playing, shown, speed} = playback;
  const toggle = (): void => {
    if (playing) playback.pause();
    else if (shown >= total) playback.restart();
    else playback.play();
  };
  return (
    <div class="controls">
      <button type="button" class="strong" onClick={toggle}>
        {playing ? 'Pause' : shown >= total ? 'Play again' : 'Play'}
      </button>
      <label class="slider">
        pixel {shown} of {total}
        <input
          type="range"
          min={0}
          max={total}
          value={shown}
          onInput={(event) => playback.setShown(Number(event.currentTarget.value))}
        />
      </label>
      <Choice
        label="Speed"
        options={SPEEDS.map(({name}) => name)}
        value={speed.name}
        onChange={(name) => playback.setSpeed(SPEEDS.find((one) => one.name === name) ?? speed)}
      />
    </div>
  );
}

/** Stops the models that draw, and the picture with them; once they are stopped, begins again. */
export function StopButton({
  running,
  playback,
  again,
}: {
  readonly running: RefObject<AbortController | null>;
  readonly playback: Playback;
  /** Runs the models with the same question. */
  readonly again: () => void;
}) {
  const [, tick] = useReducer((count: number) => count + 1, 0);
  const stopped = running.current?.signal.aborted === true;
  const stop = (): void => {
    running.current?.abort();
    playback.pause();
    tick(undefined as never);
  };
  return (
    <button type="button" onClick={stopped ? again : stop}>
      {stopped ? 'Draw again' : 'Stop'}
    </button>
  );
}

/** What went wrong, in a sentence. */
export function Trouble({children}: {readonly children: ComponentChildren}) {
  return (
    <p class="trouble" role="alert">
      {children}
    </p>
  );
}

/** The head of a view: what to do, what to wonder at, where it comes from. */
export function Intro({
  title,
  task,
  surprise,
  notebook,
}: {
  readonly title: string;
  readonly task: string;
  readonly surprise: string;
  readonly notebook: string;
}) {
  const href = site?.notebooks[notebook];
  const name = `Notebook ${notebook}`;
  return (
    <header class="intro">
      <h2 tabIndex={-1}>{title}</h2>
      <p class="task">{task}</p>
      <p class="surprise">
        <strong>Surprise:</strong> {surprise}{' '}
        <span class="notebook">{href === undefined ? name : <a href={href}>{name}</a>}</span>
      </p>
    </header>
  );
}
