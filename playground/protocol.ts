/** What page and worker say to each other. The page never computes with a model; the worker never draws. */

/** Committed weights, as `model/preset`. */
export type WeightsName =
  | 'pixelcnn/digits'
  | 'gated/digits'
  | 'rowlstm/digits'
  | 'diagonal/digits'
  | 'made/one-order'
  | 'made/any-order';

/** Orders that an order-agnostic MADE can be asked in; the other models know their own only. */
export type OrderName = 'known first' | 'raster' | 'columns' | 'middle first' | 'random';

export interface DrawInput {
  readonly weights: WeightsName;
  readonly count: number;
  readonly seed: number;
  readonly temperature?: number;
  readonly method?: 'cached' | 'naive';
  /** One image of 28 x 28 and which of its pixels are given: 1. */
  readonly known?: {readonly pixels: Uint8Array; readonly mask: Uint8Array};
  /** The model's own where it is left out. */
  readonly order?: OrderName;
}

/** Some steps of sampling, one after the other. */
export interface DrawnPart {
  /** The order in which pixels are drawn; with the first part only. */
  readonly order?: Int32Array;
  /** Place in the order of the first of these steps. */
  readonly from: number;
  /** [steps, count] */
  readonly logits: Float32Array;
  readonly values: Uint8Array;
}

/** Nats of images of which a part is known: see completionNats of the library. One number an image. */
export interface SplitNats {
  readonly prefix: Float64Array;
  readonly hidden: Float64Array;
  readonly late: Float64Array;
}

export interface Drawn {
  /** [count, 784] */
  readonly pixels: Uint8Array;
  readonly nats: SplitNats;
  /** Given pixels that come after a hidden one in the order: too late to guide it. */
  readonly late: number;
  readonly seconds: number;
}

export interface ScoreInput {
  readonly weights: WeightsName;
  readonly pixels: Uint8Array;
  readonly mask: Uint8Array;
  readonly order?: OrderName;
}

/** A question to a layer: which pixels reach it at a place? */
export interface SeeInput {
  readonly weights: WeightsName;
  /** 0 is the first layer; null, or more than there are, is the logits, all that MADE has. */
  readonly layer: number | null;
  readonly row: number;
  readonly column: number;
  /** Of the random image that is looked at: a path that sleeps for one is awake for another. */
  readonly seed: number;
}

/** A small model that learns in the page. */
export interface LearnInput {
  /** A PixelCNN, or a plain stack of three masked convolutions whose first mask is A, or wrongly B. */
  readonly kind: 'pixelcnn' | 'stack A' | 'stack B';
  readonly features: number;
  readonly learningRate: number;
  readonly epochs: number;
  readonly seed: number;
}

export type LearnEvent =
  | {readonly kind: 'step'; readonly step: number; readonly steps: number; readonly nats: number}
  | {readonly kind: 'validation'; readonly step: number; readonly nats: number}
  /** [count, 14 * 14], drawn by the weights as they are now, always with the same random numbers. */
  | {readonly kind: 'samples'; readonly step: number; readonly pixels: Uint8Array; readonly count: number};

/** Masks made by hand, to be proved right or wrong. */
export type HandInput =
  | {
      readonly kind: 'made';
      /** Which connections are open, [inputs, hidden] and [hidden, outputs]: 1. */
      readonly layers: readonly Uint8Array[];
      readonly inputs: number;
      readonly hidden: number;
    }
  /** [3, 3]: which taps of the first layer are open. */
  | {readonly kind: 'kernel'; readonly taps: Uint8Array};

export interface HandResult {
  /** The sum of p(x) over all images. */
  readonly sum: number;
  /** How many images there are. */
  readonly images: number;
  /** [outputs, inputs]: 1 where an output depends on an input. */
  readonly depends: Uint8Array;
}

/** What the worker can do: what it is given, what it tells on the way, what comes out. */
export interface Tasks {
  /** Starts the engine: says which runs. */
  start: {input: null; event: never; result: {readonly engine: string; readonly slow: boolean}};
  draw: {input: DrawInput; event: DrawnPart; result: Drawn};
  score: {input: ScoreInput; event: never; result: SplitNats};
  /** How many layers a model has for `see`, the logits included. */
  layers: {input: WeightsName; event: never; result: number};
  /** [784]: how much each pixel moves the place; 0 where none of it gets through. */
  see: {input: SeeInput; event: never; result: Float32Array};
  learn: {input: LearnInput; event: LearnEvent; result: {readonly stopped: boolean}};
  hand: {input: HandInput; event: never; result: HandResult};
}
export type TaskName = keyof Tasks;

export type ToWorker =
  | {readonly kind: 'run'; readonly id: number; readonly task: TaskName; readonly input: unknown}
  | {readonly kind: 'stop'; readonly id: number}
  /** A part of the page's folder that the worker has asked for; null when it could not be loaded. */
  | {readonly kind: 'part'; readonly name: string; readonly text: string | null};

export type FromWorker =
  | {readonly kind: 'event'; readonly id: number; readonly event: unknown}
  | {readonly kind: 'done'; readonly id: number; readonly result: unknown}
  | {readonly kind: 'stopped'; readonly id: number}
  | {readonly kind: 'failed'; readonly id: number; readonly message: string}
  | {readonly kind: 'want'; readonly name: string};
