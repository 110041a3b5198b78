import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import type {ScanDirection} from '../../lib/engine/lstmScan';
import {native, withPortableTwins} from '../../lib/engine/native';
import type {Phase} from '../../lib/engine/pixelPhase';
import {type PixelBuffer, type PixelConvolution, PixelProgram} from '../../lib/engine/pixelProgram';
import {Random} from '../../lib/random';
import {fromHalf, toHalf} from '../../lib/storage/half';
import {close} from './backends';

/** Programs of random steps, of more kinds than the models have: the kernels give what plain loops give. */
test.before(() => startEngine());

/** Draws sizes, steps and weights, some of which are zero. */
class Programs {
  private readonly random: Random;

  /** @param isStored all weights are 16-bit floats, as stored ones are: one image reads them as such */
  constructor(
    seed: number,
    private readonly isStored: boolean,
  ) {
    this.random = new Random(seed, 'programs');
  }

  program(): PixelProgram {
    const program = new PixelProgram({height: 1 + this.below(6), width: 1 + this.below(6), channels: 1}, 2);
    let features = program.convolve(program.image, this.convolution(1, 1 + this.below(20), 'pixel', false));
    for (let step = this.below(4); step >= 0; step--) features = this.step(program, features);
    program.convolve(features, this.convolution(features.size, 1));
    return program;
  }

  private below(n: number): number {
    return this.random.integer(n);
  }

  private step(program: PixelProgram, from: PixelBuffer): PixelBuffer {
    const width = [1, 4, 17, 33][this.below(4)];
    switch (this.below(4)) {
      case 0:
        return program.convolve(from, this.convolution(from.size, width), 'relu');
      case 1:
        return program.gate(program.convolve(from, this.convolution(from.size, 2 * width)));
      case 2: {
        const inside = program.convolve(program.rectify(from), this.convolution(from.size, from.size));
        return program.convolve(inside, this.convolution(from.size, from.size), 'none', {added: from});
      }
      default: {
        const left = this.states(
          program,
          from,
          width,
          this.below(2) === 0 ? 'rows' : 'left-to-right',
          'pixel',
        );
        const right = this.states(program, from, width, 'right-to-left', 'row before');
        return program.add(left, right, true);
      }
    }
  }

  private states(
    program: PixelProgram,
    from: PixelBuffer,
    h: number,
    direction: ScanDirection,
    phase: Phase,
  ): PixelBuffer {
    const state = this.values((direction === 'rows' ? 3 : 2) * h * 4 * h);
    const recurrence = {state, hidden: this.values(h), cell: this.values(h), direction};
    return program.recur(from, this.convolution(from.size, 4 * h, phase), recurrence, phase);
  }

  /** Sees earlier pixels only, of the row before all; its own pixel where it may. */
  private convolution(inputs: number, outputs: number, phase: Phase = 'pixel', own = true): PixelConvolution {
    const centerRow = this.below(4);
    const columns = 1 + this.below(4);
    const place = {centerRow, centerColumn: this.below(columns), dilation: 1 + this.below(3)};
    const rows = centerRow + 1;
    const kernel = this.values(rows * columns * inputs * outputs);
    const last = centerRow * columns + place.centerColumn + (own ? 1 : 0);
    if (phase === 'pixel') kernel.fill(0, last * inputs * outputs);
    return {...place, rows, columns, inputs, outputs, kernel, bias: this.values(outputs)};
  }

  private values(length: number): Float32Array {
    const values = Float32Array.from({length}, () => (this.below(5) === 0 ? 0 : this.random.uniform() - 0.5));
    return this.isStored ? fromHalf(toHalf(values)) : values;
  }
}

/** The logits of every value, [values][count], when the sampler has begun anew. */
function logits(program: PixelProgram, count: number): Float32Array[] {
  const sampler = program.start(count);
  const values = program.size.height * program.size.width;
  const chosen = (place: number): Float32Array => new Float32Array(count).fill(place % 3 === 0 ? 1 : 0);
  const run = (length: number): Float32Array[] =>
    Array.from({length}, (_, place) => sampler.next(place === 0 ? null : chosen(place - 1)));
  run(Math.ceil(values / 2));
  sampler.restart();
  const all = run(values);
  sampler.dispose();
  return all;
}

test('random programs: the kernels and the loops give the same logits, alike for any number of images (FUZZ_SEED)', (t) => {
  if (native() === null) return t.skip('no native kernels here');
  const seed = Number(process.env.FUZZ_SEED ?? 1);
  for (let k = 0; k < 150; k++) {
    const all = (count: number): Float32Array[] =>
      logits(new Programs(1000 * seed + k, k % 2 === 0).program(), count);
    const alone = all(1);
    const twin = withPortableTwins(() => all(1));
    const text = `FUZZ_SEED=${seed}, program ${k}`;
    for (const [place, own] of alone.entries()) close(own, twin[place], `${text}, value ${place}`, 1e-4);
    // Two cores with fewer than eight images each, and with more.
    for (const count of [5, 19]) {
      const expected = alone.map((own) => new Float32Array(count).fill(own[0]));
      assert.deepEqual(all(count), expected, `${text}, ${count} images`);
    }
  }
});
