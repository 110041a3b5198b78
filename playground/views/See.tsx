import {useEffect, useMemo, useReducer, useRef, useState} from 'preact/hooks';
import {run, Stopped} from '../client';
import {SIDE, SIZE} from '../digits';
import {DIAGONAL, GATED, MADE, PIXEL_CNN, ROW_LSTM, type ShownModel} from '../models';
import {Board} from '../parts/Board';
import {Choice, Intro, Trouble} from '../parts/Controls';
import {type Learning, Samples, useLearnings} from '../parts/Learning';
import {BLACK, heat, MARK, OPEN, type Rgb} from '../parts/paint';

const MODELS = [PIXEL_CNN, GATED, ROW_LSTM, DIAGONAL, MADE];
/** Random images that are looked at, one after the other: a map can only grow. */
const LOOKS = 6;
/** Milliseconds that a pointer must rest before its map is refined. */
const REST = 120;

interface Sight {
  readonly values: Float32Array;
  looks: number;
  /** Milliseconds from pointing to the first map. */
  first: number | null;
}

export function See() {
  const [model, setModel] = useState<ShownModel>(PIXEL_CNN);
  /** How many the model has, the logits included; until that is known, those of the model before. */
  const [layers, setLayers] = useState(1);
  const [layer, setLayer] = useState<number | null>(null);
  const [place, setPlace] = useState(14 * SIDE + 14);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [, tick] = useReducer((count: number) => count + 1, 0);
  const trainings = useLearnings(2);
  /** What has been computed is kept. */
  const known = useRef(new Map<string, Sight>());
  const chosen = Math.min(layer ?? layers - 1, layers - 1);
  // The logits are asked for before it is known how many layers lie below them.
  const asked = layers === 1 || chosen === layers - 1 ? null : chosen;
  const key = `${model.weights} ${asked ?? 'logits'} ${place}`;

  useEffect(() => {
    const control = new AbortController();
    setTrouble(null);
    run('layers', model.weights, {signal: control.signal}).then(setLayers, (error: Error) => {
      if (!(error instanceof Stopped)) setTrouble(error.message);
    });
    return () => control.abort();
  }, [model]);

  useEffect(() => {
    const control = new AbortController();
    const sight = known.current.get(key) ?? {values: new Float32Array(SIZE), looks: 0, first: null};
    known.current.set(key, sight);
    const started = performance.now();
    const look = async (): Promise<void> => {
      while (sight.looks < LOOKS) {
        // A pointer that moves on is served first; only where it rests the map is refined.
        if (sight.looks > 0) await new Promise((resolve) => setTimeout(resolve, REST));
        const input = {weights: model.weights, layer: asked, seed: sight.looks};
        const values = await run(
          'see',
          {...input, row: Math.floor(place / SIDE), column: place % SIDE},
          {signal: control.signal},
        );
        values.forEach((value, i) => {
          sight.values[i] = Math.max(sight.values[i], value);
        });
        sight.looks++;
        sight.first ??= performance.now() - started;
        tick(undefined as never);
      }
    };
    look().catch((error: Error) => {
      if (!(error instanceof Stopped)) setTrouble(error.message);
    });
    return () => control.abort();
  }, [key]);

  const sight = known.current.get(key);
  const {color, unseen} = useMemo(() => paint(sight?.values ?? null, place), [sight?.looks, key]);
  return (
    <section aria-label="What does it see?" class="view">
      <Intro
        title="What does it see?"
        task="Point at a pixel: the map shows which earlier pixels reach it in the live model, layer by layer."
        surprise="PixelCNN is blind to a part of what comes before, however deep it is; the Diagonal BiLSTM misses one single pixel at most."
        notebook="04-pixelcnn-masks"
      />
      {trouble === null ? null : <Trouble>{trouble}</Trouble>}
      <div class="columns">
        <div class="side" data-asked={key} data-looks={sight?.looks ?? 0} data-first={sight?.first ?? ''}>
          <Board
            label={`What ${model.label} sees, 28 by 28 pixels`}
            color={color}
            hatched={(i) => unseen.has(i)}
            marked={place}
            say={(i) => `row ${Math.floor(i / SIDE) + 1}, column ${(i % SIDE) + 1}`}
            onPoint={setPlace}
          />
          <ul class="legend">
            <li>
              <i class="swatch heat" /> seen: bright is strong
            </li>
            <li>
              <i class="swatch blind" /> comes before, but is not seen: too far for the layers, or in a blind
              spot
            </li>
            <li>
              <i class="swatch open" /> comes later: must not be seen
            </li>
          </ul>
        </div>
        <div class="main">
          <Choice
            label="Model"
            options={MODELS.map(({label}) => label)}
            value={model.label}
            onChange={(label) => setModel(MODELS.find((one) => one.label === label) ?? PIXEL_CNN)}
          />
          {layers === 1 ? null : (
            <label class="slider">
              {chosen === layers - 1
                ? 'all layers: the logits'
                : `after layer ${chosen + 1} of ${layers - 1}`}
              <input
                type="range"
                min={0}
                max={layers - 1}
                value={chosen}
                onInput={(event) => {
                  const value = Number(event.currentTarget.value);
                  // The last are the logits whatever the model: another one may have more layers.
                  setLayer(value === layers - 1 ? null : value);
                }}
              />
            </label>
          )}
          <p class="finding" aria-live="polite" style={{'--model': model.color}}>
            {finding(model, sight, unseen, place, trainings.running)}
          </p>
          <Leak {...trainings} />
        </div>
      </div>
    </section>
  );
}

