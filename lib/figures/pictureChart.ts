import {encodePng, type Picture} from './png';
import {type Chart, colors, figureLayout, type JsonObject} from './style';

export interface PictureLabels {
  /** One a row of the grid, from the top, written left of it. */
  readonly rows?: readonly string[];
  /** One a column of the grid, from the left, written above it. */
  readonly columns?: readonly string[];
}

/**
 * A grid of images in the frame of a chart: with title, caption, and names for its rows and columns.
 * Where no words are needed, show the picture itself: it is there at once, without a browser.
 */
export function pictureChart(picture: Picture, {rows = [], columns = []}: PictureLabels = {}): Chart {
  const {width, height} = picture;
  const longest = rows.reduce((most, name) => Math.max(most, name.length), 0);
  const frame = {
    width,
    height,
    left: 14 + 7.5 * longest,
    right: 14,
    above: columns.length > 0 ? 20 : 6,
    below: 8,
  };
  const label = {showarrow: false, font: {size: 12, color: colors.text}, xref: 'paper', yref: 'paper'};
  const hidden = {visible: false, fixedrange: true};
  return {
    data: [{type: 'image', source: `data:image/png;base64,${base64(encodePng(picture))}`, hoverinfo: 'skip'}],
    layout: {
      ...figureLayout(picture.text, frame, [
        ...rows.map((text, i): JsonObject => {
          return {
            ...label,
            text,
            x: 0,
            xanchor: 'right',
            xshift: -4,
            y: 1 - (i + 0.5) / rows.length,
            yanchor: 'middle',
          };
        }),
        ...columns.map((text, i): JsonObject => {
          return {...label, text, x: (i + 0.5) / columns.length, xanchor: 'center', y: 1, yanchor: 'bottom'};
        }),
      ]),
      xaxis: {...hidden, range: [-0.5, width - 0.5]},
      yaxis: {...hidden, range: [height - 0.5, -0.5], scaleanchor: ''},
    },
  };
}

/** Without Node's Buffer, so that a browser can do it too. */
function base64(bytes: Uint8Array): string {
  let letters = '';
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}
