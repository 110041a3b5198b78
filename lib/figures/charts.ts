import {
  type Chart,
  colors,
  type FigureText,
  figureLayout,
  type JsonObject,
  otherStrokes,
  plain,
  strokeOf,
  strokesOf,
} from './style';

/** An axis with its unit: {label: 'test NLL', unit: 'nats per image'}. */
export interface Axis {
  readonly label: string;
  readonly unit?: string;
  readonly scale?: 'linear' | 'log';
  /** First and last value; chosen from the data where it is left out. */
  readonly range?: readonly [number, number];
}

/** A number to compare with, drawn as a dashed gray line: {label: 'MADE paper', value: 88.40}. */
export interface Reference {
  readonly label: string;
  readonly value: number;
  /** Digits after the point; 2 where it is left out. */
  readonly digits?: number;
}

export interface Series {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Gives the model's own color, dash and marker. */
  readonly model?: string;
  /** 'lines' where it is left out. */
  readonly drawn?: 'lines' | 'lines+markers' | 'markers';
  /** The second line of a model: thin, dotted, with hollow markers, not to be taken for the first. */
  readonly second?: boolean;
}

export interface LineChart extends FigureText {
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Horizontal lines. */
  readonly references?: readonly Reference[];
}

/**
 * Curves, such as the history of a training.
 * @throws RangeError when there is nothing to draw, or a series has not as many x as y values
 */
export function lineChart(chart: LineChart): Chart {
  if (chart.series.length === 0) throw new RangeError('lineChart: series is empty; give at least one');
  for (const {name, x, y} of chart.series) {
    if (x.length !== y.length || x.length === 0) {
      throw new RangeError(
        `lineChart: series "${name}" must have as many x as y values, at least one, got ${x.length} and ${y.length}`,
      );
    }
  }
  const references = chart.references ?? [];
  const frame = {
    width: 560,
    height: 320,
    left: 74,
    right: references.length > 0 ? 116 : 30,
    above: 15 + 19 * legendRows(chart.series, 560),
    below: 50,
  };
  const strokes = strokesOf(chart.series);
  // Plotly chooses the range of a linear axis; a logarithmic one needs it for its ticks.
  const xRange =
    chart.x.range || chart.x.scale === 'log'
      ? rangeOf(
          chart.x,
          chart.series.map((s) => s.x),
        )
      : undefined;
  const yRange = rangeOf(chart.y, [...chart.series.map((s) => s.y), references.map((r) => r.value)]);
  return {
    data: chart.series.map((series, i) => ({
      type: 'scatter',
      mode: series.drawn ?? 'lines',
      name: series.name,
      x: plain(series.x),
      y: plain(series.y),
      line: {color: strokes[i].color, dash: strokes[i].dash, width: series.second ? 1.4 : 2.2},
      marker: {color: strokes[i].color, symbol: strokes[i].symbol, size: 8},
    })),
    layout: {
      ...figureLayout(chart, frame, referenceLabels(references, chart.y, yRange, frame.height)),
      xaxis: axisLayout(chart.x, xRange),
      yaxis: axisLayout(chart.y, yRange),
      showlegend: chart.series.length > 1,
      legend: {orientation: 'h', x: 0, xanchor: 'left', y: 1, yanchor: 'bottom', font: {size: 12}},
      shapes: references.map((r) => dashedLine({x0: 0, x1: 1, xref: 'paper', y0: r.value, y1: r.value})),
    },
  };
}

/** Lines of a legend: one, or as many columns as its longest name leaves room for. */
function legendRows(series: readonly Series[], width: number): number {
  const widths = series.map(({name}) => 48 + 7.4 * name.length);
  if (widths.reduce((sum, one) => sum + one, 0) <= width) return 1;
  return Math.ceil(series.length / Math.max(1, Math.floor(width / Math.max(...widths))));
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly model?: string;
  /** What the paper reports: a dashed gray mark across the bar with its number. */
  readonly reference?: number;
}

export interface BarChart extends FigureText {
  readonly y: Axis;
  readonly bars: readonly Bar[];
  /** Digits after the point of the printed values; 2 where it is left out. */
  readonly digits?: number;
}

