import {classesOf} from '../condition';
import {MissingDataError} from '../data/cifar10';
import {type DataSource, sourceOf} from '../data/sources';
import type {Evaluation} from '../evaluate';
import {parameterCount} from '../layers/parameters';
import {bitsPerDimension} from '../likelihood';
import {companionPresets, MODEL_NAMES} from '../models/index';
import {loadCheckpoint} from '../storage/checkpoints';
import {secondsElsewhere, trainingsOf} from '../storage/metadata';
import {checkpointFile} from '../storage/paths';
import type {AutoregressiveModel} from '../types';
import {REPORTED, REPORTED_BITS} from './papers';
import {
  committedPresets,
  isPaperSize,
  loadPublished,
  type Published,
  QUICK_IMAGES,
  type Score,
  scorePublished,
} from './published';

/**
 * One line of the results: a paper's number beside ours, with every condition of ours. Values
 * are in the unit of the data set.
 */
export interface ResultRow {
  readonly dataset: DataSource['name'];
  readonly unit: 'nats' | 'bits per dimension';
  readonly model: string;
  readonly paper: number | null;
  readonly paperSource: string | null;
  /**
   * On the papers' own test set, as recorded in the checkpoint; null where it was not
   * there when the weights were scored.
   */
  readonly papersSet: number | null;
  /** On the whole test set as we draw it, as recorded in the checkpoint when it was published. */
  readonly ours: number;
  readonly images: number;
  readonly binarization: string;
  readonly parameters: number;
  readonly epochs: number;
  readonly trainingSeconds: number;
  /** How much of it was on what other device; the rest was on a processor, by this library. */
  readonly elsewhere: readonly {readonly device: string; readonly seconds: number}[];
  /** On the first test images, recorded and just measured again; null where the images are not there. */
  readonly quickImages: number;
  readonly quickRecorded: number;
  readonly quickMeasured: number | null;
}

/**
 * A score measured again may differ from the recorded one by so many nats: other machines round differently.
 */
const TOLERANCE = 0.01;

/**
 * Scores the committed weights again on their first test images and sets them beside the
 * papers. Where the images of a data set are not there (CIFAR-10 comes only when it is asked
 * for), and for presets of a paper's size, the recorded scores stand alone.
 *
 * @throws Error when a measured score differs from the recorded one by more than 0.01 nats
 */
export async function measureResults(onProgress?: (what: string) => void): Promise<ResultRow[]> {
  const rows: ResultRow[] = [];
  const scored = new Map<string, Evaluation>();
  for (const model of MODEL_NAMES) {
    for (const preset of committedPresets(model)) {
      onProgress?.(`${model} ${preset}`);
      const published = loadPublished(model, preset);
      try {
        rows.push(...(await rowsOf(published, preset, scored)));
      } finally {
        published.dispose();
      }
    }
  }
  return rows;
}

/** The scores of one checkpoint: of its own order, and of the ensemble of its orders where it has several. */
async function rowsOf(
  published: Published,
  preset: string,
  scored: Map<string, Evaluation>,
): Promise<ResultRow[]> {
  const {model, checkpoint, members} = published;
  const {score} = checkpoint.metadata;
  const quick = isPaperSize(preset) ? null : await quickScore(published, preset, scored);
  const name = `${model.name} ${preset}`;
  const row = rowBuilder(published, preset);
  const rows = [
    row(name, [model], {
      papersSet: score.papersTestNats,
      ours: score.testNats,
      quickRecorded: score.quickNats,
      quickMeasured: quick?.nats ?? null,
    }),
  ];
  if (members.length > 1) {
    rows.push(
      row(`${name} ensemble`, members, {
        papersSet: score.papersEnsembleNats,
        ours: score.ensembleNats,
        quickRecorded: score.ensembleQuickNats,
        quickMeasured: quick?.ensembleNats ?? null,
      }),
    );
  }
  return rows;
}

/** null where the images are not there. */
function quickScore(
  published: Published,
  preset: string,
  scored: Map<string, Evaluation>,
): Promise<Score | null> {
  return scorePublished(published, preset, 'test', {images: QUICK_IMAGES, scored}).catch((error) => {
    if (error instanceof MissingDataError) return null;
    throw error;
  });
}

interface Nats {
  readonly papersSet: number | undefined;
  readonly ours: number;
  readonly quickRecorded: number;
  readonly quickMeasured: number | null;
}

