import * as fs from 'node:fs';
import {errorCode} from '../storage/files';
import type {AutoregressiveModel, ImageShape, Images} from '../types';
import {binarize, STATIC_SEED} from './binarize';
import {decodeImageFile} from './imageFile';
import {firstImages} from './images';
import type {Raster} from './orientation';
import type {WeightsSource} from './ownSource';
import {quantize} from './quantize';
import {averageArea, type Box, cutOut, fitToSquare, withChannels} from './scale';

/** How the images are that a model was trained on, as far as a drawing has to become like them. */
export interface DrawingTarget {
  /** The data set, for what is said. */
  readonly name: string;
  readonly image: ImageShape;
  readonly levels: number;
  /** How bytes become black and white; null for more than two levels. */
  readonly binarization: 'static' | 'threshold' | null;
  /** Whether most of the edge is light or dark. */
  readonly background: 'light' | 'dark';
  /**
   * The side of the box that all ink fits in, for images that were made as
   * MNIST's were; 0 where they were not.
   */
  readonly inkBox: number;
}

/** What the images of a data set are like, from its first validation images. */
export async function drawingTarget(
  source: Pick<WeightsSource, 'name' | 'binarization' | 'load'>,
  {image, levels}: Pick<AutoregressiveModel, 'image' | 'levels'>,
): Promise<DrawingTarget> {
  const all = await source.load('validation');
  const {pixels, height, width, channels, count} = firstImages(all, Math.min(100, all.count));
  // Gray bytes where two levels are made of them later, else the levels themselves.
  const white = levels === 2 ? 255 : levels - 1;
  const data = pixels.map((value) => Math.round((255 * value) / white));
  const size = height * width * channels;
  const light = Array.from({length: count}, (_, i) =>
    backgroundOf({width, height, channels, data: data.subarray(i * size, (i + 1) * size)}),
  ).filter((background) => background === 'light').length;
  return {
    name: source.name,
    image,
    levels,
    binarization: levels > 2 ? null : source.binarization === 'threshold' ? 'threshold' : 'static',
    background: light > count / 2 ? 'light' : 'dark',
    inkBox: source.name === 'MNIST' ? MNIST_INK_BOX : 0,
  };
}

export interface Drawing {
  /** One image with the values that the model takes. */
  readonly images: Images;
  /** What was done to it, in words. */
  readonly notes: readonly string[];
}

/**
 * MNIST's digits fit into 20 x 20 pixels, and their center of mass is the middle
 * of 28 x 28 (LeCun et al. 1998).
 */
export const MNIST_INK_BOX = 20;

/**
 * An image of one's own as a model takes it: inverted where its background is the other one, scaled where it
 * has another size, and made of the model's levels. Of images like MNIST's the ink alone is taken, scaled
 * into its box and put in the middle.
 *
 * @throws Error that names the file, when it cannot be read, is too small or empty
 */