/** Upright bars from zero, each with its value above it: for counts, seconds and probabilities. */
export function barChart(chart: BarChart): Chart {
  if (chart.bars.length === 0) throw new RangeError('barChart: bars is empty; give at least one');
  const digits = chart.digits ?? 2;
  const values = chart.bars.map((bar) => bar.value);
  const highest = Math.max(0, ...values, ...chart.bars.map((bar) => bar.reference ?? 0));
  const frame = {width: 600, height: 320, left: 74, right: 46, above: 12, below: 34};
  const marked = chart.bars.map((bar, i) => ({...bar, i})).filter((bar) => bar.reference !== undefined);
  return {
    data: [
      {
        type: 'bar',
        x: chart.bars.map((_, i) => i),
        y: plain(values),
        text: values.map((value) => value.toFixed(digits)),
        textposition: 'auto',
        textangle: 0,
        insidetextanchor: 'end',
        width: 0.62,
        marker: {color: chart.bars.map((bar) => (bar.model ? strokeOf(bar.model).color : '#8DA0B3'))},
        hovertext: chart.bars.map((bar) => bar.name),
      },
    ],
    layout: {
      ...figureLayout(
        chart,
        frame,
        marked.map(({i, reference = 0}) => ({
          text: `paper ${reference.toFixed(digits)}`,
          xref: 'x',
          x: i,
          xanchor: 'center',
          yref: 'y',
          y: reference,
          yanchor: 'bottom',
          yshift: 2,
          showarrow: false,
          bgcolor: colors.background,
          font: {size: 12, color: colors.faint},
        })),
      ),
      showlegend: false,
      xaxis: {
        ...axisLayout({label: ''}),
        tickvals: chart.bars.map((_, i) => i),
        ticktext: chart.bars.map((bar) => bar.name),
        range: [-0.6, chart.bars.length - 0.4],
        showgrid: false,
        tickangle: 0,
      },
      yaxis: axisLayout(
        chart.y,
        chart.y.range ? rangeOf(chart.y, []) : [Math.min(0, ...values), highest * 1.12],
      ),
      shapes: marked.map(({i, reference = 0}) =>
        dashedLine({x0: i - 0.42, x1: i + 0.42, xref: 'x', y0: reference, y1: reference}),
      ),
    },
  };
}

export interface Result {
  readonly name: string;
  readonly model?: string;
  readonly ours: number;
  /** What the paper reports, where it does. */
  readonly paper?: number;
}

export interface ResultChart extends FigureText {
  readonly x: Axis;
  readonly results: readonly Result[];
  readonly digits?: number;
}

/**
 * One row a model: ours as its marker, the paper's as a dashed gray stroke, both with their numbers. Unlike
 * bars, its axis need not begin at zero, so that 80 and 86 nats can be seen apart.
 */
export function resultChart(chart: ResultChart): Chart {
  if (chart.results.length === 0) throw new RangeError('resultChart: results is empty; give at least one');
  const digits = chart.digits ?? 2;
  const rows = chart.results.map((result, i) => ({...result, y: chart.results.length - 1 - i}));
  const papers = rows.filter((row) => row.paper !== undefined);
  const frame = {width: 500, height: 44 * rows.length + 8, left: 160, right: 60, above: 8, below: 50};
  const number = (value: number, y: number, text: string, color: string, yshift: number): JsonObject => ({
    text,
    x: value,
    xref: 'x',
    xanchor: 'center',
    y,
    yref: 'y',
    yanchor: 'middle',
    yshift,
    showarrow: false,
    font: {size: 12, color: color},
  });
  return {
    data: rows.map((row) => ({
      type: 'scatter',
      mode: 'markers',
      name: row.name,
      x: plain([row.ours]),
      y: [row.y],
      cliponaxis: false,
      marker: {
        size: 12,
        color: row.model ? strokeOf(row.model).color : otherStrokes[0].color,
        symbol: row.model ? strokeOf(row.model).symbol : otherStrokes[0].symbol,
      },
    })),
    layout: {
      ...figureLayout(chart, frame, [
        ...rows.map((row) => number(row.ours, row.y, row.ours.toFixed(digits), colors.text, 16)),
        ...papers.map(({paper = 0, y}) =>
          number(paper, y, `paper ${paper.toFixed(digits)}`, colors.faint, -16),
        ),
      ]),
      showlegend: false,
      xaxis: axisLayout(
        chart.x,
        rangeOf(chart.x, [rows.map((row) => row.ours), papers.map((row) => row.paper ?? 0)], 0.12),
      ),
      yaxis: {
        ...axisLayout({label: ''}),
        tickvals: rows.map((row) => row.y),
        ticktext: rows.map((row) => row.name),
        range: [-0.6, rows.length - 0.4],
        showgrid: false,
        ticks: '',
      },
      shapes: papers.map(({paper = 0, y}) => ({
        ...dashedLine({x0: paper, x1: paper, xref: 'x', y0: y - 0.2, y1: y + 0.2}),
      })),
    },
  };
}

