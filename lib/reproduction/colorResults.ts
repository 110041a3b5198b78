import {MissingDataError} from '../data/cifar10';
import {sourceOf} from '../data/sources';
import {parameterCount} from '../layers/parameters';
import {bitsPerDimension} from '../likelihood';
import {MODEL_NAMES} from '../models/index';
import {totalTraining} from '../storage/metadata';
import {REPORTED_BITS} from './papers';
import {committedPresets, loadPublished, QUICK_IMAGES, scorePublished} from './published';
import {markdownTable, signed, TOLERANCE} from './results';

/** As ResultRow of the digits, in bits per dimension. */
export interface ColorResultRow {
  readonly model: string;
  readonly paperBits: number | null;
  readonly paperSource: string | null;
  /** On the whole test set, as recorded in the checkpoint when it was published. */
  readonly bits: number;
  readonly images: number;
  readonly parameters: number;
  readonly epochs: number;
  readonly trainingSeconds: number;
  /** On the first test images, recorded and just measured again; null where CIFAR-10 is not there. */
  readonly quickImages: number;
  readonly quickRecorded: number;
  readonly quickMeasured: number | null;
}

/**
 * The committed weights of color images beside the papers' numbers; scored again where the images are there.
 *
 * @throws Error when a measured score differs from the recorded one by more than 0.01 nats
 */
export async function measureColorResults(onProgress?: (what: string) => void): Promise<ColorResultRow[]> {
  const rows: ColorResultRow[] = [];
  for (const name of MODEL_NAMES) {
    for (const preset of committedPresets(name)) {
      const published = loadPublished(name, preset);
      const {model, checkpoint, file} = published;
      try {
        if (sourceOf(model).name !== 'CIFAR-10') continue;
        onProgress?.(`${name} ${preset}`);
        const {metadata} = checkpoint;
        const {score} = metadata;
        const measured = await scorePublished(published, preset, 'test', {images: QUICK_IMAGES}).then(
          ({nats}) => nats,
          (error) => {
            if (error instanceof MissingDataError) return null;
            throw error;
          },
        );
        if (measured !== null && !(Math.abs(measured - score.quickNats) <= TOLERANCE)) {
          throw new Error(
            `${name} ${preset}: ${measured.toFixed(4)} nats on ${QUICK_IMAGES} test images, but ` +
              `${score.quickNats.toFixed(4)} are recorded in ${file}; they may differ by ${TOLERANCE}`,
          );
        }
        const total = totalTraining(metadata);
        const bits = (nats: number): number => bitsPerDimension(nats, model.image);
        const paper = REPORTED_BITS[name] ?? null;
        rows.push({
          model: `${name} ${preset}`,
          paperBits: paper?.bits ?? null,
          paperSource: paper?.source ?? null,
          bits: bits(score.testNats),
          images: score.testImages,
          parameters: parameterCount(model.parameters),
          epochs: total.epoch,
          trainingSeconds: total.trainingSeconds,
          quickImages: QUICK_IMAGES,
          quickRecorded: bits(score.quickNats),
          quickMeasured: measured === null ? null : bits(measured),
        });
      } finally {
        published.dispose();
      }
    }
  }
  return rows;
}

/** The table as Markdown. */
export function colorMarkdown(rows: readonly ColorResultRow[]): string {
  const header = [
    'model',
    "paper's bits per dimension",
    'ours (recorded)',
    'difference',
    `first ${QUICK_IMAGES} images: recorded / measured now`,
    'test images',
    'parameters',
    'epochs',
    'training',
  ];
  const lines = rows.map((row) => [
    row.model,
    row.paperBits === null ? '–' : row.paperBits.toFixed(2),
    row.bits.toFixed(2),
    row.paperBits === null ? '–' : signed(row.bits - row.paperBits),
    `${row.quickRecorded.toFixed(3)} / ${row.quickMeasured === null ? 'no CIFAR-10 here' : row.quickMeasured.toFixed(3)}`,
    String(row.images),
    String(row.parameters),
    String(row.epochs),
    `${Math.round(row.trainingSeconds / 60)} min`,
  ]);
  return markdownTable(header, lines);
}
