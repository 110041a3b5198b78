/** Notebook 00: its exercises solved. Names are those of the answer cells. */

import type {ColorValue} from '../lib/course/index';

/** 1. One factor for each number of the image. */
export const factors = (height: number, width: number, channels: number): number => height * width * channels;

/** 2. Earlier pixels with all their colors; of the own pixel the colors before. */
export const mayDepend = (value: ColorValue, on: ColorValue): boolean =>
  on.pixel < value.pixel || (on.pixel === value.pixel && on.color < value.color);
