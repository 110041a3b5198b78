import * as tf from '@tensorflow/tfjs';
import type {AutoregressiveModel, Condition, ImageShape, IncrementalLogits, Parameters} from '../types';
import type {RasterConfig} from './raster';

/** How a model sees an image: the rows and the columns in reverse, then rows as columns. */
interface View {
  readonly rows: boolean;
  readonly columns: boolean;
  readonly transposed: boolean;
}

const view = (rows: boolean, columns: boolean, transposed: boolean): View => ({rows, columns, transposed});

/**
 * Raster orders of the image seen from another side: with raster order, all eight that begin in a corner and
 * go row by row or column by column. A model in such an order is the model in raster order, given the image
 * so. Weights of several orders make an ensemble, as in MADE (section 4.2) and in LMConv (Jain et al. 2020).
 */
const VIEWS = {
  /** From the upper right, row by row to the left. */
  mirrored: view(false, true, false),
  /** From the lower left, row by row upwards. */
  flipped: view(true, false, false),
  /** From the lower right, row by row: turned by half. */
  turned: view(true, true, false),
  /** From the upper left, column by column. */
  transposed: view(false, false, true),
  /** From the upper right, column by column. */
  'mirrored-transposed': view(false, true, true),
  /** From the lower left, column by column. */
  'flipped-transposed': view(true, false, true),
  /** From the lower right, column by column. */
  'turned-transposed': view(true, true, true),
} as const;
export type ScanOrder = keyof typeof VIEWS;
export const SCAN_ORDERS = Object.keys(VIEWS) as readonly ScanOrder[];

/** All models in raster order have a sampler of their own. */
type RasterModel = AutoregressiveModel & Required<Pick<AutoregressiveModel, 'incremental'>>;

/** A config in another order than raster. */
export type Scanned<Config extends RasterConfig> = Config & {readonly order?: ScanOrder};

/**
 * Builds a model of a config with or without `order`.
 *
 * @param create the model in raster order
 * @throws RangeError for an order that there is not, and as `create` does
 */
export function createScanned<Config extends RasterConfig>(
  config: Scanned<Config>,
  create: (raster: Config) => RasterModel,
): AutoregressiveModel {
  if (!Object.hasOwn(config, 'order')) return create(config);
  const {order} = config;
  if (order === undefined || !Object.hasOwn(VIEWS, order)) {
    throw new RangeError(
      `order must be one of ${SCAN_ORDERS.join(', ')}, got '${order}'; leave it out for raster order`,
    );
  }
  const raster = withoutOrder(config);
  const {height, width} = config;
  const shown = VIEWS[order].transposed ? {...raster, height: width, width: height} : raster;
  return new ScannedModel(create(shown), order);
}

/** The same model in raster order; its parameters are the same. */
export function withoutOrder<Config extends RasterConfig>(config: Scanned<Config>): Config {
  const {order: _, ...rest} = config;
  return rest as unknown as Config;
}

/** A model in raster order that is given the image in another order. It owns that model: dispose it. */
class ScannedModel implements AutoregressiveModel {
  readonly name: string;
  readonly config: AutoregressiveModel['config'];
  readonly image: ImageShape;
  readonly levels: number;
  readonly parameters: Parameters;
  readonly order: Int32Array;
  private readonly view: View;

  constructor(
    private readonly raster: RasterModel,
    order: ScanOrder,
  ) {
    this.view = VIEWS[order];
    const seen = raster.image;
    this.image = this.view.transposed ? {...seen, height: seen.width, width: seen.height} : seen;
    this.name = raster.name;
    this.config = {...raster.config, ...this.image, order};
    this.levels = raster.levels;
    this.parameters = raster.parameters;
    const {height, width, channels} = this.image;
    this.order = raster.order.map((place) => {
      const [pixel, channel] = [Math.floor(place / channels), place % channels];
      const there = [Math.floor(pixel / seen.width), pixel % seen.width];
      if (this.view.transposed) there.reverse();
      const row = this.view.rows ? height - 1 - there[0] : there[0];
      const column = this.view.columns ? width - 1 - there[1] : there[1];
      return (row * width + column) * channels + channel;
    });
  }

  logits(x: tf.Tensor4D, condition?: Condition): tf.Tensor {
    return tf.tidy(() => {
      const seen = this.transposed(this.reversed(x)) as tf.Tensor4D;
      return this.reversed(this.transposed(this.raster.logits(seen, condition)));
    });
  }

  private reversed(x: tf.Tensor): tf.Tensor {
    const axes = [...(this.view.rows ? [1] : []), ...(this.view.columns ? [2] : [])];
    return axes.length === 0 ? x : tf.reverse(x, axes);
  }

  private transposed(x: tf.Tensor): tf.Tensor {
    if (!this.view.transposed) return x;
    return tf.transpose(x, [0, 2, 1, ...Array.from({length: x.rank - 3}, (_, k) => 3 + k)]);
  }

  /** Samplers count by places in the order, which are the same for both models. */
  incremental(count: number, condition?: Condition): IncrementalLogits {
    return this.raster.incremental(count, condition);
  }

  dispose(): void {
    this.raster.dispose();
  }
}
