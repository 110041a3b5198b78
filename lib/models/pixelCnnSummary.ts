import type {MaskedConv2d} from '../layers/maskedConv2d';
import {liveTaps} from '../layers/rasterMasks';
import type {PixelCnn} from './pixelCnn';

/** One line of table 1 as it was built: a convolution, or the three of a residual block. */
export interface LayerRow {
  readonly layer: string;
  /** Rows x columns of each kernel: "1x1, 3x3, 1x1" for a residual block. */
  readonly kernel: string;
  readonly mask: string;
  /** Pixels from one tap of the kernel to the next. */
  readonly dilation: number;
  /** Height x width x features of what it hands on. */
  readonly output: string;
  /**
   * Weights and biases that are stored; rows and columns of a kernel that the mask hides altogether are not.
   */
  readonly parameters: number;
}

/**
 * The layers of a PixelCNN from the pixels to the logits, each with its shape (van
 * den Oord et al. 2016a, table 1).
 */
export function pixelCnnSummary({image, first, blocks, head}: PixelCnn): LayerRow[] {
  const row = (layer: string, convs: readonly MaskedConv2d[]): LayerRow => {
    const last = convs[convs.length - 1].spec;
    return {
      layer,
      kernel: convs.map(kernelOf).join(', '),
      mask: last.type,
      dilation: Math.max(...convs.map(({spec}) => spec.dilation)),
      output: `${image.height} x ${image.width} x ${last.outputs.length}`,
      parameters: convs.reduce((sum, conv) => sum + stored(conv), 0),
    };
  };
  const heads = ['ReLU, head 1', 'ReLU, head 2', 'ReLU, logits'];
  return [
    row('first', [first]),
    ...blocks.map(({down, middle, up}, k) => row(`residual block ${k + 1}`, [down, middle, up])),
    ...head.map((conv, k) => row(heads[k], [conv])),
  ];
}

/** Masks are square: "3x3". */
function kernelOf({spec}: MaskedConv2d): string {
  const side = Math.sqrt(spec.mask.length);
  return `${side}x${side}`;
}

function stored({spec}: MaskedConv2d): number {
  const {rows, columns} = liveTaps(spec.mask);
  return (rows * columns * spec.inputs.length + 1) * spec.outputs.length;
}
