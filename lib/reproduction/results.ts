import {classesOf} from '../condition';
import {sourceOf} from '../data/sources';
import {parameterCount} from '../layers/parameters';
import {companionPresets, MODEL_NAMES} from '../models/index';
import {loadCheckpoint} from '../storage/checkpoints';
import {checkpointFile} from '../storage/paths';
import type {AutoregressiveModel} from '../types';
import {REPORTED} from './papers';
import {committedPresets, loadPublished, QUICK_IMAGES, scorePublished} from './published';

/** One line of the results table: a paper's number beside ours, with every condition of ours. */
export interface ResultRow {
  readonly model: string;
  readonly paperNats: number | null;
  readonly paperSource: string | null;
  /** On the papers' own test set, as recorded in the checkpoint; null where the files were not there when it was scored. */
  readonly papersSetNats: number | null;
  /** On the whole test set by our static draw, as recorded in the checkpoint when it was published. */
  readonly nats: number;
  readonly images: number;
  readonly binarization: string;
  readonly parameters: number;
  readonly epochs: number;
  readonly trainingSeconds: number;
  /** On the first test images, recorded and just measured again. */
  readonly quickImages: number;
  readonly quickRecorded: number;
  readonly quickMeasured: number;
}

/** A score measured again may differ from the recorded one by so much: other machines round differently. */
export const TOLERANCE = 0.01;

/**
 * Scores the committed weights of digits again on their first test images and sets them beside the papers. Those of color
 * images, which are not there without being asked for, are left to `npm run evaluate`.
 *
 * @throws Error when a measured score differs from the recorded one by more than 0.01 nats
 */
export async function measureResults(onProgress?: (what: string) => void): Promise<ResultRow[]> {
  const rows: ResultRow[] = [];
  for (const model of MODEL_NAMES) {
    for (const preset of committedPresets(model)) {
      onProgress?.(`${model} ${preset}`);
      const published = loadPublished(model, preset);
      if (sourceOf(published.model).name !== 'MNIST') {
        published.dispose();
        continue;
      }
      const {metadata} = published.checkpoint;
      const {score: recorded} = metadata;
      const quick = await scorePublished(published, preset, 'test', {images: QUICK_IMAGES});
      const given = classesOf(published.model) > 0 ? ', given the class' : '';
      // An ensemble costs what all its members cost.
      const others = companionPresets(model, preset).map(
        (other) => loadCheckpoint(checkpointFile(model, other), {model}).metadata,
      );
      const row = (
        name: string,
        papersSetNats: number | undefined,
        nats: number,
        quickRecorded: number,
        quickMeasured: number,
        members: readonly AutoregressiveModel[] = [published.model],
      ): ResultRow => {
        const trainings = members.length > 1 ? [metadata, ...others] : [metadata];
        const weights = new Set(members.map(({parameters}) => parameters));
        if (!(Math.abs(quickRecorded - quickMeasured) <= TOLERANCE)) {
          throw new Error(
            `${name}: ${quickMeasured.toFixed(4)} nats on ${QUICK_IMAGES} test images, but ` +
              `${quickRecorded.toFixed(4)} are recorded in ${published.file}; they may differ by ${TOLERANCE}`,
          );
        }
        // A MADE's number is that of its preset; nats given the class must not stand beside nats without it.
        const ofModel = model === 'made' || classesOf(published.model) > 0 ? undefined : REPORTED[model];
        const paper = REPORTED[name] ?? ofModel ?? null;
        return {
          model: `${name}${given}`,
          paperNats: paper?.nats ?? null,
          paperSource: paper?.source ?? null,
          papersSetNats: papersSetNats ?? null,
          nats,
          images: recorded.testImages,
          binarization: quick.binarization,
          parameters: [...weights].reduce((sum, own) => sum + parameterCount(own), 0),
          epochs: trainings.reduce((sum, {epoch}) => sum + epoch, 0),
          trainingSeconds: trainings.reduce((sum, one) => sum + one.trainingSeconds, 0),
          quickImages: QUICK_IMAGES,
          quickRecorded,
          quickMeasured,
        };
      };
      rows.push(
        row(`${model} ${preset}`, recorded.papersTestNats, recorded.testNats, recorded.quickNats, quick.nats),
      );
      if (quick.ensembleNats !== undefined) {
        rows.push(
          row(
            `${model} ${preset} ensemble`,
            recorded.papersEnsembleNats,
            recorded.ensembleNats,
            recorded.ensembleQuickNats,
            quick.ensembleNats,
            published.members,
          ),
        );
      }
      published.dispose();
    }
  }
  return rows;
}

/** The table as Markdown, for the terminal, the README and figures/results.md. */
export function resultsMarkdown(rows: readonly ResultRow[]): string {
  const header = [
    'model',
    "paper's nats",
    "ours on the papers' test set (recorded)",
    'difference',
    'ours on our own draw (recorded)',
    `first ${rows[0]?.quickImages ?? QUICK_IMAGES} images: recorded / measured now`,
    'binarization',
    'test images',
    'parameters',
    'epochs',
    'training',
  ];
  const lines = rows.map((row) => [
    row.model,
    row.paperNats === null ? '–' : row.paperNats.toFixed(2),
    row.papersSetNats === null ? '–' : row.papersSetNats.toFixed(2),
    difference(row),
    row.nats.toFixed(2),
    `${row.quickRecorded.toFixed(2)} / ${row.quickMeasured.toFixed(2)}`,
    row.binarization,
    String(row.images),
    String(row.parameters),
    String(row.epochs),
    `${Math.round(row.trainingSeconds / 60)} min`,
  ]);
  const sources = new Map(
    rows.flatMap((row) => (row.paperSource === null ? [] : [[row.model, row.paperSource]])),
  );
  const notes = [...sources].map(([model, source]) => `- ${model}: ${source}`);
  return `${markdownTable(header, lines)}\n\nThe papers' numbers are of:\n\n${notes.join('\n')}`;
}

/** Of like and like: on the papers' own test set. Where only the score on our draw is recorded, that is said. */
function difference({paperNats, papersSetNats, nats}: ResultRow): string {
  if (paperNats === null) return '–';
  return papersSetNats === null
    ? `${signed(nats - paperNats)} (our draw)`
    : signed(papersSetNats - paperNats);
}

/** Columns of even width, so that the source reads as a table, too. */
export function markdownTable(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = header.map((title, k) => Math.max(title.length, ...lines.map((line) => line[k].length)));
  const format = (cells: readonly string[]): string => {
    return `| ${cells.map((cell, k) => cell.padEnd(widths[k])).join(' | ')} |`;
  };
  return [format(header), `|${widths.map((w) => '-'.repeat(w + 2)).join('|')}|`, ...lines.map(format)].join(
    '\n',
  );
}

export function signed(difference: number): string {
  return `${difference < 0 ? '−' : '+'}${Math.abs(difference).toFixed(2)}`;
}