/** "test NLL (nats per image)" */
function axisTitle(axis: Axis): string {
  return axis.unit === undefined ? axis.label : `${axis.label} (${axis.unit})`;
}

function axisLayout(axis: Axis, range?: readonly number[]): JsonObject {
  return {
    title: {text: axisTitle(axis), font: {size: 13}, standoff: 8},
    type: axis.scale ?? 'linear',
    ...(range ? {range: plain(range)} : {}),
    gridcolor: colors.grid,
    zeroline: false,
    linecolor: colors.faint,
    showline: true,
    ticks: 'outside',
    ticklen: 4,
    tickcolor: colors.faint,
    tickfont: {size: 12},
    ...(axis.scale === 'log' && range ? logTicks(range) : {}),
  };
}

/** Ticks at 1, 2, 5, 10, … over a few decades, at powers of ten over many: Plotly's own are too small. */
function logTicks([low, high]: readonly number[]): JsonObject {
  const steps = high - low > 2.5 ? [1] : [1, 2, 5];
  const decades = Array.from({length: Math.ceil(high) - Math.floor(low) + 1}, (_, k) => Math.floor(low) + k);
  const values = decades
    .flatMap((decade) => steps.map((step) => step * 10 ** decade))
    .filter((value) => Math.log10(value) >= low && Math.log10(value) <= high);
  return {tickvals: values, ticktext: values.map(shortNumber)};
}

/** 500, 2k, 3M; small numbers as they are. */
function shortNumber(value: number): string {
  const [unit, suffix] = value >= 1e6 ? [1e6, 'M'] : value >= 1e3 ? [1e3, 'k'] : [1, ''];
  return `${Number((value / unit).toPrecision(6))}${suffix}`;
}

/** The span of all values with a margin, in the axis' own terms (decimal logarithms where it has them). */
function rangeOf(axis: Axis, values: readonly ArrayLike<number>[], margin = 0.06): [number, number] {
  const place = (value: number): number => (axis.scale === 'log' ? Math.log10(value) : value);
  if (axis.range) return [place(axis.range[0]), place(axis.range[1])];
  const places = values.flatMap((list) => Array.from(list, place)).filter(Number.isFinite);
  const low = places.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = places.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (low > high) return [0, 1];
  const space = margin * (high - low || Math.abs(high) || 1);
  return [low - space, high + space];
}

function dashedLine(ends: {x0: number; x1: number; xref: string; y0: number; y1: number}): JsonObject {
  return {type: 'line', ...ends, yref: 'y', line: {color: colors.reference, width: 1.6, dash: '6px,4px'}};
}

/** The names and values right of the drawing, each at its line, pushed up where two would meet. */
function referenceLabels(
  references: readonly Reference[],
  axis: Axis,
  range: readonly number[],
  height: number,
): JsonObject[] {
  const pixels = (value: number): number => {
    const place = axis.scale === 'log' ? Math.log10(value) : value;
    return ((place - range[0]) / (range[1] - range[0])) * height;
  };
  let free = Number.NEGATIVE_INFINITY;
  return [...references]
    .sort((a, b) => pixels(a.value) - pixels(b.value))
    .map(({label, value, digits = 2}) => {
      const at = Math.max(pixels(value), free);
      free = at + 34;
      return {
        text: `${label}<br>${value.toFixed(digits)}`,
        xref: 'paper',
        x: 1,
        xanchor: 'left',
        xshift: 6,
        align: 'left',
        yref: 'paper',
        y: 0,
        yanchor: 'middle',
        yshift: Math.round(at),
        showarrow: false,
        font: {size: 12, color: colors.faint},
      };
    });
}
