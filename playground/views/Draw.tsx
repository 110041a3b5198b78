import {useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState} from 'preact/hooks';
import {run, Stopped} from '../client';
import {SIDE, SIZE, testDigits} from '../digits';
import {MADE, MADE_ANY, type ShownModel, SMALL_MODELS} from '../models';
import {Board} from '../parts/Board';
import {Choice, Intro, PlayControls, StopButton, Trouble} from '../parts/Controls';
import {addPart, type Endings, look, noEndings, placeAt} from '../parts/endings';
import {Picture} from '../parts/Picture';
import {BLACK, mix, rgb, WHITE} from '../parts/paint';
import {usePlayback} from '../parts/playback';
import type {SplitNats} from '../protocol';

const ENDINGS = 4;
const FIRST_PIXEL = 'first pixel drawn';
const HIDE = ['lower half', 'right half', 'upper half', 'middle', 'everything', 'nothing'] as const;
const TOOLS = ['draw', 'erase', 'hide', 'hide a box', 'show'] as const;
type Tool = (typeof TOOLS)[number];

/** Which pixels are given: 1. */
function maskOf(part: (typeof HIDE)[number]): Uint8Array {
  const half = SIDE / 2;
  const hidden: Record<typeof part, (row: number, column: number) => boolean> = {
    'lower half': (row) => row >= half,
    'right half': (_, column) => column >= half,
    'upper half': (row) => row < half,
    middle: (row, column) => row >= 7 && row < 21 && column >= 7 && column < 21,
    everything: () => true,
    nothing: () => false,
  };
  return Uint8Array.from({length: SIZE}, (_, i) => (hidden[part](Math.floor(i / SIDE), i % SIDE) ? 0 : 1));
}

interface Row {
  readonly model: ShownModel;
  readonly endings: Endings;
  truth: SplitNats | null;
  trouble: string | null;
}

export function Draw() {
  const [pixels, setPixels] = useState(() => new Uint8Array(SIZE));
  const [mask, setMask] = useState(() => maskOf('lower half'));
  const [digit, setDigit] = useState(0);
  const [digits, setDigits] = useState<readonly Uint8Array[]>([]);
  const [tool, setTool] = useState<Tool>('draw');
  const [seed, setSeed] = useState(0);
  const [probabilities, setProbabilities] = useState(false);
  const [withMade, setWithMade] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  /** Counts finished strokes: the models begin when one ends, not at every pixel. */
  const [stroke, endStroke] = useReducer((count: number) => count + 1, 0);
  const [, tick] = useReducer((count: number) => count + 1, 0);
  const corner = useRef<number | null>(null);
  const models = useMemo(() => (withMade ? [...SMALL_MODELS, MADE, MADE_ANY] : SMALL_MODELS), [withMade]);
  const rows = useRef<readonly Row[]>([]);
  const total = mask.reduce((sum, given) => sum + 1 - given, 0);
  const running = useRef<AbortController | null>(null);
  const playback = usePlayback(
    total,
    () => rows.current[0]?.endings.drawn.filter((k) => k < rows.current[0].endings.steps).length ?? 0,
  );

  useEffect(() => {
    testDigits().then(
      (all) => {
        setDigits(all);
        setPixels(all[0].slice());
        endStroke(undefined as never);
      },
      (error: Error) => setTrouble(error.message),
    );
  }, []);

  // With the rendering that asks the question, not a frame later: until then the answers before would stand
  // under it, and a Stop would stop these instead.
  useLayoutEffect(() => {
    if (digits.length === 0) return;
    const control = new AbortController();
    running.current = control;
    const given = {pixels: pixels.slice(), mask: mask.slice()};
    const fresh = models.map(
      (model): Row => ({model, endings: noEndings(ENDINGS), truth: null, trouble: null}),
    );
    rows.current = fresh;
    playback.restart();
    tick(undefined as never);
    void finishAll(fresh, given, seed, control.signal, () => tick(undefined as never));
    return () => control.abort();
  }, [stroke, seed, models, digits]);

  const touch = (index: number, first: boolean): void => {
    if (tool === 'hide a box') {
      if (first) corner.current = index;
      setMask((old) => boxMask(old, corner.current ?? index, index));
    } else if (tool === 'draw' || tool === 'erase') {
      setPixels((old) =>
        old.map((value, i) => (touched(i, index, tool === 'draw') ? Number(tool === 'draw') : value)),
      );
    } else {
      setMask((old) => old.map((value, i) => (touched(i, index, true) ? Number(tool === 'show') : value)));
    }
  };
  const take = (next: number): void => {
    const k = (next + digits.length) % digits.length;
    setDigit(k);
    setPixels(digits[k].slice());
    endStroke(undefined as never);
  };
  useEffect(() => {
    // For npm run playground -- --measure.
    if (playback.shown > 0 && performance.getEntriesByName(FIRST_PIXEL).length === 0)
      performance.mark(FIRST_PIXEL);
  }, [playback.shown]);

  return (
    <section aria-label="Draw and complete" class="view">
      <Intro
        title="Draw and complete"
        task="Draw a digit or take one, hide a part of it, and see how four models, or five with MADE, finish it, pixel by pixel."
        surprise="Hide the upper half. What you left below comes too late: the models draw from the top and cannot look ahead."
        notebook="12-completions"
      />
      {trouble === null ? null : <Trouble>{trouble}</Trouble>}
      <div class="columns">
        <div class="side">
          <Board
            label="Drawing board, 28 by 28 pixels"
            color={(i) =>
              mask[i] === 1 ? (pixels[i] ? WHITE : BLACK) : mix(BLACK, WHITE, pixels[i] ? 0.45 : 0.12)
            }
            hatched={(i) => mask[i] === 0}
            say={(i) =>
              `row ${Math.floor(i / SIDE) + 1}, column ${(i % SIDE) + 1}, ${pixels[i] ? 'white' : 'black'}${mask[i] ? '' : ', hidden'}`
            }
            onTouch={touch}
            onEnd={() => endStroke(undefined as never)}
          />
          <Choice label="Tool" options={TOOLS} value={tool} onChange={setTool} />
          <Choice
            label="Hide"
            options={HIDE}
            value={HIDE.find((part) => maskOf(part).every((value, i) => value === mask[i])) ?? null}
            onChange={(part) => {
              setMask(maskOf(part));
              endStroke(undefined as never);
            }}
          />
          <div class="controls">
            <button type="button" onClick={() => take(digit - 1)} disabled={digits.length === 0}>
              Digit before
            </button>
            <button type="button" onClick={() => take(digit + 1)} disabled={digits.length === 0}>
              Next test digit
            </button>
            <button
              type="button"
              onClick={() => {
                setPixels(new Uint8Array(SIZE));
                endStroke(undefined as never);
              }}
            >
              Clear
            </button>
          </div>
        </div>
        <div class="main">
          <PlayControls playback={playback} total={total} />
          <div class="controls">
            <button type="button" onClick={() => setSeed(seed + 1)}>
              Other luck (seed {seed})
            </button>
            <button
              type="button"
              aria-pressed={probabilities}
              onClick={() => setProbabilities(!probabilities)}
            >
              Probability of white
            </button>
            <StopButton {...{running, playback}} again={() => endStroke(undefined as never)} />
          </div>
          <div class="rows">
            {rows.current.map((row) => (
              <RowView
                key={row.model.weights}
                row={row}
                shown={playback.shown}
                given={{pixels, mask, color: rgb(row.model.color), probabilities}}
              />
            ))}
          </div>
          {withMade ? null : (
            <p>
              <button type="button" onClick={() => setWithMade(true)}>
                Ask MADE, too (12 MB of weights)
              </button>
            </p>
          )}
          <p class="small">
            Dark gray: not drawn yet. Light gray: given, but not heard yet. Nats say how much a model is
            surprised; fewer is more likely. “Given” are the nats of what you show, “truth” those of what is
            hidden on the board; below each picture stand those of its ending. All models draw with the same
            random numbers.
          </p>
        </div>
      </div>
    </section>
  );
}

