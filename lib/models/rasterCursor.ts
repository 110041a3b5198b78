import type {AutoregressiveModel} from '../types';

/** Where a raster-order sampler stands: the pixel and channel that come next, and what is known of that pixel. */
export class RasterCursor {
  y = 0;
  x = 0;
  /** [count, channels]: the channels of the pixel that are chosen, 0 for the others. */
  readonly values: Float32Array;
  private channel = 0;
  private started = false;
  private readonly width: number;
  private readonly height: number;
  readonly channels: number;
  private readonly perChannel: number;

  constructor(
    {image, levels}: Pick<AutoregressiveModel, 'image' | 'levels'>,
    private readonly count: number,
  ) {
    this.width = image.width;
    this.height = image.height;
    this.channels = image.channels;
    this.perChannel = levels === 2 ? 1 : levels;
    this.values = new Float32Array(count * image.channels);
  }

  /**
   * Takes the values just chosen and moves on.
   *
   * @param previous [count]; null at the first call
   * @returns the column of the pixel that they complete and its values [count, channels], or null when there is none
   * @throws Error when values come before the first call, are missing later, or the image is full
   */
  accept(previous: Float32Array | null): {x: number; values: Float32Array} | null {
    if ((previous === null) === this.started) {
      throw new Error(
        'incremental: pass null for the first value, and the values just chosen for every later one',
      );
    }
    this.started = true;
    if (previous === null) return null;
    for (let b = 0; b < this.count; b++) this.values[b * this.channels + this.channel] = previous[b];
    if (++this.channel < this.channels) return null;
    const finished = {x: this.x, values: this.values.slice()};
    this.channel = 0;
    this.values.fill(0);
    if (++this.x === this.width) {
      this.x = 0;
      this.y++;
    }
    if (this.y === this.height) throw new Error('incremental: every value of the images has been given');
    return finished;
  }

  /** Whether the pixel has just been reached, with none of its channels chosen. */
  get atNewPixel(): boolean {
    return this.channel === 0;
  }

  /** The logits of the channel that comes next, out of those of the whole pixel, [count, channels · per channel]. */
  take(outputs: Float32Array): Float32Array {
    const {channels, channel, perChannel} = this;
    if (channels === 1) return outputs.slice();
    const next = new Float32Array(this.count * perChannel);
    for (let b = 0; b < this.count; b++) {
      const start = (b * channels + channel) * perChannel;
      next.set(outputs.subarray(start, start + perChannel), b * perChannel);
    }
    return next;
  }
}
