/**
 * One look for every figure. Colors are those of Okabe and Ito, which people with any common color blindness
 * tell apart; a dash and a marker always say the same as the color, so that gray print loses nothing.
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** What every figure says of itself: below the drawing, to screen readers, and in figures/README.md. */
export interface FigureText {
  /** The finding as a short sentence: "Gated sees what PixelCNN misses". */
  readonly title: string;
  /** One sentence for those who cannot see the picture: what is drawn, and what it shows. */
  readonly description: string;
  /** The notebook that draws it, such as "02-made-masks"; what a command draws has none. */
  readonly notebook?: string;
  /** The figure or table it stands beside, such as "MADE, figure 2"; left out where no paper has one. */
  readonly paper?: string;
  /** Left out where nothing is random. */
  readonly seed?: number;
}

/** A Plotly description: plain JSON, the same for JupyterLab, VS Code, a page and the headless browser. */
export interface Chart {
  readonly data: readonly JsonObject[];
  readonly layout: JsonObject & {readonly meta: JsonObject};
  /** What follows each other, by name: what a slider or a play button shows in place of the data. */
  readonly frames?: readonly {
    readonly name: string;
    readonly data: readonly JsonObject[];
    readonly layout?: JsonObject;
  }[];
}

export interface Stroke {
  readonly label: string;
  readonly color: string;
  readonly dash: string;
  readonly symbol: string;
}

/** The same color, dash and marker for a model in every figure. */
export const modelStrokes = {
  made: {label: 'MADE', color: '#0072B2', dash: 'solid', symbol: 'circle'},
  pixelcnn: {label: 'PixelCNN', color: '#E69F00', dash: '8px,3px', symbol: 'square'},
  gated: {label: 'Gated PixelCNN', color: '#D55E00', dash: '12px,4px', symbol: 'diamond'},
  rowlstm: {label: 'Row LSTM', color: '#009E73', dash: '2px,3px', symbol: 'triangle-up'},
  diagonal: {label: 'Diagonal BiLSTM', color: '#CC79A7', dash: '8px,3px,2px,3px', symbol: 'cross'},
  cifar10: {label: 'CIFAR-10 model', color: '#56B4E9', dash: '14px,3px,2px,3px', symbol: 'x'},
} as const satisfies Record<string, Stroke>;

/** Colors that no model above has, for models that are added. */
const spareStrokes: readonly Omit<Stroke, 'label'>[] = [
  {color: '#56B4E9', dash: '4px,2px', symbol: 'star'},
  {color: '#8A8A00', dash: '10px,2px,2px,2px', symbol: 'hexagon'},
  {color: '#7B5EA7', dash: '6px,6px', symbol: 'triangle-down'},
];

/** The stroke of a model in every figure; one that is not named above gets the same spare one each time. */
export function strokeOf(model: string): Stroke {
  if (Object.hasOwn(modelStrokes, model)) return modelStrokes[model as keyof typeof modelStrokes];
  const sum = [...model].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return {label: model, ...spareStrokes[sum % spareStrokes.length]};
}

/** For series that belong to no model, in this order: dark tones first, each with its own dash and marker. */
export const otherStrokes: readonly Omit<Stroke, 'label'>[] = [
  {color: '#333333', dash: 'solid', symbol: 'circle'},
  {color: '#0072B2', dash: '8px,3px', symbol: 'square'},
  {color: '#D55E00', dash: '2px,3px', symbol: 'diamond'},
  {color: '#009E73', dash: '12px,4px', symbol: 'triangle-up'},
  {color: '#CC79A7', dash: '8px,3px,2px,3px', symbol: 'cross'},
  {color: '#E69F00', dash: '14px,3px,2px,3px', symbol: 'x'},
  {color: '#8A8A00', dash: '1px,2px', symbol: 'pentagon'},
  {color: '#111111', dash: '18px,4px', symbol: 'asterisk-open'},
  {color: '#7B5EA7', dash: '5px,5px', symbol: 'bowtie'},
];

/**
 * No two alike, in gray print either: what belongs to no model takes dashes and markers
 * that no model of the chart has.
 */
