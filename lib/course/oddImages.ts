import {firstImages, type LabeledImages} from '../data/images';
import {ownDataNames} from '../data/ownData';
import {ownSource} from '../data/ownSource';
import {transposeImages} from '../data/rearrange';
import {Random} from '../random';
import type {Images} from '../types';

/** Lesson 13: what a model of digits may be shown that is no digit. */

export interface OddImages {
  readonly name: string;
  readonly images: Images;
}

/**
 * As many images of each kind, black and white, of the digits' size: the digits themselves,
 * mirrored at their diagonal, with black and white exchanged, shapes, noise with as much white,
 * empty pages, and the test images of each data set of one's own that has the same form (npm run
 * data -- idx makes one of Fashion-MNIST).
 */
export async function oddImages(digits: LabeledImages, count: number, seed: number): Promise<OddImages[]> {
  const some = firstImages(digits, count);
  const {height, width, pixels} = some;
  const random = new Random(seed, 'odd images');
  const white = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  const made = (name: string, value: (image: number, row: number, column: number) => boolean): OddImages => ({
    name,
    images: {
      pixels: Uint8Array.from({length: pixels.length}, (_, i) => {
        const place = i % (height * width);
        return Number(value(Math.floor(i / (height * width)), Math.floor(place / width), place % width));
      }),
      count,
      height,
      width,
      channels: 1,
    },
  });
  const shapes = Array.from({length: count}, (_, image) => ({
    isDisk: image % 2 === 0,
    row: random.uniform() * (height - 12) + 6,
    column: random.uniform() * (width - 12) + 6,
    radius: 3 + 5 * random.uniform(),
  }));
  const odd = [
    {name: 'digits', images: some},
    {name: 'mirrored digits', images: transposeImages(some)},
    {name: 'black on white', images: {...some, pixels: pixels.map((value) => 1 - value)}},
    made('disks and squares', (image, y, x) => {
      const {isDisk, row, column, radius} = shapes[image];
      const [dy, dx] = [Math.abs(y - row), Math.abs(x - column)];
      return isDisk ? Math.hypot(dy, dx) < radius : Math.max(dy, dx) < radius;
    }),
    made('noise', () => random.uniform() < white),
    made('empty pages', () => false),
  ];
  for (const name of ownDataNames()) {
    const source = ownSource(name);
    const {levels, channels, ...size} = source.manifest;
    if (levels !== 2 || channels !== 1 || size.height !== height || size.width !== width) continue;
    const test = await source.scored('test');
    odd.push({name, images: firstImages(test, Math.min(count, test.count))});
  }
  return odd;
}
