import type {Drawing, PlaceOfImage} from '../types';
import {LSTM_GATES} from './lstmScan';
import {type NativeKernels, nativeThreads} from './native';
import {isForRow} from './pixelPhase';
import type {PixelProgram, PixelStep, RestartableLogits} from './pixelProgram';

/** The kinds of steps by the numbers that the kernel knows them by. */
const STEP_KINDS: readonly PixelStep['kind'][] = ['convolve', 'rectify', 'gate', 'recur', 'add'];

/**
 * Runs a program with the native kernels: as many samplers as there are cores, each with images of its own.
 */
export function startNatively(
  kernels: NativeKernels,
  program: PixelProgram,
  count: number,
): RestartableLogits {
  return new NativeSampler(kernels, program, count);
}

/** From so many images on early steps run at the pixel: there, too, many share each reading of a weight. */
const MANY_IMAGES = 8;

class NativeSampler implements RestartableLogits {
  private readonly samplers: unknown[] = [];
  /** Images of each sampler. */
  private readonly counts: number[] = [];

  constructor(
    private readonly kernels: NativeKernels,
    private readonly program: PixelProgram,
    private readonly count: number,
  ) {
    // Images are computed four and eight at a time.
    const share = Math.ceil(count / nativeThreads());
    const most = share > 8 ? 4 * Math.ceil(share / 4) : share;
    for (let first = 0; first < count; first += most) {
      const images = Math.min(most, count - first);
      const {code, numbers} = encode(program, first, images, count);
      this.samplers.push(kernels.createPixelSampler(code, numbers));
      this.counts.push(images);
    }
  }

  next(previous: Float32Array | null): Float32Array {
    const {numbers} = this.program;
    const out = new Float32Array(this.count * numbers);
    let first = 0;
    this.samplers.forEach((sampler, k) => {
      const last = first + this.counts[k];
      const own = previous?.subarray(first, last) ?? null;
      this.kernels.pixelLogits(sampler, own, out.subarray(first * numbers, last * numbers));
      first = last;
    });
    return out;
  }

  draw({until, temperature, argmax, uniforms, given, pixels}: Drawing): PlaceOfImage | null {
    const areFinite = new Uint8Array(this.count);
    const positions = new Int32Array(this.samplers.length);
    const {levels} = this.program;
    this.kernels.drawPixels(
      ...([this.samplers, until, levels, temperature, argmax ? 1 : 0] as const),
      ...([uniforms, given, pixels, areFinite, positions] as const),
    );
    const samplerOf = this.counts.flatMap((images, k) => new Array<number>(images).fill(k));
    return firstNotFinite(areFinite, (image) => positions[samplerOf[image]]);
  }

  restart(): void {
    for (const sampler of this.samplers) this.kernels.restartPixelSampler(sampler);
  }

  dispose(): void {
    // What is held outside plain arrays goes with the handles.
  }
}

/**
 * The first value in the order, and of those the one of the first image, whose logits are not finite.
 *
 * @param areFinite 0 for an image whose logits at its place are not
 */
export function firstNotFinite(
  areFinite: ArrayLike<number>,
  placeOf: (image: number) => number,
): PlaceOfImage | null {
  let first: PlaceOfImage | null = null;
  for (let image = 0; image < areFinite.length; image++) {
    const place = placeOf(image);
    if (areFinite[image] === 0 && (first === null || place < first.place)) first = {image, place};
  }
  return first;
}

/** The program for some of the images in the form that the native kernels read. */
function encode(
  program: PixelProgram,
  first: number,
  count: number,
  all: number,
): {code: Int32Array; numbers: Float32Array} {
  const parts: Float32Array[] = [];
  let length = 0;
  const place = (values: Float32Array): number => {
    parts.push(values);
    length += values.length;
    return length - values.length;
  };
  const {height, width, channels} = program.size;
  const isEarly = ({phase}: PixelStep): boolean => phase === 'early' && count < MANY_IMAGES;
  const rowSteps = program.steps.filter((step) => isForRow(step.phase) || isEarly(step));
  const pixelSteps = program.steps.filter((step) => !rowSteps.includes(step));
  const wholeRows = new Set(rowSteps.map(({out}) => out));
  const code = [width, height, count, channels, program.numbers];
  code.push(program.buffers.length, rowSteps.length, pixelSteps.length);
  code.push(program.image.index, pixelSteps[pixelSteps.length - 1].out.index);
  for (const buffer of program.buffers) {
    const {size, rows, constant} = buffer;
    code.push(
      size,
      Math.max(rows, wholeRows.has(buffer) ? 1 : 0),
      constant === null ? -1 : place(ofImages(constant, size, first, count, all)),
    );
  }
  for (const step of [...rowSteps, ...pixelSteps]) {
    code.push(STEP_KINDS.indexOf(step.kind), step.in.index, step.out.index);
    code.push(step.added?.index ?? -1, step.addedRows, step.rectified ? 1 : 0);
    code.push(step.outside ? 1 : 0, step.cells?.index ?? 0, ...step.cellFrom, step.leftwards ? 1 : 0);
    code.push(step.phase === 'row before' ? -1 : 0, step.kind === 'recur' ? LSTM_GATES : step.out.parts);
    code.push(place(step.weights), place(step.bias), step.givenTaps, step.taps.length);
    for (const {index, dy, dx} of step.taps) code.push(index, dy, dx);
  }
  // An empty array cannot be told from a missing one.
  place(new Float32Array(1));
  const numbers = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    numbers.set(part, at);
    at += part.length;
  }
  return {code: Int32Array.from(code), numbers};
}

/** A constant [size] or [all, size] for some of the images, [count, size]. */
export function ofImages(
  constant: Float32Array,
  size: number,
  first: number,
  count: number,
  all: number,
): Float32Array {
  if (constant.length === all * size && all > 1) return constant.slice(first * size, (first + count) * size);
  return Float32Array.from({length: count * size}, (_, i) => constant[i % size]);
}
