import {useLayoutEffect, useReducer, useRef, useState} from 'preact/hooks';
import {run, Stopped} from '../client';
import {SIDE, SIZE} from '../digits';
import {MADE_ANY, PIXEL_CNN, type ShownModel, SMALL_MODELS} from '../models';
import {Choice, Intro, PlayControls, StopButton, Trouble} from '../parts/Controls';
import {addPart, look, noEndings, placeAt} from '../parts/endings';
import {Picture} from '../parts/Picture';
import {rgb} from '../parts/paint';
import {usePlayback} from '../parts/playback';
import type {OrderName} from '../protocol';

const COUNT = 8;
const SEEDS = 2 ** 32;
const ORDERS = ['raster', 'columns', 'middle first', 'random'] as const satisfies readonly OrderName[];
const MODELS = [...SMALL_MODELS, {...MADE_ANY, label: 'MADE, any order'}];
const NOTHING = new Uint8Array(SIZE);

export function Luck() {
  const [model, setModel] = useState<ShownModel>(PIXEL_CNN);
  const [seed, setSeed] = useState(0);
  /** Whether what stands in the field is a seed. */
  const [sound, setSound] = useState(true);
  const [temperature, setTemperature] = useState(1);
  const [order, setOrder] = useState<(typeof ORDERS)[number]>('raster');
  const [trouble, setTrouble] = useState<string | null>(null);
  const [, tick] = useReducer((count: number) => count + 1, 0);
  const [round, again] = useReducer((count: number) => count + 1, 0);
  const endings = useRef(noEndings(COUNT));
  const doneSeed = useRef<number | null>(null);
  const running = useRef<AbortController | null>(null);
  const playback = usePlayback(SIZE, () => endings.current.steps);
  const free = model.weights === MADE_ANY.weights;
  const {restart} = playback;

  // With the rendering that asks the question, not a frame later: as in Draw.
  useLayoutEffect(() => {
    const control = new AbortController();
    running.current = control;
    const own = noEndings(COUNT);
    endings.current = own;
    setTrouble(null);
    restart();
    tick(undefined as never);
    const input = {weights: model.weights, count: COUNT, seed, temperature};
    run('draw', free ? {...input, order} : input, {
      signal: control.signal,
      onEvent: (part) => {
        addPart(own, part, NOTHING);
        tick(undefined as never);
      },
    }).then(
      (result) => {
        own.result = result;
        doneSeed.current = seed;
        tick(undefined as never);
      },
      (error: Error) => {
        if (!(error instanceof Stopped)) setTrouble(error.message);
      },
    );
    return () => control.abort();
  }, [model, seed, temperature, order, free, restart, round]);

  const place = placeAt(endings.current, playback.shown);
  const {result} = endings.current;
  const given = {pixels: NOTHING, mask: NOTHING, color: rgb(model.color), probabilities: false};
  const mean = result === null ? null : result.nats.hidden.reduce((a, b) => a + b, 0) / COUNT;
  return (
    <section aria-label="Luck" class="view">
      <Intro
        title="Luck"
        task="Change the seed, the temperature or the order, and watch the same model draw other digits."
        surprise="The slow way and the fast way draw the very same pixels, and so does npm run sample with this seed."
        notebook="11-samples"
      />
      <div class="stack">
        <Choice
          label="Model"
          options={MODELS.map(({label}) => label)}
          value={model.label}
          onChange={(label) => setModel(MODELS.find((one) => one.label === label) ?? PIXEL_CNN)}
        />
        <div class="controls">
          <label class="number">
            Seed
            <input
              type="number"
              min={0}
              max={SEEDS - 1}
              aria-invalid={!sound}
              value={seed}
              onInput={(event) => {
                const value = event.currentTarget.valueAsNumber;
                const sound = Number.isInteger(value) && value >= 0 && value < SEEDS;
                setSound(sound);
                if (sound) setSeed(value);
              }}
            />
          </label>
          <button
            type="button"
            onClick={() => {
              setSound(true);
              setSeed((seed + 1) % SEEDS);
            }}
          >
            Next seed
          </button>
          <label class="slider">
            Temperature {temperature.toFixed(1)}
            {temperature < 1 ? ' (bolder)' : temperature > 1 ? ' (wilder)' : ' (the model)'}
            <input
              type="range"
              min={0.2}
              max={2}
              step={0.1}
              value={temperature}
              onInput={(event) => setTemperature(Number(event.currentTarget.value))}
            />
          </label>
          <StopButton {...{running, playback}} again={() => again(undefined as never)} />
        </div>
        {free ? (
          <Choice label="Order" options={ORDERS} value={order} onChange={setOrder} />
        ) : (
          <p class="small">
            {model.label} draws row by row, as it was trained. Choose MADE, any order (5.5 MB of weights), to
            change the order.
          </p>
        )}
        <PlayControls playback={playback} total={SIZE} />
        {sound ? null : (
          <Trouble>
            A seed is a whole number from 0 to {SEEDS - 1}. What you see is drawn with seed {seed}.
          </Trouble>
        )}
        {trouble === null ? null : <Trouble>{trouble}</Trouble>}
        <div
          class="pictures"
          data-samples={result === null ? 'no' : 'yes'}
          data-seed={doneSeed.current}
          data-rate={result === null ? '' : COUNT / result.seconds}
        >
          {Array.from({length: COUNT}, (_, i) => (
            <Picture
              key={i}
              side={SIDE}
              color={look(endings.current, i, place, given)}
              label={`${model.label}, sample ${i + 1}`}
            />
          ))}
        </div>
        <p class="small" aria-live="polite">
          {result === null || mean === null
            ? 'Drawing …'
            : `${COUNT} digits in ${result.seconds.toFixed(2)} s: ${(COUNT / result.seconds).toFixed(1)} a second. The model gives them ${mean.toFixed(1)} nats on average.`}
        </p>
        <Race question={`${model.weights} ${seed} ${temperature} ${order} ${round}`} />
      </div>
    </section>
  );
}

