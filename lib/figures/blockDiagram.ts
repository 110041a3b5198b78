import {type Chart, colors, type FigureText, figureLayout, type JsonObject} from './style';

/** A place in the diagram, counted in steps: x to the right, y upwards. */
export type Place = readonly [x: number, y: number];

/** A box with a word in it, or a small circle for a sign such as "+". */
export interface Block {
  readonly at: Place;
  readonly text: string;
  /**
   * `layer`: has weights; `sign`: a circle; `data`: what goes in or comes out, without a
   * frame. `plain` where it is left out.
   */
  readonly kind?: 'layer' | 'plain' | 'sign' | 'data';
}

export interface BlockDiagram extends FigureText {
  readonly blocks: readonly Block[];
  /** Arrows through two or more places; at both ends they stop short of a block. */
  readonly arrows: readonly (readonly Place[])[];
}

const step = {x: 170, y: 62};
const half = {box: {x: 0.42, y: 0.25}, sign: {x: 0.1, y: 0.24}, data: {x: 0.4, y: 0.2}, none: {x: 0, y: 0}};
const tones = {layer: '#D7E5F2', plain: '#F4E6C9', sign: '#FFFFFF'} as const;

/**
 * Boxes and arrows, as papers draw a layer.
 * @throws RangeError when there is no block, or an arrow has not two places at least
 */
export function blockDiagram(diagram: BlockDiagram): Chart {
  const {blocks, arrows} = diagram;
  if (blocks.length === 0) throw new RangeError('blockDiagram: blocks is empty; give at least one');
  const short = arrows.find((places) => places.length < 2);
  if (short !== undefined) {
    throw new RangeError(`blockDiagram: an arrow needs two places at least, got ${short.length}`);
  }
  const [xs, ys] = [0, 1].map((axis) => blocks.map(({at}) => at[axis]));
  const turns = arrows.flatMap((places) => places.map(([along]) => along));
  const x = [Math.min(...xs, ...turns) - 0.5, Math.max(...xs, ...turns) + 0.5];
  const y = [Math.min(...ys) - 0.4, Math.max(...ys) + 0.4];
  const frame = {
    width: Math.round(step.x * (x[1] - x[0])),
    height: Math.round(step.y * (y[1] - y[0])),
    left: 20,
    right: 20,
    above: 4,
    below: 10,
  };
  const hidden = {visible: false, fixedrange: true};
  return {
    data: [{type: 'scatter', mode: 'markers', x: xs, y: ys, marker: {opacity: 0}, hoverinfo: 'skip'}],
    layout: {
      ...figureLayout(diagram, frame, [
        ...arrows.map((places) => head(places, blocks)),
        ...blocks.map(label),
      ]),
      shapes: [...blocks.flatMap(outline), ...arrows.flatMap((places) => shaft(places, blocks))],
      showlegend: false,
      xaxis: {...hidden, range: x},
      yaxis: {...hidden, range: y},
    },
  };
}

function sizeAt(place: Place, blocks: readonly Block[]): {x: number; y: number} {
  const block = blocks.find(({at}) => at[0] === place[0] && at[1] === place[1]);
  if (block === undefined) return half.none;
  return block.kind === 'sign' ? half.sign : block.kind === 'data' ? half.data : half.box;
}

/** Where an arrow from `other` meets the edge of the block at `end`, if there is one. */
function edge(end: Place, other: Place, blocks: readonly Block[]): Place {
  const size = sizeAt(end, blocks);
  const [dx, dy] = [other[0] - end[0], other[1] - end[1]];
  return Math.abs(dx) > Math.abs(dy)
    ? [end[0] + Math.sign(dx) * size.x, end[1]]
    : [end[0], end[1] + Math.sign(dy) * size.y];
}

/** The places of an arrow, its ends moved to the edges of the blocks there. */
function trimmed(places: readonly Place[], blocks: readonly Block[]): Place[] {
  const last = places.length - 1;
  return places.map((place, k) => {
    if (k === 0) return edge(place, places[1], blocks);
    return k === last ? edge(place, places[last - 1], blocks) : place;
  });
}

function shaft(places: readonly Place[], blocks: readonly Block[]): JsonObject[] {
  const points = trimmed(places, blocks);
  return points.slice(2).map((_, k) => ({
    type: 'line',
    xref: 'x',
    yref: 'y',
    layer: 'below',
    x0: points[k][0],
    y0: points[k][1],
    x1: points[k + 1][0],
    y1: points[k + 1][1],
    line: {color: colors.faint, width: 1.6},
  }));
}

function head(places: readonly Place[], blocks: readonly Block[]): JsonObject {
  const [from, to] = trimmed(places, blocks).slice(-2);
  return {
    x: to[0],
    y: to[1],
    xref: 'x',
    yref: 'y',
    ax: from[0],
    ay: from[1],
    axref: 'x',
    ayref: 'y',
    text: '',
    showarrow: true,
    arrowhead: 2,
    arrowsize: 1,
    arrowwidth: 1.6,
    arrowcolor: colors.faint,
  };
}

function label({at, text, kind}: Block): JsonObject {
  return {
    text,
    x: at[0],
    y: at[1],
    xref: 'x',
    yref: 'y',
    showarrow: false,
    font: {size: kind === 'sign' ? 16 : 13, color: kind === 'data' ? colors.faint : colors.text},
  };
}

function outline({at: [x, y], kind = 'plain'}: Block): JsonObject[] {
  if (kind === 'data') return [];
  const size = kind === 'sign' ? half.sign : half.box;
  return [
    {
      type: kind === 'sign' ? 'circle' : 'rect',
      xref: 'x',
      yref: 'y',
      layer: 'below',
      fillcolor: tones[kind],
      x0: x - size.x,
      x1: x + size.x,
      y0: y - size.y,
      y1: y + size.y,
      line: {color: colors.faint, width: 1.4},
    },
  ];
}
