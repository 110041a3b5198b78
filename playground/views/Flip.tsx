import {useLayoutEffect, useReducer, useRef, useState} from 'preact/hooks';
import {run, Stopped} from '../client';
import {SIDE, SIZE} from '../digits';
import {type ShownModel, SMALL_MODELS} from '../models';
import {Board} from '../parts/Board';
import {Intro, PlayControls, StopButton, Trouble} from '../parts/Controls';
import {addPart, type Endings, look, noEndings, placeAt} from '../parts/endings';
import {Picture} from '../parts/Picture';
import {BLACK, MARK, mix, OPEN, rgb, WHITE} from '../parts/paint';
import {usePlayback} from '../parts/playback';

interface Row {
  readonly model: ShownModel;
  before: Uint8Array | null;
  readonly after: Endings;
  trouble: string | null;
}

/** Where the first strokes of most digits are. */
const START = 7 * SIDE + 13;

export function Flip() {
  const [seed, setSeed] = useState(0);
  const [place, setPlace] = useState(START);
  const [, tick] = useReducer((count: number) => count + 1, 0);
  const [round, again] = useReducer((count: number) => count + 1, 0);
  const rows = useRef<readonly Row[]>([]);
  const samples = useRef(new Map<string, Uint8Array>());
  const running = useRef<AbortController | null>(null);
  const total = SIZE - 1 - place;
  const playback = usePlayback(total, () => Math.max(0, (rows.current[0]?.after.steps ?? 0) - place - 1));
  const {restart} = playback;

  // With the rendering that asks the question, not a frame later: as in Draw.
  useLayoutEffect(() => {
    const control = new AbortController();
    running.current = control;
    const fresh = SMALL_MODELS.map(
      (model): Row => ({model, before: null, after: noEndings(1), trouble: null}),
    );
    rows.current = fresh;
    restart();
    tick(undefined as never);
    void flipAll(fresh, samples.current, {seed, place}, control.signal, () => tick(undefined as never));
    return () => control.abort();
  }, [seed, place, restart, round]);

  const first = rows.current[0]?.before ?? null;
  return (
    <section aria-label="One pixel" class="view">
      <Intro
        title="One pixel"
        task="Turn over one pixel of a sample as it is drawn, and let the models go on with the same random numbers."
        surprise="A single pixel can make another digit: almost every later pixel hears of it, if only through others."
        notebook="13-problems"
      />
      <div class="columns">
        <div class="side">
          <Board
            label="A sample of PixelCNN, 28 by 28 pixels: choose the pixel to turn over"
            color={(i) => (first === null ? OPEN : first[i] ? WHITE : BLACK)}
            marked={place}
            say={(i) =>
              `row ${Math.floor(i / SIDE) + 1}, column ${(i % SIDE) + 1}, ${first?.[i] ? 'white' : 'black'}`
            }
            onTouch={(index, pressed) => {
              if (pressed) setPlace(index);
            }}
          />
          <p class="small">
            The marked pixel is turned over: row {Math.floor(place / SIDE) + 1}, column {(place % SIDE) + 1}.
            Press another one.
          </p>
        </div>
        <div class="main">
          <PlayControls playback={playback} total={total} />
          <div class="controls">
            <button type="button" onClick={() => setSeed(seed + 1)}>
              Other sample (seed {seed})
            </button>
            <StopButton {...{running, playback}} again={() => again(undefined as never)} />
          </div>
          <div class="rows">
            {rows.current.map((row) => (
              <RowView key={row.model.weights} row={row} place={place} shown={playback.shown} />
            ))}
          </div>
        </div>
      </div>
    </section>
  );
}

async function flipAll(
  rows: readonly Row[],
  samples: Map<string, Uint8Array>,
  {seed, place}: {readonly seed: number; readonly place: number},
  signal: AbortSignal,
  changed: () => void,
): Promise<void> {
  // These models draw in raster order: what comes before the pixel is known, and
  // the pixel, turned over, is too.
  const mask = Uint8Array.from({length: SIZE}, (_, i) => (i <= place ? 1 : 0));
  for (const row of rows) {
    const {weights} = row.model;
    const key = `${weights} ${seed}`;
    try {
      const before = samples.get(key) ?? (await run('draw', {weights, count: 1, seed}, {signal})).pixels;
      samples.set(key, before);
      row.before = before;
      changed();
      const pixels = before.map((value, i) => (i === place ? 1 - value : value));
      row.after.result = await run(
        'draw',
        {weights, count: 1, seed, known: {pixels, mask}},
        {
          signal,
          onEvent: (part) => {
            addPart(row.after, part, mask);
            changed();
          },
        },
      );
    } catch (error) {
      if (error instanceof Stopped) return;
      row.trouble = (error as Error).message;
    }
    changed();
  }
}

function RowView({row, place, shown}: {readonly row: Row; readonly place: number; readonly shown: number}) {
  const {model, before, after, trouble} = row;
  const {label} = model;
  const reached = after.order.length === 0 ? 0 : placeAt(after, shown);
  const ink = mix(rgb(model.color), WHITE, 0.15);
  const differs = (i: number): boolean =>
    i > place && i < reached && before !== null && after.values[i] !== before[i];
  let count = 0;
  for (let i = 0; i < SIZE; i++) count += Number(differs(i));
  const seen = Math.max(0, reached - place - 1);
  const mask = Uint8Array.from({length: SIZE}, (_, i) => (i <= place ? 1 : 0));
  const pixels = before?.map((value, i) => (i === place ? 1 - value : value)) ?? new Uint8Array(SIZE);
  const given = {pixels, mask, color: rgb(model.color), probabilities: false};
  return (
    <div
      class="row"
      style={{'--model': model.color}}
      data-weights={model.weights}
      aria-busy={after.result === null && trouble === null}
    >
      <div class="name">
        <strong>{label}</strong>
        <span class="count">
          {count} of {seen}
        </span>
        <span class="nats">later pixels differ</span>
      </div>
      <div class="pictures">
        <figure>
          <Picture
            side={SIDE}
            color={(i) => (before === null ? OPEN : before[i] ? ink : BLACK)}
            label={`${label}: as drawn`}
          />
          <figcaption>as drawn</figcaption>
        </figure>
        <figure>
          <Picture
            side={SIDE}
            color={(i) => (i === place && before !== null ? MARK : look(after, 0, reached, given)(i))}
            label={`${label}: with the pixel turned over`}
          />
          <figcaption>turned over</figcaption>
        </figure>
        <figure>
          <Picture
            side={SIDE}
            color={(i) => (i === place ? MARK : differs(i) ? WHITE : i < reached ? BLACK : OPEN)}
            label={`${label}: ${count} pixels differ`}
          />
          <figcaption>difference</figcaption>
        </figure>
      </div>
      {trouble === null ? null : <Trouble>{trouble}</Trouble>}
    </div>
  );
}
