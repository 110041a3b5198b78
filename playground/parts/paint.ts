import {colors} from '../../lib/figures/style';

/** Colors as bytes, and pictures of 28 x 28 made of them. */
export type Rgb = readonly [number, number, number];

export const BLACK: Rgb = [0, 0, 0];
export const WHITE: Rgb = [255, 255, 255];
/** Not drawn yet. */
export const OPEN: Rgb = [62, 66, 74];
/** Given, but later in the order than what is being drawn: not heard yet. */
export const UNHEARD: Rgb = [150, 150, 150];
/** A marked pixel is marked as in every figure. */
export const MARK: Rgb = rgb(colors.mark);

export function rgb(hex: string): Rgb {
  const number = Number.parseInt(hex.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

/** A share of the way from one color to another. */
export function mix(from: Rgb, to: Rgb, share: number): Rgb {
  return [0, 1, 2].map((c) => Math.round(from[c] + (to[c] - from[c]) * share)) as unknown as Rgb;
}

// Some colors of the scale Cividis (Nunez et al. 2018), which people with any
// common color blindness read alike.
const CIVIDIS = ['#00224E', '#2A3F6D', '#575D6D', '#7D7C78', '#A69D75', '#D3C164', '#FEE838'].map(rgb);

/** The color of an amount from 0 to 1, on a scale that is even to the eye. */
export function heat(amount: number): Rgb {
  const place = Math.min(1, Math.max(0, amount)) * (CIVIDIS.length - 1);
  const below = Math.min(CIVIDIS.length - 2, Math.floor(place));
  return mix(CIVIDIS[below], CIVIDIS[below + 1], place - below);
}

export function css([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}
