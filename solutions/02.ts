/** Notebook 02: its exercises solved. Names are those of the answer cells. */

/** 1. As from a hidden unit to an output: an output hears of earlier pixels only, never of its own. */
export const connected = (pixel: number, output: number): boolean => pixel < output;

/** 2. Degrees 1 to D - 1, each once. */
export const hiddenDegrees = [1, 2, 3];

/** 3. All but the last pixel, of degree 9: no hidden unit has that degree. */
export const ownPixels = 8;
