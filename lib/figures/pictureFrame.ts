import {type Chart, colors, type FigureText, figureLayout, wrap} from './style';

/**
 * What stands in the place of a picture that is not here: a dashed frame of its size, with sentences in it
 * and an address that can be clicked.
 *
 * @param sentences each begins a line of its own
 * @param address begins with https://
 * @param size of the frame, in pixels
 */
export function pictureFrame(
  text: FigureText,
  sentences: readonly string[],
  address: string,
  size: {readonly width: number; readonly height: number},
): Chart {
  const lines = sentences.flatMap((sentence) => wrap(sentence, size.width / 7.4));
  const link = `<a href="${address}">${address}</a>`;
  const hidden = {visible: false, fixedrange: true};
  return {
    data: [],
    layout: {
      ...figureLayout(text, {...size, left: 14, right: 14, above: 6, below: 8}, [
        {
          text: [...lines, link].join('<br>'),
          ...{xref: 'paper', yref: 'paper', x: 0.5, y: 0.5, xanchor: 'center', yanchor: 'middle'},
          showarrow: false,
          font: {size: 13, color: colors.text},
        },
      ]),
      shapes: [
        {
          ...{type: 'rect', xref: 'paper', yref: 'paper', x0: 0, x1: 1, y0: 0, y1: 1},
          line: {color: colors.reference, width: 1.4, dash: '6px,4px'},
        },
      ],
      xaxis: hidden,
      yaxis: hidden,
    },
  };
}
