/** What page and worker say to each other. The page never computes with a model; the worker never draws. */

/** Committed weights, as `model/preset`. */
export type WeightsName =
  | 'pixelcnn/digits'
  | 'gated/digits'
  | 'rowlstm/digits'
  | 'diagonal/digits'
  | 'made/one-order'
  | 'made/any-order';

export interface DrawInput {
  readonly weights: WeightsName;
  readonly count: number;
  readonly seed: number;
  readonly temperature?: number;
  readonly method?: 'cached' | 'naive';
  /** One image of 28 x 28 and which of its pixels are given: 1. */
  readonly known?: {readonly pixels: Uint8Array; readonly mask: Uint8Array};
  /** Orders that only an order-agnostic MADE can be asked in; the model's own where it is left out. */
  readonly order?: 'known first' | Int32Array;
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
  readonly order?: 'known first';
}

/** What the worker can do: what it is given, what it tells on the way, what comes out. */
export interface Tasks {
  /** Starts the engine: says which runs. */
  start: {input: null; event: never; result: {readonly engine: string; readonly slow: boolean}};
  draw: {input: DrawInput; event: DrawnPart; result: Drawn};
  score: {input: ScoreInput; event: never; result: SplitNats};
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
