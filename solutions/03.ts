/** Notebook 03: its exercises solved. Names are those of the answer cells. */

import {MADE_PRESETS, occlude} from '../lib/index';

/** 1. log of the mean of exp(-nats), with the smallest nats taken out first. */
export const myEnsemble = (nats: readonly number[]): number => {
  const least = Math.min(...nats);
  return least - Math.log(nats.reduce((sum, value) => sum + Math.exp(least - value), 0) / nats.length);
};

const stripes = occlude({height: 28, width: 28, channels: 1}, 'stripes');
const places = Array.from(stripes, (_, place) => place);

/** 2. Upright stripes are known: the known pixels first, then the others. */
export const myOrder = [
  ...places.filter((place) => stripes[place]),
  ...places.filter((place) => !stripes[place]),
];

/** 3. With one order for all members each mean logit sees only what comes before it. */
export const myConfig = {
  ...MADE_PRESETS.small,
  ...{height: 3, width: 3, channels: 1, hidden: [60], direct: false, masks: 4, orderAgnostic: false},
};