async function finishAll(
  rows: readonly Row[],
  known: {readonly pixels: Uint8Array; readonly mask: Uint8Array},
  seed: number,
  signal: AbortSignal,
  changed: () => void,
): Promise<void> {
  for (const row of rows) {
    const order = row.model === MADE_ANY ? ('known first' as const) : undefined;
    const {weights} = row.model;
    try {
      row.endings.result = await run(
        'draw',
        {weights, count: ENDINGS, seed, known, order},
        {
          signal,
          onEvent: (part) => {
            addPart(row.endings, part, known.mask);
            changed();
          },
        },
      );
      changed();
      row.truth = await run('score', {weights, ...known, order}, {signal});
    } catch (error) {
      if (error instanceof Stopped) return;
      row.trouble = (error as Error).message;
    }
    changed();
  }
}

function RowView({
  row,
  shown,
  given,
}: {
  readonly row: Row;
  readonly shown: number;
  readonly given: Parameters<typeof look>[3];
}) {
  const {model, endings, truth, trouble} = row;
  const place = placeAt(endings, shown);
  const {result} = endings;
  return (
    <div
      class="row"
      style={{'--model': model.color}}
      data-weights={model.weights}
      aria-busy={truth === null && trouble === null}
    >
      <div class="name">
        <strong>{model.label}</strong>
        <span class="nats">{result === null ? '…' : `given ${nats(result.nats.prefix[0])}`}</span>
        {truth === null ? null : <span class="nats">truth {nats(truth.hidden[0])}</span>}
        {result !== null && result.late > 0 ? (
          <span class="nats">{result.late} given pixels come too late</span>
        ) : null}
      </div>
      <div class="pictures">
        {Array.from({length: endings.count}, (_, i) => (
          <figure key={i}>
            <Picture
              side={SIDE}
              color={look(endings, i, place, given)}
              label={`${model.label}, ending ${i + 1}`}
            />
            <figcaption>{result === null ? '…' : nats(result.nats.hidden[i])}</figcaption>
          </figure>
        ))}
      </div>
      {trouble === null ? null : <Trouble>{trouble}</Trouble>}
    </div>
  );
}

function nats(value: number): string {
  return `${value.toFixed(1)} nats`;
}

/** A stroke of the pen is two pixels wide, as a digit's is; the rubber takes a little more. */
function touched(i: number, center: number, pen: boolean): boolean {
  const dx = (i % SIDE) - (center % SIDE);
  const dy = Math.floor(i / SIDE) - Math.floor(center / SIDE);
  return pen ? dx >= 0 && dx <= 1 && dy >= 0 && dy <= 1 : Math.abs(dx) <= 1 && Math.abs(dy) <= 1;
}

/** The box between two corners hidden, the rest given. */
function boxMask(old: Uint8Array, from: number, to: number): Uint8Array {
  const columns = [from % SIDE, to % SIDE].sort((a, b) => a - b);
  const rows = [Math.floor(from / SIDE), Math.floor(to / SIDE)].sort((a, b) => a - b);
  return old.map((_, i) => {
    const [row, column] = [Math.floor(i / SIDE), i % SIDE];
    return row >= rows[0] && row <= rows[1] && column >= columns[0] && column <= columns[1] ? 0 : 1;
  });
}
