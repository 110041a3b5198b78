import {useEffect, useRef, useState} from 'preact/hooks';
import {evenHiddenDegrees, hiddenMask, outputMask} from '../../lib/layers/madeMasks';
import {rasterMask} from '../../lib/layers/rasterMasks';
import {run, Stopped} from '../client';
import {Choice, Intro, Trouble} from '../parts/Controls';
import type {HandInput, HandResult} from '../protocol';

const KINDS = ['a small MADE', 'a 3 × 3 kernel'] as const;
const RULES = ['greater than (>)', 'greater than or equal to (≥)'] as const;
const INPUTS = 4;
const HIDDEN = 5;
const DEGREES = Int32Array.from({length: INPUTS}, (_, i) => i + 1);

export function Hand() {
  const [kind, setKind] = useState<(typeof KINDS)[number]>(KINDS[0]);
  return (
    <section aria-label="Masks by hand" class="view">
      <Intro
        title="Masks by hand"
        task="Change a mask, and see which connections leak and what becomes of the sum of p(x) over all images."
        surprise="A leak is no small fault: with it the numbers that the model gives are no probabilities any more."
        notebook="02-made-masks"
      />
      <div class="stack">
        <Choice label="Masks of" options={KINDS} value={kind} onChange={setKind} />
        {kind === KINDS[0] ? <Network /> : <Kernel />}
      </div>
    </section>
  );
}

/** Asks the worker what the masks do, whenever they change. Until it answers there is neither. */
function useProof(input: HandInput): {proof: HandResult | null; trouble: string | null} {
  const none = {key: '', proof: null, trouble: null};
  const [answer, setAnswer] = useState<ReturnType<typeof useProof> & {key: string}>(none);
  const key = JSON.stringify(input, (_, value) =>
    ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value,
  );
  useEffect(() => {
    const control = new AbortController();
    run('hand', input, {signal: control.signal}).then(
      (proof) => setAnswer({key, proof, trouble: null}),
      (error: Error) => {
        if (!(error instanceof Stopped)) setAnswer({key, proof: null, trouble: error.message});
      },
    );
    return () => control.abort();
  }, [key]);
  // An answer to what was asked before is none.
  return answer.key === key ? answer : none;
}

/** Whether output j may depend on input i: only where i comes before. */
const allowed = (i: number, j: number): boolean => i < j;

