import {type Chart, colors, type FigureText, figureLayout, type JsonObject, plain} from './style';

/** A cell, both counted from 0; row 0 is drawn at the top. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** A matrix to be looked at: a mask, a Jacobian, a receptive field. */
export interface Panel {
  readonly title?: string;
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns] in row order; NaN leaves a cell empty. */
  readonly values: ArrayLike<number>;
  /** Cells with an outline, such as the pixel whose receptive field is shown. */
  readonly marked?: readonly Cell[];
  /** Names in place of the numbers of rows and columns; the figure's, where they are left out. */
  readonly rowNames?: readonly string[];
  readonly columnNames?: readonly string[];
}

/**
 * - 'mask': two tones, for 0 and 1
 * - 'amount': from dark blue to yellow, even to the eye and to the color-blind (cividis); what is exactly 0
 *   stays gray, so that "nothing" and "almost nothing" cannot be taken for each other
 * - 'signed': around zero, from blue over white to orange
 */
export type HeatScale = 'mask' | 'amount' | 'signed';

export interface Heatmap extends FigureText {
  readonly panels: readonly Panel[];
  readonly scale: HeatScale;
  /** What the numbers are, written beside the color bar: "|∂ logit / ∂ pixel|". */
  readonly quantity: string;
  /** Panels side by side; 4 where it is left out. */
  readonly panelsPerRow?: number;
  readonly xLabel?: string;
  readonly yLabel?: string;
  /** Names in place of the numbers of rows and columns, for panels that have none of their own. */
  readonly rowNames?: readonly string[];
  readonly columnNames?: readonly string[];
  /** Numbers written into the cells, with so many digits after the point; for small matrices. */
  readonly digits?: number;
}

const drawingWidth = 580;
const barWidth = 110;
const titleSpace = 26;
const signedScale: readonly (readonly [number, string])[] = [
  [0, '#0072B2'],
  [0.5, '#F7F7F7'],
  [1, '#D55E00'],
];
/** The colors of mask 0 and mask 1. */
const maskTones = ['#DDE3EA', '#1F3A5F'] as const;
const emptyTone = '#E6E6E6';

/**
 * One matrix or several, with one color scale for all. Cells are square, never
 * blurred, with thin gaps between them.
 * @throws RangeError when a panel's values do not fill its rows and columns, a marked cell lies outside,
 *   or names are too few or many
 */
export function heatmap(figure: Heatmap): Chart {
  if (figure.panels.length === 0) throw new RangeError('heatmap: panels is empty; give at least one');
  figure.panels.forEach(checkPanel);
  checkNames(figure);
  const perRow = Math.min(figure.panels.length, figure.panelsPerRow ?? 4);
  const panelRows = Math.ceil(figure.panels.length / perRow);
  const widest = figure.panels.reduce((most, panel) => Math.max(most, panel.columns), 1);
  const tallest = figure.panels.reduce((most, panel) => Math.max(most, panel.rows), 1);
  const space = {x: figure.yLabel ? 52 : 34, y: titleSpace + (figure.xLabel ? 46 : 28)};
  const cell = Math.min(34, (drawingWidth - (perRow - 1) * space.x) / perRow / widest);
  const size = {width: cell * widest, height: cell * tallest};
  const filled = perRow * size.width + (perRow - 1) * space.x;
  const width = Math.max(300, filled);
  const height = Math.max(110, panelRows * size.height + (panelRows - 1) * space.y);
  const range = valueRange(figure);
  // Cells with numbers in them need no color to tell that they are 0.
  const grayZeros =
    figure.scale === 'amount' &&
    figure.digits === undefined &&
    figure.panels.some(({values}) => Array.from(values).includes(0));
  const quantity = grayZeros ? `${figure.quantity}<br>gray: exactly 0` : figure.quantity;
  const axes = figure.panels.map((panel, i) => {
    const left = (i % perRow) * (size.width + space.x);
    const top = Math.floor(i / perRow) * (size.height + space.y);
    return {
      panel,
      x: [left / width, (left + cell * panel.columns) / width],
      y: [1 - (top + cell * panel.rows) / height, 1 - top / height],
      suffix: i === 0 ? '' : String(i + 1),
    };
  });
  const longest = (names: 'rowNames' | 'columnNames'): number => {
    const all = figure.panels.flatMap((panel) => namesOf(figure, panel, names) ?? []);
    return all.reduce((most, {length}) => Math.max(most, 7 * length), 0);
  };
  const left = 62 + Math.max(0, longest('rowNames') - 12);
  // Names that are wider than a cell are drawn aslant.
  const aslant = longest('columnNames') > cell ? longest('columnNames') : 0;
  const below = (figure.xLabel ? 50 : 34) + aslant;
  const frame = {width, height, left, right: barWidth, above: titleSpace, below};
  const titles = axes.map(({panel, x, y}) => ({
    text: panel.title ?? '',
    xref: 'paper',
    x: x[0],
    xanchor: 'left',
    yref: 'paper',
    y: y[1],
    yanchor: 'bottom',
    yshift: 2,
    showarrow: false,
    font: {size: 13},
  }));
  return {
    data: axes.map(({panel, suffix}) => ({
      type: 'heatmap',
      z: matrix(panel, grayZeros),
      xaxis: `x${suffix}`,
      yaxis: `y${suffix}`,
      zsmooth: false,
      coloraxis: 'coloraxis',
      xgap: cell >= 4 ? 1 : 0,
      ygap: cell >= 4 ? 1 : 0,
      hoverongaps: false,
      hovertemplate: 'row %{y}, column %{x}: %{z}<extra></extra>',
      ...(figure.digits === undefined ? {} : {texttemplate: `%{z:.${figure.digits}f}`, textfont: {size: 12}}),
    })),
    layout: {
      ...figureLayout(
        figure,
        frame,
        titles.filter(({text}) => text !== ''),
      ),
      plot_bgcolor: emptyTone,
      coloraxis: colorAxis({...figure, quantity}, range, height, filled / width),
      shapes: axes.flatMap(({panel, suffix}) =>
        (panel.marked ?? []).flatMap((marked) => outline(marked, suffix)),
      ),
      ...Object.fromEntries(
        axes.flatMap(({panel, x, y, suffix}) => [
          [
            `xaxis${suffix}`,
            cellAxis(panel.columns, x, `y${suffix}`, figure.xLabel, namesOf(figure, panel, 'columnNames')),
          ],
          [
            `yaxis${suffix}`,
            {
              ...cellAxis(panel.rows, y, `x${suffix}`, figure.yLabel, namesOf(figure, panel, 'rowNames')),
              range: [panel.rows - 0.5, -0.5],
            },
          ],
        ]),
      ),
    },
  };
}

