import {loadPart} from './client';

/** An image of the page: 28 x 28 pixels, 0 black and 1 white. */
export const SIDE = 28;
export const SIZE = SIDE * SIDE;

let loaded: Promise<readonly Uint8Array[]> | undefined;

/** The test digits that come with the page. @throws Error in one sentence when they are not there */
export function testDigits(): Promise<readonly Uint8Array[]> {
  loaded ??= loadPart('digits').then((text) => {
    if (text === null) {
      throw new Error(
        'digits.js is missing beside this page: copy the whole folder, or run npm run playground again.',
      );
    }
    const bytes = Uint8Array.from(decoded(text), (letter) => letter.charCodeAt(0));
    const bits = Uint8Array.from({length: bytes.length * 8}, (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1);
    return Array.from({length: bits.length / SIZE}, (_, k) => bits.subarray(k * SIZE, (k + 1) * SIZE));
  });
  return loaded;
}

function decoded(text: string): string {
  try {
    return atob(text);
  } catch {
    throw new Error('digits.js is damaged: copy it again, or run npm run playground again.');
  }
}