function Network() {
  const [degrees, setDegrees] = useState(() => evenHiddenDegrees(HIDDEN, INPUTS));
  const [rule, setRule] = useState<(typeof RULES)[number]>(RULES[0]);
  /** Connections that were turned over by hand, by layer and place. */
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const open = [
    hiddenMask(DEGREES, degrees),
    rule === RULES[0] ? outputMask(degrees, DEGREES) : hiddenMask(degrees, DEGREES),
  ];
  const layers = open.map(({values}, layer) =>
    Uint8Array.from(values, (value, k) => (turned.has(`${layer} ${k}`) ? 1 - value : value)),
  );
  const input: HandInput = {kind: 'made', layers, inputs: INPUTS, hidden: HIDDEN};
  const {proof, trouble} = useProof(input);
  const turn = (layer: number, k: number): void => {
    const next = new Set(turned);
    if (!next.delete(`${layer} ${k}`)) next.add(`${layer} ${k}`);
    setTurned(next);
  };
  const change = (unit: number): void =>
    setDegrees(degrees.map((degree, k) => (k === unit ? (degree % INPUTS) + 1 : degree)));
  const leaks = leakingConnections(layers);
  const leaking = (layer: number, k: number): boolean => leaks[layer].has(k);
  const [x, y] = [[60, 300, 540], (k: number, units: number) => 40 + (k + 0.5) * (300 / units)];
  const connections = layers.flatMap((mask, layer) => {
    const [from, to] = layer === 0 ? [INPUTS, HIDDEN] : [HIDDEN, INPUTS];
    return Array.from(mask, (value, k) => ({
      ...{layer, k, open: value === 1, leaks: leaking(layer, k)},
      ...{from: Math.floor(k / to), to: k % to},
      ...{x1: x[layer], y1: y(Math.floor(k / to), from), x2: x[layer + 1], y2: y(k % to, to)},
    }));
  });
  return (
    <div class="columns hand">
      <div>
        <svg
          class="network"
          viewBox="0 0 600 350"
          role="img"
          aria-label={`A network of ${INPUTS} pixels, ${HIDDEN} units and ${INPUTS} outputs`}
        >
          {connections
            .filter((line) => line.open)
            .map(({layer, k, leaks: bad, x1, y1, x2, y2}) => (
              <line
                key={`${layer} ${k}`}
                {...{x1, y1, x2, y2}}
                class={bad ? 'leak' : 'sound'}
                stroke-dasharray={bad ? '7 3' : undefined}
              />
            ))}
          {x.flatMap((cx, layer) =>
            Array.from(layer === 1 ? degrees : DEGREES, (degree, k) => (
              <g key={`${layer} ${k}`}>
                <circle cx={cx} cy={y(k, layer === 1 ? HIDDEN : INPUTS)} r="17" />
                <text x={cx} y={y(k, layer === 1 ? HIDDEN : INPUTS) + 5} text-anchor="middle">
                  {degree}
                </text>
              </g>
            )),
          )}
          <text x={x[0]} y="22" text-anchor="middle">
            pixels
          </text>
          <text x={x[1]} y="22" text-anchor="middle">
            hidden units
          </text>
          <text x={x[2]} y="22" text-anchor="middle">
            outputs
          </text>
        </svg>
        <p class="small">
          The number in a circle is its degree. A dashed line leaks: by it an output hears of a pixel that it
          must not know.
        </p>
      </div>
      <div>
        <Verdict proof={proof} trouble={trouble} outputs={INPUTS} />
        <fieldset>
          <legend>Degrees of the hidden units: press to change</legend>
          {Array.from(degrees, (degree, k) => (
            <button
              key={k}
              type="button"
              onClick={() => change(k)}
              aria-label={`Hidden unit ${k + 1}: degree ${degree}`}
            >
              {degree}
            </button>
          ))}
        </fieldset>
        <Choice
          label="An output sees a hidden unit where its own degree is … the unit's"
          options={RULES}
          value={rule}
          onChange={setRule}
        />
        <fieldset>
          <legend>Connections by hand, press to change: rows are hidden units, columns are outputs</legend>
          <div class="matrix" style={{gridTemplateColumns: `repeat(${INPUTS}, 2.2rem)`}}>
            {Array.from(layers[1], (value, k) => (
              <button
                key={k}
                type="button"
                aria-pressed={value === 1}
                class={leaking(1, k) ? 'leaks' : ''}
                aria-label={`from unit ${Math.floor(k / INPUTS) + 1} to output ${(k % INPUTS) + 1}${leaking(1, k) ? ', leaks' : ''}: ${value}`}
                onClick={() => turn(1, k)}
              >
                {value}
              </button>
            ))}
          </div>
        </fieldset>
        <button
          type="button"
          class="after"
          onClick={() => {
            setDegrees(evenHiddenDegrees(HIDDEN, INPUTS));
            setRule(RULES[0]);
            setTurned(new Set());
          }}
        >
          As it was
        </button>
      </div>
    </div>
  );
}

/** The open connections that lie on a way from a pixel to an output that must not know it. */
function leakingConnections([first, second]: readonly Uint8Array[]): [Set<number>, Set<number>] {
  const leaks: [Set<number>, Set<number>] = [new Set(), new Set()];
  for (let i = 0; i < INPUTS; i++) {
    for (let h = 0; h < HIDDEN; h++) {
      for (let j = 0; j < INPUTS; j++) {
        if (allowed(i, j) || first[i * HIDDEN + h] === 0 || second[h * INPUTS + j] === 0) continue;
        leaks[0].add(i * HIDDEN + h);
        leaks[1].add(h * INPUTS + j);
      }
    }
  }
  return leaks;
}