/** The color of each pixel, and which earlier ones do not get through. */
function paint(
  values: Float32Array | null,
  place: number,
): {color: (index: number) => Rgb; unseen: ReadonlySet<number>} {
  if (values === null) return {color: () => OPEN, unseen: new Set()};
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  const unseen = new Set(Array.from({length: place}, (_, i) => i).filter((i) => most > 0 && values[i] === 0));
  // Effects differ by powers of ten: four of them from dark to bright.
  const strength = (value: number): number => 0.15 + 0.85 * Math.max(0, 1 + Math.log10(value / most) / 4);
  return {
    unseen,
    color: (i) => {
      if (values[i] > 0) return i < place ? heat(strength(values[i])) : MARK;
      return i < place ? BLACK : OPEN;
    },
  };
}

function finding(
  {label}: ShownModel,
  sight: Sight | undefined,
  unseen: ReadonlySet<number>,
  place: number,
  training: boolean,
): string {
  if (sight === undefined || sight.looks === 0) {
    return training ? 'The map comes when the training below is done or stopped.' : `${label}: looking …`;
  }
  const leaks = sight.values.reduce((sum, value, i) => sum + Number(i >= place && value > 0), 0);
  if (leaks > 0) return `${label} sees ${leaks} pixels that come later: a leak.`;
  if (place === 0) return 'Nothing comes before the first pixel.';
  const before = place === 1 ? '1 pixel comes' : `${place} pixels come`;
  if (unseen.size === 0) return `${before} before, and ${label} sees every one of them.`;
  const [first] = unseen;
  if (unseen.size === 1) {
    const where = `row ${Math.floor(first / SIDE) + 1}, column ${(first % SIDE) + 1}`;
    return `${before} before, and ${label} misses a single one: ${where}.`;
  }
  return `${before} before; ${label} sees ${place - unseen.size} of them and misses ${unseen.size}.`;
}

/** The same small network twice, its first mask once A and once B. */
function Leak({learnings, start, stop, running}: ReturnType<typeof useLearnings>) {
  const recipe = {features: 12, learningRate: 0.01, epochs: 3, seed: 0};
  const names = ['First mask A: right', 'First mask B: leaks'];
  const begun = learnings.some(({state}) => state !== 'waiting');
  return (
    <div class="panel">
      <h3>And if the first mask is B?</h3>
      <p>
        With mask B the first layer sees the very pixel that it has to guess. Train the same small network
        both ways, on digits of 14 × 14: one score will be too good to be true.
      </p>
      <button
        type="button"
        onClick={() =>
          running
            ? stop()
            : void start([
                {kind: 'stack A', ...recipe},
                {kind: 'stack B', ...recipe},
              ])
        }
      >
        {running ? 'Stop' : 'Train both'}
      </button>
      {begun
        ? learnings.map((learning, k) => {
            const last = learning.steps.at(-1);
            const score = learning.scores.at(-1);
            return (
              <div key={names[k]} class="row plain" data-leak={'AB'[k]} data-state={learning.state}>
                <div class="name">
                  <strong>{names[k]}</strong>
                  <span class="nats">
                    {score === undefined
                      ? last === undefined
                        ? 'not yet'
                        : `step ${last.step} of ${learning.total}: ${last.nats.toFixed(1)} nats`
                      : `${score.nats.toFixed(1)} nats a new digit`}
                  </span>
                </div>
                <Samples samples={learning.samples} label={names[k]} />
                {learning.trouble === null ? null : <Trouble>{learning.trouble}</Trouble>}
              </div>
            );
          })
        : null}
      <p aria-live="polite">{verdict(learnings)}</p>
    </div>
  );
}

/** What the two scores say, once both are there. */
function verdict([a, b]: readonly Learning[]): string {
  const [right, leaking] = [a.scores.at(-1)?.nats, b?.scores.at(-1)?.nats];
  if (right === undefined || leaking === undefined || leaking > right / 2) return '';
  return (
    `${leaking.toFixed(1)} nats instead of ${right.toFixed(1)}: B does not guess, it copies the answer. ` +
    'When it has to draw, there is no answer to copy, and no digit comes out.'
  );
}
