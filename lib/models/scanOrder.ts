import * as tf from '@tensorflow/tfjs';
import type {AutoregressiveModel, Condition, ImageShape, IncrementalLogits, Parameters} from '../types';
import type {RasterConfig} from './raster';

/**
 * Raster orders of the image seen from another side. A model in such an order is the model in raster order,
 * given the image turned by half (it begins at the lower right) or transposed (it goes column by column).
 * Weights of several orders make an ensemble, as in MADE (section 4.2) and in LMConv (Jain et al. 2020).
 */
const SCAN_ORDERS = ['turned', 'transposed'] as const;
export type ScanOrder = (typeof SCAN_ORDERS)[number];

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
  if (order === undefined || !SCAN_ORDERS.includes(order)) {
    throw new RangeError(
      `order must be ${SCAN_ORDERS.join(' or ')}, got '${order}'; leave it out for raster order`,
    );
  }
  const raster = withoutOrder(config);
  const {height, width} = config;
  const shown = order === 'transposed' ? {...raster, height: width, width: height} : raster;
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

  constructor(
    private readonly raster: RasterModel,
    private readonly scan: ScanOrder,
  ) {
    const {height, width, channels} = raster.image;
    this.image = scan === 'transposed' ? {height: width, width: height, channels} : raster.image;
    this.name = raster.name;
    this.config = {...raster.config, ...this.image, order: scan};
    this.levels = raster.levels;
    this.parameters = raster.parameters;
    this.order = raster.order.map((place) => {
      const [pixel, channel] = [Math.floor(place / channels), place % channels];
      const [row, column] = [Math.floor(pixel / width), pixel % width];
      const there =
        scan === 'transposed' ? column * height + row : (height - 1 - row) * width + (width - 1 - column);
      return there * channels + channel;
    });
  }

  logits(x: tf.Tensor4D, condition?: Condition): tf.Tensor {
    return tf.tidy(() => this.seen(this.raster.logits(this.seen(x) as tf.Tensor4D, condition)));
  }

  /** Both ways are the same: turned twice or transposed twice, an image is as it was. */
  private seen(x: tf.Tensor): tf.Tensor {
    if (this.scan === 'turned') return tf.reverse(x, [1, 2]);
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
