import type {Chart, JsonObject} from './style';

/** Milliseconds that a chart stays. */
const PACE = 160;
/** Pixels that button and slider take between the drawing and its caption. */
const CONTROLS = 84;

/**
 * Charts that follow each other, with a slider and a play button. Where no script runs the last one is shown,
 * so set a film strip of a few stages beside it: panels of a heatmap, or rows of a grid of images.
 *
 * @param charts of one kind and size, each with as many traces and panels; the words are those of the last
 * one
 * @param names one a chart, all different, shown at the slider
 * @throws RangeError when there are not two charts of one kind and size at least, or not as many names
 */
export function motionChart(charts: readonly Chart[], names: readonly string[]): Chart {
  const last = charts[charts.length - 1];
  if (charts.length < 2 || new Set(names).size !== charts.length || names.length !== charts.length) {
    throw new RangeError(
      `motionChart: there must be two charts at least, each with a name of its own, got ${charts.length} and the names ${names.join(', ')}`,
    );
  }
  const form = ({data, layout}: Chart): string =>
    `${layout.width} x ${layout.height} with ${data.length} traces`;
  const odd = charts.find((chart) => form(chart) !== form(last));
  if (odd !== undefined) {
    throw new RangeError(`motionChart: all charts must be ${form(last)}, got ${form(odd)}`);
  }
  const below = captionShift(last);
  const at = {x: 0, xanchor: 'left', y: 0, yanchor: 'top'};
  const show = (duration: number): JsonObject => ({
    mode: 'immediate',
    frame: {duration, redraw: true},
    transition: {duration: 0},
  });
  const play = {label: '▶', method: 'animate', args: [null, {...show(PACE), fromcurrent: false}]};
  return {
    data: last.data,
    frames: charts.map(({data, layout}, k) => ({
      name: names[k],
      data: data.map((trace, t) => changing(trace, t, charts)),
      ...(charts.every((chart) => same(chart.layout.annotations, layout.annotations))
        ? {}
        : {layout: {annotations: withCaption({...last, layout}, below + CONTROLS)}}),
    })),
    layout: {
      ...last.layout,
      ...taller(last, below),
      updatemenus: [{...at, type: 'buttons', showactive: false, pad: {t: below + 10}, buttons: [play]}],
      sliders: [
        {
          ...at,
          active: charts.length - 1,
          pad: {t: below - 2, l: 48},
          currentvalue: {prefix: '', xanchor: 'right'},
          steps: names.map((name) => ({label: name, method: 'animate', args: [[name], show(0)]})),
        },
      ],
    },
  };
}

/** What of a trace is not the same in all charts. */
function changing(trace: JsonObject, t: number, charts: readonly Chart[]): JsonObject {
  const entries = Object.entries(trace);
  return Object.fromEntries(
    entries.filter(([key, value]) => charts.some(({data}) => !same(data[t][key], value))),
  );
}

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** The first note of a layout is its caption: so many pixels below the drawing. */
function captionShift({layout}: Chart): number {
  const [{yshift = 0}] = layout.annotations as readonly JsonObject[];
  return -Number(yshift);
}

function withCaption({layout}: Chart, below: number): JsonObject[] {
  const [caption, ...others] = layout.annotations as readonly JsonObject[];
  return [{...caption, yshift: -below}, ...others];
}

/** The same drawing with room for the controls: title and caption keep their distances. */
function taller(chart: Chart, below: number): JsonObject {
  const [margin, title] = [chart.layout.margin, chart.layout.title] as JsonObject[];
  const height = Number(chart.layout.height);
  const grown = height + CONTROLS;
  return {
    height: grown,
    margin: {...margin, b: Number(margin.b) + CONTROLS},
    title: {...title, y: 1 - ((1 - Number(title.y)) * height) / grown},
    annotations: withCaption(chart, below + CONTROLS),
  };
}
