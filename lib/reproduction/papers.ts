/** Likelihoods that the papers report on binarized MNIST, in nats per image, each with its place. */
export interface Reported {
  readonly nats: number;
  readonly source: string;
}

/** By model, preset, and whether it is of one order or of an ensemble of orders. */
export const REPORTED: Readonly<Record<string, Reported>> = {
  'made one-order': {nats: 88.4, source: 'MADE, table 6: 1 hidden layer, 1 mask'},
  'made other-order': {nats: 88.4, source: 'MADE, table 6: 1 hidden layer, 1 mask'},
  'made other-order ensemble': {nats: 86.64, source: 'MADE, table 6: 2 hidden layers, 32 masks'},
  'made orders ensemble': {nats: 86.64, source: 'MADE, table 6: 2 hidden layers, 32 masks'},
  pixelcnn: {nats: 81.3, source: 'PixelRNN, table 4'},
  rowlstm: {nats: 80.54, source: 'PixelRNN, table 4'},
  diagonal: {nats: 79.2, source: 'PixelRNN, table 4: 7 layers, h = 16'},
  'diagonal one-layer': {nats: 80.75, source: 'PixelRNN, table 4: 1 layer, h = 32'},
  gated: {nats: 80.1, source: "PixelVAE's own run of Gated PixelCNN"},
};

/** Bits per dimension that the papers report on CIFAR-10, by model. */
export const REPORTED_BITS: Readonly<Record<string, {readonly bits: number; readonly source: string}>> = {
  pixelcnn: {bits: 3.14, source: 'PixelRNN, table 5'},
  rowlstm: {bits: 3.07, source: 'PixelRNN, table 5'},
  diagonal: {bits: 3.0, source: 'PixelRNN, table 5'},
  gated: {bits: 3.03, source: 'Gated PixelCNN, table 1'},
};