export function strokesOf(
  series: readonly {readonly model?: string; readonly second?: boolean}[],
): readonly Omit<Stroke, 'label'>[] {
  const models = series.flatMap(({model}) => (model ? [strokeOf(model)] : []));
  const free = otherStrokes.filter(
    ({color, dash, symbol}) =>
      !models.some((one) => one.color === color || one.dash === dash || one.symbol === symbol),
  );
  let others = 0;
  return series.map(({model, second}) => {
    const stroke = model ? strokeOf(model) : free[others++ % free.length];
    return second ? {...stroke, dash: '1px,3px', symbol: `${stroke.symbol}-open`} : stroke;
  });
}

export const colors = {
  background: '#FCFCFC',
  text: '#222222',
  faint: '#5F5F5F',
  grid: '#E4E4E4',
  /** The paper's value: always gray and dashed. */
  reference: '#7A7A7A',
  /** A marked pixel or cell: always this outline with a white one around it. */
  mark: '#D55E00',
} as const;

const sidePixels = 14;
const titleLine = 22;
const captionLine = 17;

/** Sizes in pixels of what stands around the drawing area. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  /** Between title and drawing area: legend or panel titles. */
  readonly above: number;
  /** Between drawing area and caption: tick labels and axis title. */
  readonly below: number;
}

/**
 * The layout that all charts share: title above, caption below, opaque light background, fixed size.
 * @param frame the size of the drawing area, and the space around it
 * @param annotations what else is written into the drawing
 */
export function figureLayout(
  text: FigureText,
  frame: Frame,
  annotations: readonly JsonObject[] = [],
): JsonObject & {readonly meta: JsonObject} {
  const width = frame.left + frame.width + frame.right;
  const title = wrap(text.title, (width - 2 * sidePixels) / 8.2);
  const caption = wrap(captionOf(text), (width - 2 * sidePixels) / 6.2);
  const top = 10 + title.length * titleLine + frame.above;
  const bottom = frame.below + caption.length * captionLine + 10;
  const height = top + frame.height + bottom;
  return {
    width,
    height,
    margin: {l: frame.left, r: frame.right, t: top, b: bottom, pad: 0},
    paper_bgcolor: colors.background,
    plot_bgcolor: colors.background,
    font: {family: 'DejaVu Sans, Verdana, Arial, sans-serif', size: 12, color: colors.text},
    title: {
      text: title.join('<br>'),
      font: {size: 16},
      xref: 'container',
      x: sidePixels / width,
      xanchor: 'left',
      // Plotly sets a title of several lines half of what is added to it too high.
      yref: 'container',
      y: 1 - (10 + ((title.length - 1) * titleLine) / 2) / height,
      yanchor: 'top',
    },
    annotations: [
      {
        text: caption.join('<br>'),
        xref: 'paper',
        x: 0,
        xanchor: 'left',
        xshift: sidePixels - frame.left,
        yref: 'paper',
        y: 0,
        yanchor: 'top',
        yshift: -frame.below,
        showarrow: false,
        align: 'left',
        font: {size: 12, color: colors.faint},
      },
      ...annotations,
    ],
    meta: metaOf(text),
  };
}

/** Only the words of a figure, without the numbers that came with them. */
export function metaOf({title, description, notebook, paper, seed}: FigureText): JsonObject {
  return {
    title,
    description,
    ...(notebook === undefined ? {} : {notebook}),
    ...(paper === undefined ? {} : {paper}),
    ...(seed === undefined ? {} : {seed}),
  };
}

/** "MADE, figure 2 · notebook 03-made · seed 0" */
export function captionOf(text: FigureText): string {
  const parts: string[] = [];
  if (text.paper !== undefined) parts.push(`Compare ${text.paper}`);
  if (text.notebook !== undefined) parts.push(`Notebook ${text.notebook}`);
  if (text.seed !== undefined) parts.push(`seed ${text.seed}`);
  return parts.join(' · ');
}

/** Breaks a sentence into lines of at most so many characters, between words. */
export function wrap(sentence: string, characters: number): string[] {
  const lines: string[] = [];
  for (const word of sentence.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + 1 + word.length <= characters) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/**
 * Rounded to so many significant digits, as a plain array; NaN and infinities become
 * null, which Plotly leaves out.
 */
export function plain(values: ArrayLike<number>, digits = 6): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? Number(value.toPrecision(digits)) : null));
}
