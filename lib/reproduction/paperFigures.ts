import * as fs from 'node:fs';
import * as path from 'node:path';
import {pictureFrame} from '../figures/pictureFrame';
import {decodePng, type Picture} from '../figures/png';
import type {Chart} from '../figures/style';
import {dataFolder} from '../storage/paths';

/**
 * The papers' own pictures, to set ours beside. They are their authors': this project carries none of them.
 * `npm run paper-figures` cuts them out of the PDFs; until then a frame of their size says what is in them,
 * the reported number, and where the PDF is.
 */

export interface Paper {
  readonly name: string;
  readonly title: string;
  readonly arxiv: string;
  /** By number: those that a notebook can stand beside. */
  readonly figures: Readonly<Record<number, PaperFigure>>;
}

export interface PaperFigure {
  /** What it shows, in our words. */
  readonly shows: string;
  /** The number in the paper that belongs to it, with its table; left out where there is none. */
  readonly reported?: string;
  /** Its page in arXiv's PDF, from 1. */
  readonly page: number;
  /** Whether it shows images, drawn or completed, that ours are to be seen beside. */
  readonly images?: true;
}

/** Where the papers' PDFs are: followed by a slash and the paper's number. */
export const ARXIV_PDF = 'https://arxiv.org/pdf';

export const PAPERS = {
  // Its pages are those of the version that was printed (PMLR 37, pages 881 to 889), which arXiv's second
  // one was made to match.
  made: {
    name: 'MADE',
    title: 'MADE: Masked Autoencoder for Distribution Estimation',
    arxiv: '1502.03509',
    figures: {
      1: {page: 4, shows: 'masks that turn a plain autoencoder into an autoregressive one'},
      2: {
        page: 7,
        shows: 'how the likelihood of digits changes with the number of masks',
        reported: '88.40 nats with 1 mask, 86.64 with 32 masks and two hidden layers (table 6)',
      },
      3: {
        page: 8,
        shows: 'drawn digits, and the nearest training digits',
        images: true,
        reported: '86.64 nats at best (table 6)',
      },
    },
  },
  pixelrnn: {
    name: 'PixelRNN',
    title: 'Pixel Recurrent Neural Networks',
    arxiv: '1601.06759',
    figures: {
      1: {
        page: 1,
        shows: 'images whose lower half was covered, and how the model completes them',
        images: true,
      },
      2: {page: 2, shows: 'what a pixel may depend on, and masks A and B for the three colors'},
      3: {page: 3, shows: 'the skewed map of the Diagonal BiLSTM'},
      4: {page: 4, shows: 'what one state sees in PixelCNN, Row LSTM and Diagonal BiLSTM'},
      5: {page: 4, shows: 'the residual blocks of PixelCNN and of the LSTMs'},
      6: {page: 6, shows: 'softmax over 256 levels, at a few places of an image'},
      7: {
        page: 7,
        shows: 'drawn images of the models of CIFAR-10 and of ImageNet at 32 x 32',
        images: true,
        reported: '3.00 bits per dimension on CIFAR-10 (Diagonal BiLSTM, table 5)',
      },
      8: {
        page: 8,
        shows: 'drawn images of the models of ImageNet at 64 x 64, without and with multiple scales',
        images: true,
        reported: '3.63 bits per dimension on ImageNet at 64 x 64 (table 6)',
      },
      9: {
        page: 8,
        shows: 'images of ImageNet at 32 x 32 whose lower half was covered, completed',
        images: true,
      },
    },
  },
  gated: {
    name: 'Gated PixelCNN',
    title: 'Conditional Image Generation with PixelCNN Decoders',
    arxiv: '1606.05328',
    figures: {
      1: {page: 2, shows: 'the next pixel from those before it, the mask, and the blind spot'},
      2: {page: 4, shows: 'one gated layer with its vertical and its horizontal stack'},
      3: {
        page: 7,
        shows: 'images drawn for a given class',
        images: true,
        reported: '3.03 bits per dimension on CIFAR-10 (table 1)',
      },
    },
  },
} as const satisfies Record<string, Paper>;
export type PaperName = keyof typeof PAPERS;

