import * as fs from 'node:fs';
import * as path from 'node:path';
import {decodePng, type Picture} from '../figures/png';
import type {Note} from '../figures/show';
import {dataFolder} from '../storage/paths';

/**
 * The papers' own pictures, to set ours beside. They are their authors': this project carries none of them. Who has a PDF cuts them out
 * with `npm run paper-figures`; everybody else sees what is in them, the reported number, and where to get the PDF.
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
}

export const PAPERS = {
  made: {
    name: 'MADE',
    title: 'MADE: Masked Autoencoder for Distribution Estimation',
    arxiv: '1502.03509',
    figures: {
      1: {shows: 'masks that turn a plain autoencoder into an autoregressive one'},
      2: {
        shows: 'how the likelihood of digits changes with the number of masks',
        reported: '88.40 nats with 1 mask, 86.64 with 32 masks and two hidden layers (table 6)',
      },
      3: {
        shows: 'drawn digits, and the nearest training digits',
        reported: '86.64 nats at best (table 6)',
      },
    },
  },
  pixelrnn: {
    name: 'PixelRNN',
    title: 'Pixel Recurrent Neural Networks',
    arxiv: '1601.06759',
    figures: {
      1: {shows: 'images whose lower half was covered, and how the model completes them'},
      2: {shows: 'what a pixel may depend on, and masks A and B for the three colors'},
      3: {shows: 'the skewed map of the Diagonal BiLSTM'},
      4: {shows: 'what one state sees in PixelCNN, Row LSTM and Diagonal BiLSTM'},
      5: {shows: 'the residual blocks of PixelCNN and of the LSTMs'},
      6: {shows: 'softmax over 256 levels, at a few places of an image'},
      7: {
        shows: 'drawn images of the models of CIFAR-10 and of ImageNet at 32 x 32',
        reported: '3.00 bits per dimension on CIFAR-10 (Diagonal BiLSTM, table 5)',
      },
      8: {
        shows: 'drawn images of the models of ImageNet at 64 x 64, without and with multiple scales',
        reported: '3.63 bits per dimension on ImageNet at 64 x 64 (table 6)',
      },
      9: {shows: 'images of ImageNet at 32 x 32 whose lower half was covered, completed'},
    },
  },
  gated: {
    name: 'Gated PixelCNN',
    title: 'Conditional Image Generation with PixelCNN Decoders',
    arxiv: '1606.05328',
    figures: {
      1: {shows: 'the next pixel from those before it, the mask, and the blind spot'},
      2: {shows: 'one gated layer with its vertical and its horizontal stack'},
      3: {
        shows: 'images drawn for a given class',
        reported: '3.03 bits per dimension on CIFAR-10 (table 1)',
      },
    },
  },
} as const satisfies Record<string, Paper>;
export type PaperName = keyof typeof PAPERS;

/**
 * A paper's picture, or what there is to know of it: `show(tslab.display, paperFigure('pixelrnn', 7))` takes either. There is no
 * picture before `npm run paper-figures` has cut it out, and none when PAPER_FIGURES=off, as it is while notebooks are executed to be committed.
 *
 * @returns the picture; without it a sentence in Markdown, with the paper's number and a link
 * @throws RangeError when the paper or the figure is not in PAPERS; Error when the picture's file is damaged
 */
export function paperFigure(paper: PaperName, figure: number): Picture | Note {
  const {shows} = findFigure(paper, figure);
  if (process.env.PAPER_FIGURES === 'off') return {markdown: sentence(paper, figure)};
  const file = paperFigureFile(paper, figure);
  const png = readIfThere(file);
  if (png === null) return {markdown: sentence(paper, figure)};
  const {name} = PAPERS[paper];
  try {
    return {
      ...decodePng(png),
      text: {title: `${name}, figure ${figure}`, description: `The paper's own: ${shows}.`},
    };
  } catch (error) {
    throw new Error(
      `paperFigure: ${file} cannot be read (${(error as Error).message}); cut it out again: npm run paper-figures -- --pdf FILE`,
    );
  }
}

/** Where a paper's picture is kept: out of git. */
export function paperFigureFile(paper: PaperName, figure: number): string {
  return path.join(dataFolder(), 'paper-figures', `${paper}-figure-${figure}.png`);
}

/** "PixelRNN, figure 7, shows …; reported: 3.00 bits …" with a link, and the command that brings the picture. */
function sentence(paper: PaperName, figure: number): string {
  const {name, arxiv} = PAPERS[paper];
  const {shows, reported} = findFigure(paper, figure);
  const number = reported === undefined ? '' : ` Reported: ${reported}.`;
  return (
    `**${name}, figure ${figure}** (not part of this project): ${shows}.${number} ` +
    `See <https://arxiv.org/abs/${arxiv}>; with its PDF, \`npm run paper-figures -- --pdf FILE\` sets the picture here.`
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
    `paperFigure: ${known.name} has no figure ${figure} to stand beside; there are ${Object.keys(known.figures).join(', ')}`,
  );
}

function readIfThere(file: string): Uint8Array | null {
  return fs.existsSync(file) ? fs.readFileSync(file) : null;
}
