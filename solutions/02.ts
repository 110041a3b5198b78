/** Notebook 02: its exercises solved. Names are those of the answer cells. */

/** 1. Equation 10 of MADE: a unit sees only units of its own degree or less. */
export const connected = (below: number, above: number): boolean => above >= below;

/** 2. Degrees 1 to D - 1, each once. */
export const hiddenDegrees = [1, 2, 3];

/** 3. All but the last pixel, of degree 9: no hidden unit has that degree. */
export const ownPixels = 8;