export function readDrawing(file: string, target: DrawingTarget): Drawing {
  const fail = (what: string): never => {
    throw new Error(`${file}: ${what}`);
  };
  let decoded: ReturnType<typeof decodeImageFile>;
  try {
    decoded = decodeImageFile(fs.readFileSync(file));
  } catch (error) {
    return fail(errorCode(error) === 'ENOENT' ? 'there is no such file' : (error as Error).message);
  }
  const {height, width, channels} = target.image;
  const notes = [...decoded.notes];
  let image = withChannels(decoded, channels === 1 ? 1 : 3);
  if (decoded.channels === 3 && channels === 1) notes.push('color made gray');
  if (channels === 1 && backgroundOf(image) !== target.background) {
    image = {...image, data: image.data.map((value) => 255 - value)};
    notes.push(`inverted, because the edge of ${target.name}'s images is ${target.background}`);
  }
  if (image.width !== width || image.height !== height) {
    const before = `${image.width} x ${image.height}`;
    try {
      if (height !== width) throw new Error(`it must have ${width} x ${height} pixels, got ${before}`);
      image = target.inkBox > 0 ? asMnist(image, target) : fitToSquare(image, height).image;
    } catch (error) {
      fail((error as Error).message);
    }
    const how =
      target.inkBox > 0
        ? `its ink put into a box of ${target.inkBox} pixels in the middle, as MNIST's`
        : 'its middle square scaled';
    notes.push(`${before} pixels made ${width} x ${height}, ${how}`);
  }
  if (image.data.every((value) => value === image.data[0]))
    fail('all its pixels are alike, so there is nothing drawn on it');
  const bytes = {pixels: image.data, count: 1, height, width, channels};
  const {levels, binarization} = target;
  if (binarization === null) {
    if (levels < 256) notes.push(`quantized to ${levels} levels`);
    return {images: quantize(bytes, levels), notes};
  }
  const gray = image.data.filter((value) => value > 0 && value < 255).length;
  if (gray > 0)
    notes.push(
      `${gray} gray pixels made black or white (${binarization}${binarization === 'static' ? `, seed ${STATIC_SEED}` : ''})`,
    );
  return {images: binarize(bytes, {rule: binarization, seed: STATIC_SEED}), notes};
}

/** What the pixels at the edge are in the mean. */
function backgroundOf({width, height, channels, data}: Raster): 'light' | 'dark' {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (y > 0 && y < height - 1 && x > 0 && x < width - 1) continue;
      for (let c = 0; c < channels; c++, count++) sum += data[(y * width + x) * channels + c];
    }
  }
  return sum > 127.5 * count ? 'light' : 'dark';
}

/** The ink in its box, its center of mass in the middle. */
function asMnist(image: Raster, {image: {height, width}, inkBox, background}: DrawingTarget): Raster {
  const paper = background === 'dark' ? 0 : 255;
  const isInk = (value: number): boolean => Math.abs(value - paper) > 25;
  const ink = boxOf(image, isInk);
  if (ink === undefined)
    throw new Error('there must be ink on it that differs from the background, got none');
  const side = Math.max(ink.width, ink.height);
  // A square around the ink, paper where it reaches over the edge.
  const square = onPaper(cutOut(image, ink), side, paper, (side - ink.width) >> 1, (side - ink.height) >> 1);
  const small = side > inkBox ? averageArea(square, inkBox, inkBox) : square;
  const center = centerOfMass(small, paper);
  const left = clamp(Math.round((width - 1) / 2 - center.x), 0, width - small.width);
  const top = clamp(Math.round((height - 1) / 2 - center.y), 0, height - small.height);
  return onPaper(small, width, paper, left, top);
}

function boxOf({width, data}: Raster, isInk: (value: number) => boolean): Box | undefined {
  let [left, right, top, bottom] = [width, -1, -1, -1];
  data.forEach((value, place) => {
    if (!isInk(value)) return;
    const [x, y] = [place % width, Math.floor(place / width)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    if (top === -1) top = y;
    bottom = y;
  });
  return bottom === -1 ? undefined : {left, top, width: right - left + 1, height: bottom - top + 1};
}

/** A square of paper with an image on it. */
function onPaper(image: Raster, side: number, paper: number, left: number, top: number): Raster {
  const data = new Uint8Array(side * side).fill(paper);
  for (let y = 0; y < image.height; y++) {
    data.set(image.data.subarray(y * image.width, (y + 1) * image.width), (top + y) * side + left);
  }
  return {width: side, height: side, channels: 1, data};
}

function centerOfMass({width, data}: Raster, paper: number): {x: number; y: number} {
  let [mass, x, y] = [0, 0, 0];
  data.forEach((value, place) => {
    const ink = Math.abs(value - paper);
    mass += ink;
    x += ink * (place % width);
    y += ink * Math.floor(place / width);
  });
  return {x: x / mass, y: y / mass};
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