/** What the rows of one checkpoint have in common. */
function rowBuilder({model, checkpoint, file}: Published, preset: string) {
  const source = sourceOf(model);
  const unit = model.levels === 2 ? 'nats' : 'bits per dimension';
  const inUnit = (nats: number): number => (unit === 'nats' ? nats : bitsPerDimension(nats, model.image));
  // An ensemble costs what all its members cost.
  const others = companionPresets(model.name, preset).map(
    (other) => loadCheckpoint(checkpointFile(model.name, other), {model: model.name}).metadata,
  );
  return (name: string, members: readonly AutoregressiveModel[], nats: Nats): ResultRow => {
    const {papersSet, quickRecorded, quickMeasured} = nats;
    if (quickMeasured !== null && !(Math.abs(quickRecorded - quickMeasured) <= TOLERANCE)) {
      throw new Error(
        `${name}: nats on ${QUICK_IMAGES} test images must be within ${TOLERANCE} of those recorded in ${file}, ` +
          `${quickRecorded.toFixed(4)}, got ${quickMeasured.toFixed(4)}; score these weights anew with npm run evaluate -- ${model.name} --record`,
      );
    }
    const trainings = trainingsOf([checkpoint.metadata, ...(members.length > 1 ? others : [])]);
    const weights = new Set(members.map(({parameters}) => parameters));
    const paper = paperOf(model, name);
    return {
      dataset: source.name,
      unit,
      model: classesOf(model) > 0 ? `${name}, given the class` : name,
      paper: paper?.value ?? null,
      paperSource: paper?.source ?? null,
      papersSet: papersSet === undefined ? null : inUnit(papersSet),
      ours: inUnit(nats.ours),
      images: checkpoint.metadata.score.testImages,
      binarization: source.binarization,
      parameters: [...weights].reduce((sum, own) => sum + parameterCount(own), 0),
      epochs: trainings.reduce((sum, {epoch}) => sum + epoch, 0),
      trainingSeconds: trainings.reduce((sum, one) => sum + one.trainingSeconds, 0),
      elsewhere: [...secondsElsewhere(trainings)].map(([device, seconds]) => ({device, seconds})),
      quickImages: QUICK_IMAGES,
      quickRecorded: inUnit(quickRecorded),
      quickMeasured: quickMeasured === null ? null : inUnit(quickMeasured),
    };
  };
}

/** What a paper reports of the like. Nats given the class must not stand beside nats without it. */
function paperOf(model: AutoregressiveModel, name: string): {value: number; source: string} | null {
  if (classesOf(model) > 0) return null;
  if (model.levels !== 2) {
    const reported = REPORTED_BITS[model.name];
    return reported === undefined ? null : {value: reported.bits, source: reported.source};
  }
  // A MADE's number is that of its preset: its size and its number of orders are the paper's subject.
  const reported = REPORTED[name] ?? (model.name === 'made' ? undefined : REPORTED[model.name]);
  return reported === undefined ? null : {value: reported.nats, source: reported.source};
}

/** The rows as Markdown, one table a data set, for the terminal, the README and the page of results. */
export function resultsMarkdown(rows: readonly ResultRow[]): string {
  const datasets = [...new Set(rows.map(({dataset}) => dataset))];
  return datasets.map((dataset) => tableOf(rows.filter((row) => row.dataset === dataset))).join('\n\n');
}

function tableOf(rows: readonly ResultRow[]): string {
  const [{dataset, unit, quickImages}] = rows;
  const digits = unit === 'nats' ? 2 : 3;
  const header = [
    'model',
    `paper's ${unit}`,
    ...(unit === 'nats' ? ["ours on the papers' test set (recorded)"] : []),
    'difference',
    unit === 'nats' ? 'ours on our own draw (recorded)' : 'ours (recorded)',
    `first ${quickImages} images: recorded / measured now`,
    'binarization',
    'test images',
    'parameters',
    'epochs',
    'training',
  ];
  const lines = rows.map((row) => [
    row.model,
    row.paper?.toFixed(2) ?? '–',
    ...(unit === 'nats' ? [row.papersSet?.toFixed(2) ?? '–'] : []),
    difference(row),
    row.ours.toFixed(2),
    `${row.quickRecorded.toFixed(digits)} / ${row.quickMeasured?.toFixed(digits) ?? 'not now'}`,
    row.binarization,
    String(row.images),
    String(row.parameters),
    String(row.epochs),
    [
      minutes(row.trainingSeconds),
      ...row.elsewhere.map(({device, seconds}) => `${minutes(seconds)} of it on ${device}`),
    ].join(', '),
  ]);
  const sources = new Map(
    rows.flatMap((row) => (row.paperSource === null ? [] : [[row.model, row.paperSource]])),
  );
  const notes = [...sources].map(([model, source]) => `- ${model}: ${source}`);
  return [
    `${dataset}, test negative log-likelihood in ${unit}:`,
    markdownTable(header, lines),
    "The papers' numbers are of:",
    notes.join('\n'),
  ].join('\n\n');
}

function minutes(seconds: number): string {
  return `${Math.round(seconds / 60)} min`;
}

/**
 * Of like and like: digits on the papers' own test set. Where only the score on our
 * draw is recorded, that is said.
 */
function difference({unit, paper, papersSet, ours}: ResultRow): string {
  if (paper === null) return '–';
  if (papersSet !== null) return signed(papersSet - paper);
  return unit === 'nats' ? `${signed(ours - paper)} (our draw)` : signed(ours - paper);
}

/** Columns of even width, so that the source reads as a table, too. */
function markdownTable(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = header.map((title, k) => Math.max(title.length, ...lines.map((line) => line[k].length)));
  const format = (cells: readonly string[]): string => {
    return `| ${cells.map((cell, k) => cell.padEnd(widths[k])).join(' | ')} |`;
  };
  return [format(header), `|${widths.map((w) => '-'.repeat(w + 2)).join('|')}|`, ...lines.map(format)].join(
    '\n',
  );
}

function signed(difference: number): string {
  return `${difference < 0 ? '−' : '+'}${Math.abs(difference).toFixed(2)}`;
}
