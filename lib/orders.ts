import type {ImageShape} from './types';

/** Orders in which the values of an image may be generated; MADE knows random ones as well. */

/** Column by column, each from the top: raster order of the image mirrored at its diagonal. order[k] is a flat index in [H, W, C]. */
export function transposedOrder({height, width, channels}: ImageShape): Int32Array {
  return Int32Array.from({length: height * width * channels}, (_, k) => {
    const [place, channel] = [Math.floor(k / channels), k % channels];
    return ((place % height) * width + Math.floor(place / height)) * channels + channel;
  });
}
