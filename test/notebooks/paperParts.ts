import type {PaperName} from '../../lib/reproduction/paperFigures';

/**
 * Where a thing stands in a paper: by its number, words of which one is near whenever the number is named.
 */
type PaperParts = Readonly<Record<string, readonly string[]>>;

/**
 * What the papers' sections, tables and equations are about. Their figures are in PAPERS, with the same use.
 */
export const PAPER_PARTS: Readonly<
  Record<
    PaperName,
    {readonly sections: PaperParts; readonly tables: PaperParts; readonly equations: PaperParts}
  >
> = {
  made: {
    sections: {
      2: ['autoencoder'],
      3: ['autoregress', 'chain rule', 'mask'],
      4: ['mask', 'order'],
      6: ['nats', 'experiment'],
    },
    tables: {6: ['nats', 'likelihood', 'mask', 'order']},
    equations: {},
  },
  pixelrnn: {
    sections: {
      '2.1': ['pixel by pixel', 'product', 'conditional'],
      '2.2': ['discrete', 'softmax'],
      '3.1': ['Row LSTM'],
      '3.2': ['Diagonal'],
      '3.3': ['residual'],
      '3.4': ['mask', 'dependences', 'colors'],
      '3.5': ['PixelCNN'],
      '5.2': ['training', 'RMSProp', 'Diagonal'],
      '5.3': ['softmax'],
      '5.5': ['MNIST', 'digits'],
      '5.6': ['CIFAR'],
    },
    tables: {
      1: ['layer', 'block', 'column', 'convolution', 'structure'],
      2: ['residual', 'skip', 'connection'],
      3: ['layers', 'depth', 'more layers'],
      4: ['MNIST', 'digits', 'nats'],
      5: ['CIFAR', 'bits', 'photographs', 'color'],
      6: ['ImageNet'],
    },
    equations: {1: ['product', 'conditional'], 2: ['color', 'green'], 3: ['LSTM', 'gate', 'state', 'tanh']},
  },
  gated: {
    sections: {
      '2.1': ['gate'],
      '2.2': ['blind spot', 'stack'],
      '2.3': ['class', 'condition'],
      '2.4': ['autoencoder'],
    },
    tables: {1: ['CIFAR', 'bits'], 2: ['ImageNet']},
    equations: {1: ['product', 'conditional'], 2: ['gate', 'tanh'], 3: ['condition', 'class'], 4: ['class']},
  },
};
