import {type PictureLabels, pictureChart} from './pictureChart';
import type {Picture} from './png';
import type {Chart, JsonObject} from './style';

/** Milliseconds that a picture stays. */
const PACE = 120;
/** Pixels that button and slider take below the picture. */
const CONTROLS = 84;

/**
 * Pictures that follow each other, with a slider and a play button. Where no script runs the last picture is
 * shown, so set a film strip of a few stages beside it.
 *
 * @param pictures of one size, with the words of the last one
 * @param names one a picture, shown at the slider
 * @throws RangeError when there are not two pictures of one size at least, or not as many names
 */
export function motionChart(
  pictures: readonly Picture[],
  names: readonly string[],
  labels: PictureLabels = {},
): Chart {
  const last = pictures[pictures.length - 1];
  if (pictures.length < 2 || names.length !== pictures.length) {
    throw new RangeError(
      `motionChart: two pictures at least, each with a name; got ${pictures.length} and ${names.length} names`,
    );
  }
  const odd = pictures.find(({width, height}) => width !== last.width || height !== last.height);
  if (odd !== undefined) {
    throw new RangeError(
      `motionChart: all pictures must be ${last.width} x ${last.height}, got ${odd.width} x ${odd.height}`,
    );
  }
  const {data, layout} = pictureChart(last, labels, CONTROLS);
  const at = {x: 0, xanchor: 'left', y: 0, yanchor: 'top'};
  const show = (duration: number): JsonObject => ({
    mode: 'immediate',
    frame: {duration, redraw: true},
    transition: {duration: 0},
  });
  return {
    data,
    frames: pictures.map((picture, k) => ({
      name: names[k],
      data: [{source: pictureChart(picture).data[0].source}],
    })),
    layout: {
      ...layout,
      updatemenus: [
        {
          ...{...at, type: 'buttons', showactive: false, pad: {t: 18}},
          buttons: [{label: '▶', method: 'animate', args: [null, {...show(PACE), fromcurrent: false}]}],
        },
      ],
      sliders: [
        {
          ...{
            ...at,
            active: pictures.length - 1,
            pad: {t: 6, l: 48},
            currentvalue: {prefix: '', xanchor: 'right'},
          },
          steps: names.map((name) => ({label: name, method: 'animate', args: [[name], show(0)]})),
        },
      ],
    },
  };
}