function namesOf(
  figure: Heatmap,
  panel: Panel,
  which: 'rowNames' | 'columnNames',
): readonly string[] | undefined {
  return panel[which] ?? figure[which];
}

function checkNames(figure: Heatmap): void {
  for (const panel of figure.panels) {
    for (const [what, count] of [
      ['rowNames', panel.rows],
      ['columnNames', panel.columns],
    ] as const) {
      const names = namesOf(figure, panel, what);
      if (names !== undefined && names.length !== count) {
        throw new RangeError(`heatmap: ${what} must be ${count}, one for each, got ${names.length}`);
      }
    }
  }
}

function checkPanel({title, rows, columns, values, marked = []}: Panel): void {
  const name = title === undefined ? 'a panel' : `panel "${title}"`;
  if (rows < 1 || columns < 1 || values.length !== rows * columns) {
    throw new RangeError(
      `heatmap: ${name} must have ${rows * columns} values for ${rows} x ${columns} cells, got ${values.length}`,
    );
  }
  for (const {row, column} of marked) {
    if (row < 0 || row >= rows || column < 0 || column >= columns) {
      throw new RangeError(
        `heatmap: what ${name} marks must lie in its ${rows} x ${columns} cells, got row ${row}, column ${column}`,
      );
    }
  }
}

function matrix({rows, columns, values}: Panel, grayZeros: boolean): (number | null)[][] {
  const flat = plain(values, 4).map((value) => (grayZeros && value === 0 ? null : value));
  return Array.from({length: rows}, (_, row) => flat.slice(row * columns, (row + 1) * columns));
}

/** The same for all panels, so that they can be compared: from 0 to the largest, or even around 0. */
function valueRange({panels, scale}: Heatmap): [number, number] {
  if (scale === 'mask') return [0, 1];
  let largest = 0;
  for (const {values} of panels) {
    for (let i = 0; i < values.length; i++) {
      const size = Math.abs(values[i]);
      if (Number.isFinite(size)) largest = Math.max(largest, size);
    }
  }
  const bound = Number((largest || 1).toPrecision(4));
  return scale === 'signed' ? [-bound, bound] : [0, bound];
}

function colorAxis(
  {scale, quantity}: Heatmap,
  [cmin, cmax]: [number, number],
  height: number,
  x: number,
): JsonObject {
  const [zero, one] = maskTones;
  const tones: Record<HeatScale, JsonObject> = {
    mask: {
      colorscale: [
        [0, zero],
        [0.5, zero],
        [0.5, one],
        [1, one],
      ],
    },
    amount: {colorscale: 'Cividis'},
    signed: {colorscale: signedScale},
  };
  return {
    ...tones[scale],
    cmin,
    cmax,
    colorbar: {
      title: {
        text: quantity,
        side: 'right',
        font: {size: 12},
      },
      thickness: 14,
      lenmode: 'pixels',
      len: Math.min(260, height),
      x,
      xpad: 18,
      y: 1,
      yanchor: 'top',
      ypad: 0,
      outlinewidth: 0,
      tickfont: {size: 12},
      ...(scale === 'mask' ? {tickvals: [0.25, 0.75], ticktext: ['0', '1']} : {nticks: 6}),
    },
  };
}

function cellAxis(
  cells: number,
  domain: readonly number[],
  anchor: string,
  label: string | undefined,
  names: readonly string[] | undefined,
): JsonObject {
  const sizes = cells % 7 === 0 ? [1, 2, 7, 14, 28, 56, 112] : [1, 2, 5, 10, 20, 50, 100, 200];
  const step = sizes.find((size) => cells / size <= 8) ?? 500;
  return {
    domain,
    anchor,
    range: [-0.5, cells - 0.5],
    showgrid: false,
    zeroline: false,
    showline: false,
    ticks: '',
    ...(names === undefined
      ? {tick0: 0, dtick: step}
      : {tickvals: names.map((_, k) => k), ticktext: [...names]}),
    tickfont: {size: 12},
    ...(label === undefined ? {} : {title: {text: label, font: {size: 12}, standoff: 4}}),
  };
}

/** Marked the same way everywhere: an orange outline with a white one around it. */
function outline({row, column}: Cell, suffix: string): JsonObject[] {
  const box = {
    type: 'rect',
    xref: `x${suffix}`,
    yref: `y${suffix}`,
    x0: column - 0.5,
    x1: column + 0.5,
    y0: row - 0.5,
    y1: row + 0.5,
  };
  return [
    {...box, line: {color: '#FFFFFF', width: 5}},
    {...box, line: {color: colors.mark, width: 2.5}},
  ];
}
