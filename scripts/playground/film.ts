import * as path from 'node:path';
import {pathToFileURL} from 'node:url';
import {crc32, deflateSync} from 'node:zlib';
import {decode} from 'fast-png';
import {indexColors} from '../../lib/figures/palette';
import {findChromium, noChromium, startBrowser} from '../notebooks/browser';

/** The page at work, as a moving picture for the README. */

const FRAMES = 14;
const MILLISECONDS = 350;
/** The last picture stays longer. */
const LAST_MILLISECONDS = 2500;

interface Film {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3] each. */
  readonly frames: readonly Uint8Array[];
}

/**
 * Plays the page's first view in Chromium and takes its pictures.
 *
 * @returns an animated PNG; the first picture shows where animation does not
 * @throws Error when there is no Chromium
 */
export async function filmPlayground(folder: string): Promise<Uint8Array> {
  const chromium = findChromium();
  if (chromium === null) throw new Error(noChromium);
  const browser = await startBrowser(chromium);
  try {
    const page = await browser.newPage({viewport: {width: 1000, height: 1000}, reducedMotion: 'reduce'});
    page.setDefaultTimeout(120_000);
    await page.goto(`${pathToFileURL(path.join(folder, 'index.html')).href}#draw`);
    await page.locator('.row[data-weights="diagonal/digits"][aria-busy="false"]').waitFor();
    const place = page.getByRole('slider').first();
    const total = Number(await place.getAttribute('max'));
    const box = await page.locator('.columns').boundingBox();
    const rows = await page.locator('.rows').boundingBox();
    if (box === null || rows === null) throw new Error('the view of the page is not there');
    const margin = 12;
    const clip = {
      x: box.x - margin,
      y: box.y - margin,
      width: box.width + 2 * margin,
      height: rows.y + rows.height - box.y + margin,
    };
    const pictures: Buffer[] = [];
    // The whole first, for readers that show a single picture.
    for (let k = 0; k <= FRAMES; k++) {
      await place.fill(String(k === 0 ? total : Math.round((total * (k - 1)) / FRAMES)));
      // Without the ring around what the keyboard is at.
      await place.blur();
      pictures.push(await page.screenshot({clip}));
    }
    const decoded = pictures.map((picture) => decode(picture));
    const [{width, height}] = decoded;
    return animatedPng({
      width,
      height,
      frames: decoded.map(({data, channels}) => withoutAlpha(data as Uint8Array, channels)),
    });
  } finally {
    await browser.close();
  }
}

function withoutAlpha(data: Uint8Array, channels: number): Uint8Array {
  const pixels = data.length / channels;
  return Uint8Array.from({length: pixels * 3}, (_, i) => data[Math.floor(i / 3) * channels + (i % 3)]);
}

/**
 * One palette for all frames; each after the first is only the box of what it changes. Source: the PNG
 * specification, third edition, sections 5 and 11.3.4.
 */
export function animatedPng({width, height, frames}: Film): Uint8Array {
  const size = width * height;
  const all = new Uint8Array(frames.length * size * 3);
  frames.forEach((frame, k) => {
    all.set(frame, k * size * 3);
  });
  const {indices, palette} = indexColors(all);
  const header = numbers([4, width], [4, height], [1, 8], [1, 3], [1, 0], [1, 0], [1, 0]);
  const chunks = [
    chunk('IHDR', header),
    chunk('acTL', numbers([4, frames.length], [4, 0])),
    chunk('PLTE', Uint8Array.from(palette.flat())),
  ];
  let sequence = 0;
  frames.forEach((_, k) => {
    const wait = k === 0 ? LAST_MILLISECONDS : MILLISECONDS;
    const picture = indices.subarray(k * size, (k + 1) * size);
    const before = k === 0 ? null : indices.subarray((k - 1) * size, k * size);
    const {left, top, columns, rows} = changed(picture, before, width);
    const control = numbers(
      [4, sequence++],
      [4, columns],
      [4, rows],
      [4, left],
      [4, top],
      [2, wait],
      [2, 1000],
      [1, 0],
      [1, 0],
    );
    chunks.push(chunk('fcTL', control));
    // Each line begins with its filter, none.
    const lines = new Uint8Array(rows * (columns + 1));
    for (let y = 0; y < rows; y++) {
      const start = (top + y) * width + left;
      lines.set(picture.subarray(start, start + columns), y * (columns + 1) + 1);
    }
    const data = deflateSync(lines, {level: 9});
    chunks.push(
      k === 0 ? chunk('IDAT', data) : chunk('fdAT', Buffer.concat([numbers([4, sequence++]), data])),
    );
  });
  const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
  return Buffer.concat([signature, ...chunks, chunk('IEND', new Uint8Array(0))]);
}

/**
 * The box of what differs from the picture before; all of it where there is
 * none, one pixel where nothing does.
 */
function changed(picture: Uint8Array, before: Uint8Array | null, width: number) {
  const height = picture.length / width;
  if (before === null) return {left: 0, top: 0, columns: width, rows: height};
  let [left, right, top, bottom] = [width, 0, height, 0];
  picture.forEach((value, i) => {
    if (value === before[i]) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  });
  if (left > right) return {left: 0, top: 0, columns: 1, rows: 1};
  return {left, top, columns: right - left + 1, rows: bottom - top + 1};
}

/** Whole numbers, each with the bytes that it takes, the highest first. */
function numbers(...fields: readonly (readonly [bytes: number, value: number])[]): Uint8Array {
  return Uint8Array.from(
    fields.flatMap(([bytes, value]) =>
      Array.from({length: bytes}, (_, k) => (value >>> (8 * (bytes - 1 - k))) & 255),
    ),
  );
}

function chunk(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  return Buffer.concat([numbers([4, data.length]), body, numbers([4, crc32(body)])]);
}