interface Runner {
  seconds: number;
  pixels: number;
  image: Uint8Array | null;
}

/**
 * One digit by the cache, and the same one by the whole model for every pixel.
 *
 * @param props.question what the view draws: a race ends when that changes, as the naive way keeps it waiting
 */
function Race({question}: {readonly question: string}) {
  const [trouble, setTrouble] = useState<string | null>(null);
  const [running, setRunning] = useState(false);
  const [, tick] = useReducer((count: number) => count + 1, 0);
  const runners = useRef<Record<'cached' | 'naive', Runner>>({cached: standing(), naive: standing()});
  const control = useRef<AbortController | null>(null);
  // At once: a frame later it would end the race that is begun meanwhile.
  useLayoutEffect(() => () => control.current?.abort(), [question]);
  const start = async (): Promise<void> => {
    const own = new AbortController();
    control.current = own;
    runners.current = {cached: standing(), naive: standing()};
    setRunning(true);
    setTrouble(null);
    try {
      for (const method of ['cached', 'naive'] as const) {
        const runner = runners.current[method];
        const began = performance.now();
        const {pixels, seconds} = await run(
          'draw',
          {weights: PIXEL_CNN.weights, count: 1, seed: 0, method},
          {
            signal: own.signal,
            onEvent: (part) => {
              runner.pixels = part.from + part.values.length;
              runner.seconds = (performance.now() - began) / 1000;
              tick(undefined as never);
            },
          },
        );
        Object.assign(runner, {image: pixels, seconds});
      }
    } catch (error) {
      if (!(error instanceof Stopped)) setTrouble((error as Error).message);
    }
    setRunning(false);
  };
  const {cached, naive} = runners.current;
  const same = naive.image?.every((value, i) => value === cached.image?.[i]) ?? false;
  return (
    <div class="panel">
      <h3>Naive against cached</h3>
      <p>
        The naive way runs the whole PixelCNN for each of the {SIZE} pixels. The cached way computes only what
        the newest pixel changes.
      </p>
      <button type="button" onClick={() => (running ? control.current?.abort() : void start())}>
        {running ? 'Stop the race' : 'Race'}
      </button>
      <dl class="race" data-same={same ? 'yes' : 'no'}>
        {(['cached', 'naive'] as const).map((method) => (
          <div key={method}>
            <dt>{method}</dt>
            <dd>
              <progress
                max={SIZE}
                value={runners.current[method].pixels}
                aria-label={`${method}: pixels drawn`}
              />{' '}
              {runners.current[method].seconds.toFixed(2)} s
            </dd>
          </div>
        ))}
      </dl>
      <p aria-live="polite">
        {same ? `The same ${SIZE} pixels, ${(naive.seconds / cached.seconds).toFixed(0)} times as fast.` : ''}
      </p>
      {trouble === null ? null : <Trouble>{trouble}</Trouble>}
    </div>
  );
}

function standing(): Runner {
  return {seconds: 0, pixels: 0, image: null};
}
