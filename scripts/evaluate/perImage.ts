import {bitsPerDimension} from '../../lib/likelihood';
import {checkWritable, writeFileAtomically} from '../../lib/storage/files';
import type {Images} from '../../lib/types';
import {shownPath, UsageError, userPath} from '../cli';

/** A table of the nats of every image that was scored, one row an image and set of weights. */
export class PerImageTable {
  private readonly rows: string[] = ['model,weights,data,split,image,file,label,nats,bits_per_dimension'];
  private readonly file: string;

  /** @throws UsageError for a name that is no CSV's; FileWriteError for a place that cannot be written */
  constructor(given: string) {
    this.file = userPath(given);
    if (!/\.csv$/i.test(this.file)) {
      throw new UsageError(`--per-image is a table, so its name must end with .csv, got '${given}'`);
    }
    checkWritable(this.file);
  }

  /** @param sources the file that each image was, in their order; empty where there were none */
  add(
    scored: {readonly model: string; readonly what: string; readonly data: string; readonly split: string},
    nats: Float64Array,
    images: Images,
    sources: readonly string[],
  ): void {
    const {model, what, data, split} = scored;
    nats.forEach((value, i) => {
      const bits = bitsPerDimension(value, images);
      const cells = [model, what, data, split, i, sources[i] ?? '', images.labels?.[i] ?? ''];
      this.rows.push(
        [...cells.map((cell) => quoted(`${cell}`)), value.toFixed(4), bits.toFixed(6)].join(','),
      );
    });
  }

  /** @returns what was written, for the reader */
  write(): string {
    writeFileAtomically(this.file, `${this.rows.join('\n')}\n`);
    return `${shownPath(this.file)}: the nats of ${this.rows.length - 1} images`;
  }
}

/** A cell as RFC 4180 has it. */
function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
