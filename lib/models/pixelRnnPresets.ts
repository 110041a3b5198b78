import type {PresetOf, Reported, ReportedBits} from './family';
import type {PixelRnnConfig} from './pixelRnn';
import {CIFAR10_PAPER, CIFAR10_PAPER_RECIPE, DIGITS, DIGITS_RECIPE} from './raster';

const SHAPE = {...DIGITS, residual: true, skip: false} as const;

/**
 * The presets of Row LSTM and the Diagonal BiLSTM. Table 4 of van den Oord et al. 2016a has two sizes of the
 * latter; it gives none for Row LSTM, which has the same here, so that the two can be compared.
 */
export function pixelRnnPresets(
  papers: Readonly<Record<'digits' | 'one-layer', Reported> & Record<'cifar10-paper', ReportedBits>>,
): Readonly<Record<'digits' | 'one-layer' | 'small' | 'cifar10-paper', PresetOf<PixelRnnConfig>>> {
  return {
    /**
     * "7 layers, h = 16". Table 1 has a first kernel of side 7. The triangle that a Row LSTM sees leaves out
     * what lies far to the right in the rows just above; a kernel of twice the width shows it, and costs a
     * twentieth more. Its sibling has the same, so that the two can be compared.
     */
    digits: {
      config: {...SHAPE, firstSize: 15, features: 16, layers: 7, head: 32},
      recipe: {...DIGITS_RECIPE, epochs: 4, learningRate: 4e-3},
      paper: papers.digits,
    },
    /** "1 layer, h = 32", with the same first kernel. */
    'one-layer': {
      config: {...SHAPE, firstSize: 15, features: 32, layers: 1, head: 32},
      recipe: {...DIGITS_RECIPE, epochs: 6, learningRate: 4e-3},
      paper: papers['one-layer'],
    },
    /** Small enough to learn while you watch. */
    small: {
      config: {...SHAPE, features: 12, layers: 2, head: 24},
      recipe: {...DIGITS_RECIPE, epochs: 1, learningRate: 5e-3},
    },
    /**
     * "12 layers, h = 128" (section 5.1), with residual and skip connections, the best of
     * table 3. For a bigger machine.
     */
    'cifar10-paper': {
      config: {...CIFAR10_PAPER, layers: 12, residual: true, skip: true},
      recipe: CIFAR10_PAPER_RECIPE,
      paperBits: papers['cifar10-paper'],
    },
  };
}
