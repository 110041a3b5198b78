/** The guided tour: six stops for a lecture, in the order in which a lecture tells them. */
export interface Stop {
  readonly view: string;
  readonly title: string;
  /** What the lecturer says and does. */
  readonly text: string;
}

export const STOPS: readonly Stop[] = [
  {
    view: 'draw',
    title: 'One pixel after another',
    text: 'Press Play at slow speed. Each pixel is a throw with the probability that the model gives it; the throw then counts as known. Switch on Probability of white to see the model think.',
  },
  {
    view: 'see',
    title: 'Who hears whom',
    text: 'Ask the class what the map of PixelCNN will look like before you move the layer from first to last. Then ask for Gated PixelCNN, and for the Diagonal BiLSTM.',
  },
  {
    view: 'hand',
    title: 'Masks make it a probability',
    text: 'Take “greater than or equal to” instead of “greater than”. The dashed lines leak, and the sum leaves 1: the one check that no bug can talk its way out of.',
  },
  {
    view: 'pixel',
    title: 'Mistakes add up',
    text: 'Turn over a pixel of the first stroke, then one near the end. The earlier it is, the more pixels can still hear of it.',
  },
  {
    view: 'luck',
    title: 'Same seed, same digit',
    text: 'Let the class choose a seed. Draw it at temperature 0.5, 1 and 1.5. Then race: the cache draws the same pixels, only faster.',
  },
  {
    view: 'learn',
    title: 'It learns',
    text: 'Press Train. The first fall of the curve is only “most pixels are black”; strokes come later. Ask how long it takes until one sees a digit.',
  },
];

/** The stop that an address names, `#tour-3`; null when it names none. */
export function stopOfAddress(hash: string): number | null {
  const found = /^#tour-(\d+)$/.exec(hash);
  const number = found === null ? 0 : Number(found[1]);
  return number >= 1 && number <= STOPS.length ? number : null;
}
