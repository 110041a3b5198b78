import {type Chart, colors, type FigureText, figureLayout, type JsonObject, modelStrokes} from './style';

/** One layer of units, each with what is written into it (such as its degree). */
export interface UnitLayer {
  readonly name: string;
  readonly units: readonly (string | number)[];
  /** Written below the inputs or above the outputs, one for each unit. */
  readonly labels?: readonly string[];
}

export interface Network extends FigureText {
  /** From the inputs, drawn at the bottom, to the outputs. */
  readonly layers: readonly UnitLayer[];
  /** Between each layer and the next: [inputs, outputs] in row order, 0 for no connection. */
  readonly connections: readonly {readonly values: ArrayLike<number>}[];
  /** An output whose paths from the inputs are drawn strongly. */
  readonly output?: number;
}

/**
 * Units as circles and connections as lines; what a mask cuts is not drawn.
 * @throws RangeError when connections and layers do not fit
 */
export function networkChart(network: Network): Chart {
  const {layers, connections, output} = network;
  if (connections.length !== layers.length - 1) {
    throw new RangeError(
      `networkChart: ${layers.length} layers need ${layers.length - 1} sets of connections, got ${connections.length}`,
    );
  }
  connections.forEach(({values}, k) => {
    const needed = layers[k].units.length * layers[k + 1].units.length;
    if (values.length !== needed) {
      throw new RangeError(
        `networkChart: connections ${k} must have ${needed} values for its layers, got ${values.length}`,
      );
    }
  });
  const widest = layers.reduce((most, {units}) => Math.max(most, units.length), 1);
  const x = (layer: number, unit: number): number => unit - (layers[layer].units.length - 1) / 2;
  const strong = output === undefined ? [] : onPathsTo(network, output);
  const lines = [false, true].map((wanted): JsonObject => {
    const [xs, ys]: (number | null)[][] = [[], []];
    connections.forEach(({values}, k) => {
      const above = layers[k + 1].units.length;
      Array.from(values).forEach((value, i) => {
        const [from, to] = [Math.floor(i / above), i % above];
        if (value === 0 || (strong[k + 1]?.[to] === true) !== wanted) return;
        xs.push(x(k, from), x(k + 1, to), null);
        ys.push(k, k + 1, null);
      });
    });
    const line = wanted
      ? {color: modelStrokes.made.color, width: 3}
      : {color: output === undefined ? colors.faint : '#B9C0C8', width: output === undefined ? 1.4 : 1.1};
    return {type: 'scatter', mode: 'lines', x: xs, y: ys, line, hoverinfo: 'skip'};
  });
  const units = layers.map(({units}, k): JsonObject => {
    const chosen = units.map((_, i) => strong[k]?.[i] === true);
    return {
      type: 'scatter',
      mode: 'markers+text',
      x: units.map((_, i) => x(k, i)),
      y: units.map(() => k),
      text: units.map(String),
      textfont: {size: 14, color: colors.text},
      hoverinfo: 'skip',
      cliponaxis: false,
      marker: {
        size: 32,
        color: '#FFFFFF',
        line: {
          color: chosen.map((yes) => (yes ? modelStrokes.made.color : colors.faint)),
          width: chosen.map((yes) => (yes ? 3 : 1.5)),
        },
      },
    };
  });
  const top = layers.length - 1;
  const labels = layers.flatMap(({labels = []}, k) =>
    labels.map((text, i): JsonObject => {
      const above = k === top;
      return {
        text,
        x: x(k, i),
        y: k,
        xref: 'x',
        yref: 'y',
        showarrow: false,
        font: {size: 13},
        yshift: above ? 24 : -24,
        yanchor: above ? 'bottom' : 'top',
      };
    }),
  );
  const names = layers.map(({name}, k): JsonObject => {
    return {
      text: name,
      xref: 'paper',
      x: 0,
      xanchor: 'right',
      xshift: -6,
      yref: 'y',
      y: k,
      yanchor: 'middle',
      showarrow: false,
      font: {size: 12, color: colors.faint},
    };
  });
  const frame = {
    width: Math.max(320, Math.min(560, 110 * widest)),
    height: 92 * (layers.length - 1) + 110,
    left: 112,
    right: 24,
    above: 6,
    below: 8,
  };
  const hidden = {visible: false, fixedrange: true};
  const margin = 55 / 92;
  return {
    data: [...lines, ...units],
    layout: {
      ...figureLayout(network, frame, [...labels, ...names]),
      showlegend: false,
      xaxis: {...hidden, range: [-widest / 2, widest / 2]},
      yaxis: {...hidden, range: [-margin, top + margin]},
    },
  };
}

/** For each layer, which units lie on a path to the output: it sees them, directly or through others. */
function onPathsTo({layers, connections}: Network, output: number): boolean[][] {
  const found = layers.map(({units}) => units.map(() => false));
  found[layers.length - 1][output] = true;
  for (let k = connections.length - 1; k >= 0; k--) {
    const above = layers[k + 1].units.length;
    found[k] = layers[k].units.map((_, from) =>
      found[k + 1].some((yes, to) => yes && connections[k].values[from * above + to] !== 0),
    );
  }
  return found;
}
