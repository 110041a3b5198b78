import {useState} from 'preact/hooks';
import {PIXEL_CNN} from '../models';
import {Choice, Intro, Trouble} from '../parts/Controls';
import {type Learning, Samples, useLearnings} from '../parts/Learning';

const SIZES = ['4 features', '8 features', '16 features'] as const;
const RATES = ['0.001', '0.01', '0.1'] as const;
const EPOCHS = 12;

export function Learn() {
  const {learnings, start, stop, running} = useLearnings(1);
  const [size, setSize] = useState<(typeof SIZES)[number]>('8 features');
  const [rate, setRate] = useState<(typeof RATES)[number]>('0.01');
  const [seed, setSeed] = useState(0);
  const [learning] = learnings;
  const begin = (): void => {
    const features = Number.parseInt(size, 10);
    void start([{kind: 'pixelcnn', features, learningRate: Number(rate), epochs: EPOCHS, seed}]);
  };
  return (
    <section aria-label="Learn" class="view">
      <Intro
        title="Learn"
        task="Train a small PixelCNN on digits of 14 × 14, and watch its curve and its samples while it learns."
        surprise="First it learns that most pixels are black: the curve falls steeply, and the samples are no digits yet."
        notebook="10-training"
      />
      <div class="stack">
        <div class="controls">
          <Choice label="Size" options={SIZES} value={size} onChange={setSize} />
          <Choice label="Learning rate" options={RATES} value={rate} onChange={setRate} />
        </div>
        <div class="controls">
          <button type="button" class="strong" onClick={() => (running ? stop() : begin())}>
            {running ? 'Stop' : 'Train'}
          </button>
          <button type="button" onClick={() => setSeed(seed + 1)} disabled={running}>
            Other first weights (seed {seed})
          </button>
        </div>
        <p class="small">It goes on while this tab is in the background.</p>
        {learning.trouble === null ? null : <Trouble>{learning.trouble}</Trouble>}
        <Curve learning={learning} />
        <p class="small" aria-live="polite" data-state={learning.state}>
          {words(learning)}
        </p>
        <Samples samples={learning.samples} label="The small PixelCNN" />
      </div>
    </section>
  );
}

function words({state, steps, scores, total}: Learning): string {
  const last = steps.at(-1);
  if (state === 'waiting') return 'Nothing is trained yet.';
  if (last === undefined) return state === 'running' ? 'Loading digits …' : 'Stopped.';
  const score = scores.at(-1);
  const told = score === undefined ? '' : ` New digits cost ${score.nats.toFixed(1)} nats.`;
  const done = {running: '', stopped: ' Stopped.', done: ' Done.'}[state];
  return `Step ${last.step} of ${total}: ${smoothed(steps.slice(-10)).at(-1)?.nats.toFixed(1)} nats a digit.${told}${done}`;
}

/** Each step as the mean of the last ten: single batches jump. */
function smoothed(steps: Learning['steps']): Learning['steps'] {
  return steps.map(({step}, k) => {
    const window = steps.slice(Math.max(0, k - 9), k + 1);
    return {step, nats: window.reduce((sum, {nats}) => sum + nats, 0) / window.length};
  });
}

const WIDTH = 600;
const HEIGHT = 220;
const LEFT = 44;

/** Nats against steps: a line for the digits it learns from, squares for new ones. */
function Curve({learning}: {readonly learning: Learning}) {
  const {steps, scores, total} = learning;
  const top = Math.max(50, ...steps.slice(0, 3).map(({nats}) => nats));
  const x = (step: number): number => LEFT + ((WIDTH - LEFT - 10) * step) / Math.max(1, total);
  const y = (nats: number): number => 10 + (HEIGHT - 40) * (1 - Math.min(1, nats / top));
  const ticks = [0, 0.5, 1].map((share) => Math.round((top * share) / 10) * 10);
  const smooth = smoothed(steps);
  const last = scores.at(-1);
  const label =
    last === undefined
      ? 'Curve of training'
      : `Curve of training: ${last.nats.toFixed(1)} nats after ${last.step} steps`;
  return (
    <svg class="curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {ticks.map((nats) => (
        <g key={nats}>
          <line x1={LEFT} x2={WIDTH - 10} y1={y(nats)} y2={y(nats)} stroke="#E4E4E4" />
          <text x={LEFT - 6} y={y(nats) + 4} text-anchor="end">
            {nats}
          </text>
        </g>
      ))}
      <text x={WIDTH - 10} y={HEIGHT - 8} text-anchor="end">
        {total === 0 ? 'steps' : `${total} steps`}
      </text>
      <text x={LEFT} y={HEIGHT - 8}>
        nats a digit: line, training; squares, new digits
      </text>
      <polyline
        points={smooth.map(({step, nats}) => `${x(step).toFixed(1)},${y(nats).toFixed(1)}`).join(' ')}
        fill="none"
        stroke={PIXEL_CNN.color}
        stroke-width="2"
      />
      {scores.map(({step, nats}) => (
        <rect key={step} x={x(step) - 4} y={y(nats) - 4} width="8" height="8" fill="#222" />
      ))}
    </svg>
  );
}