const TAPS = [
  'above left',
  'above',
  'above right',
  'left',
  'center',
  'right',
  'below left',
  'below',
  'below right',
];

function Kernel() {
  const [taps, setTaps] = useState(() => Uint8Array.from(rasterMask(3, 'A')));
  const {proof, trouble} = useProof({kind: 'kernel', taps});
  const right = rasterMask(3, 'A');
  return (
    <div class="columns hand">
      <div>
        <fieldset>
          <legend>The first layer's kernel: press a tap to open or close it</legend>
          <div class="matrix kernel">
            {Array.from(taps, (value, k) => (
              <button
                key={TAPS[k]}
                type="button"
                aria-pressed={value === 1}
                class={value === 1 && right[k] === 0 ? 'leaks' : ''}
                aria-label={`${TAPS[k]}${value === 1 && right[k] === 0 ? ', leaks' : ''}: ${value}`}
                onClick={() => setTaps(taps.map((old, i) => (i === k ? 1 - old : old)))}
              >
                {value}
              </button>
            ))}
          </div>
        </fieldset>
        <p class="small">
          A second layer with mask B follows. Images are 3 × 3, so all 512 of them can be summed.
        </p>
        <button type="button" onClick={() => setTaps(Uint8Array.from(right))}>
          Mask A, as it was
        </button>{' '}
        <button type="button" onClick={() => setTaps(Uint8Array.from(rasterMask(3, 'B')))}>
          Mask B
        </button>
      </div>
      <div>
        <Verdict proof={proof} trouble={trouble} outputs={9} />
      </div>
    </div>
  );
}

/** The sum over all images, and what each output hears of. */
function Verdict({
  proof,
  trouble,
  outputs,
}: {
  readonly proof: HandResult | null;
  readonly trouble: string | null;
  readonly outputs: number;
}) {
  // Until the next answer comes the last one stays.
  const kept = useRef<HandResult | null>(null);
  kept.current = proof ?? kept.current;
  const last = kept.current;
  if (trouble !== null) return <Trouble>{trouble}</Trouble>;
  if (last === null) return <p>Summing …</p>;
  const cells = Array.from(last.depends, (value, k) => ({
    value,
    output: Math.floor(k / outputs),
    input: k % outputs,
  }));
  const leaks = cells.filter(({value, output, input}) => value === 1 && !allowed(input, output)).length;
  return (
    <div data-leaks={leaks} data-sum={last.sum} aria-busy={proof === null}>
      <p class={`sum ${leaks > 0 ? 'wrong' : ''}`} aria-live="polite">
        sum of p(x) over {last.images} images = <strong>{last.sum.toFixed(4)}</strong>
        <br />
        {leaks === 0
          ? 'No leak: the p(x) are probabilities.'
          : `Leaks: ${leaks}. The p(x) are no probabilities.`}
      </p>
      <div
        class="matrix depends"
        role="img"
        aria-label={`Which outputs depend on which pixels: ${leaks} leaks`}
        style={{gridTemplateColumns: `repeat(${outputs}, 1.5rem)`}}
      >
        {cells.map(({value, output, input}) => (
          <i
            key={`${output} ${input}`}
            class={
              value === 1
                ? allowed(input, output)
                  ? 'seen'
                  : 'leaks'
                : allowed(input, output)
                  ? 'unseen'
                  : 'shut'
            }
          />
        ))}
      </div>
      <p class="small">
        Rows are outputs, columns are pixels. Blue: seen, and earlier. White: earlier, not seen. Gray: not to
        be seen. Orange with a cross: leaks.
      </p>
    </div>
  );
}