/** Pixels of the frame that stands for a picture: as wide as most of ours, as high as half of that. */
const frame = {width: 520, height: 170};

/**
 * A paper's picture, or a frame in its place with what there is to know of it. There is no picture
 * before `npm run paper-figures` has cut it out, and none when PAPER_FIGURES=off, as it is while
 * notebooks are executed to be committed.
 *
 * @returns the picture; without it a chart with the paper's number and a link
 * @throws RangeError when the paper or the figure is not in PAPERS; Error when the picture's file is damaged
 */
export function paperFigure(paper: PaperName, figure: number): Picture | Chart {
  const {shows} = findFigure(paper, figure);
  const {name} = PAPERS[paper];
  const text = {
    title: `From the paper: ${name}, figure ${figure}`,
    description: `The paper's own: ${shows}.`,
  };
  const file = paperFigureFile(paper, figure);
  const png = process.env.PAPER_FIGURES === 'off' ? null : readIfThere(file);
  if (png === null) return inItsPlace(paper, figure);
  try {
    return {...decodePng(png), text};
  } catch (error) {
    throw new Error(
      `paperFigure: ${file} cannot be read (${(error as Error).message}); cut it out again: npm run paper-figures`,
    );
  }
}

/**
 * Which of the papers' figures a figure of ours names as the ones to compare with.
 *
 * @param compare such as "MADE, table 6; PixelRNN, figures 1 and 9"
 */
export function figuresNamed(compare: string): {readonly paper: PaperName; readonly figure: number}[] {
  return compare.split(';').flatMap((part) => {
    const papers = Object.keys(PAPERS) as PaperName[];
    const paper = papers.find((one) => part.trim().startsWith(`${PAPERS[one].name}, `));
    const [, numbers = ''] = /figures? (\d+(?:(?:,| and) \d+)*)/.exec(part) ?? [];
    const known = (numbers.match(/\d+/g) ?? []).map(Number);
    return known.flatMap((figure) =>
      paper !== undefined && Object.hasOwn(PAPERS[paper].figures, figure) ? [{paper, figure}] : [],
    );
  });
}

/** The paper's PDF, at the page of the figure. */
export function addressOf(paper: PaperName, figure: number): string {
  const {page} = findFigure(paper, figure);
  return `${ARXIV_PDF}/${PAPERS[paper].arxiv}#page=${page}`;
}

/** Where a paper's picture is kept: out of git. */
export function paperFigureFile(paper: PaperName, figure: number): string {
  return path.join(dataFolder(), 'paper-figures', `${paper}-figure-${figure}.png`);
}

function inItsPlace(paper: PaperName, figure: number): Chart {
  const {name} = PAPERS[paper];
  const {shows, reported, page} = findFigure(paper, figure);
  return pictureFrame(
    {title: `From the paper: ${name}, figure ${figure}, page ${page}`, description: `Not here: ${shows}.`},
    [
      `It shows ${shows}.`,
      ...(reported === undefined ? [] : [`Reported: ${reported}.`]),
      'npm run paper-figures sets it here, on your machine.',
    ],
    addressOf(paper, figure),
    frame,
  );
}

function findFigure(paper: PaperName, figure: number): PaperFigure {
  const known: Paper | undefined = Object.hasOwn(PAPERS, paper) ? PAPERS[paper] : undefined;
  if (known === undefined) {
    throw new RangeError(
      `paperFigure: unknown paper '${paper}'; there are ${Object.keys(PAPERS).join(', ')}`,
    );
  }
  if (Object.hasOwn(known.figures, figure)) return known.figures[figure];
  throw new RangeError(
    `paperFigure: the figure of ${known.name} must be one of ${Object.keys(known.figures).join(', ')}, got '${figure}'`,
  );
}

function readIfThere(file: string): Uint8Array | null {
  return fs.existsSync(file) ? fs.readFileSync(file) : null;
}
