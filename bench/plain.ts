import * as tf from '@tensorflow/tfjs';
import {lstmScan, type ScanDirection} from '../lib/engine/lstmScan';
import {withPortableTwins} from '../lib/engine/native';
import {horizontalMask, liveTaps, rasterMask, verticalMask} from '../lib/layers/rasterMasks';
import type {GatedPixelCnnConfig} from '../lib/models/gatedPixelCnn';
import {madeDegrees} from '../lib/models/made';
import type {MadeConfig} from '../lib/models/madeConfig';
import type {PixelCnnConfig} from '../lib/models/pixelCnn';
import type {PixelRnnConfig} from '../lib/models/pixelRnn';
import type {AutoregressiveModel} from '../lib/types';

/**
 * The same networks as anybody would write them in tfjs: whole kernels times a mask, one tf
 * function a layer, tfjs's gradients and its Adam. For gray images. The recurrences are lib's
 * portable form, which is that already.
 */
export class PlainNetwork {
  private readonly variables = new Map<string, tf.Variable>();
  private readonly masks = new Map<string, tf.Tensor>();
  private readonly optimizer = tf.train.adam(1e-3);

  constructor(private readonly model: AutoregressiveModel) {}

  /** Mean nats of the images; what it leaves is to be tidied by the caller. */
  nats(x: tf.Tensor4D): tf.Scalar {
    return tf.tidy(() => {
      const logits = this.logits(x);
      return tf.div(tf.sum(tf.sub(tf.softplus(logits), tf.mul(x, logits))), x.shape[0]);
    });
  }

  train(x: tf.Tensor4D): void {
    const loss = this.optimizer.minimize(() => this.nats(x), true) as tf.Scalar;
    loss.dataSync();
    loss.dispose();
  }

  dispose(): void {
    tf.dispose([...this.variables.values(), ...this.masks.values()]);
    this.optimizer.dispose();
  }

  private logits(x: tf.Tensor4D): tf.Tensor4D {
    const {config, name} = this.model;
    if (name === 'made') return this.made(x, config as MadeConfig);
    if (name === 'pixelcnn') return this.pixelCnn(x, config as PixelCnnConfig);
    if (name === 'gated') return this.gated(x, config as GatedPixelCnnConfig);
    return this.recurrent(x, config as PixelRnnConfig);
  }

  private pixelCnn(x: tf.Tensor4D, {firstSize, size, dilations}: PixelCnnConfig): tf.Tensor4D {
    let features = this.conv(x, 'first', rasterMask(firstSize, 'A'));
    dilations.forEach((dilation, k) => {
      const name = `block${k + 1}`;
      let y = this.conv(tf.relu(features), `${name}.down`, rasterMask(1, 'B'));
      y = this.conv(tf.relu(y), `${name}.middle`, rasterMask(size, 'B'), dilation);
      features = tf.add(features, this.conv(tf.relu(y), `${name}.up`, rasterMask(1, 'B')));
    });
    return this.head(features);
  }

  private gated(x: tf.Tensor4D, {firstSize, size, dilations}: GatedPixelCnnConfig): tf.Tensor4D {
    const gate = (both: tf.Tensor4D): tf.Tensor4D => {
      const [a, b] = tf.split<tf.Tensor4D>(both, 2, 3);
      return tf.mul(tf.tanh(a), tf.sigmoid(b));
    };
    let [vertical, horizontal] = [x, x];
    [1, ...dilations].forEach((dilation, k) => {
      const name = `layer${k + 1}`;
      const [side, type] = k === 0 ? ([firstSize, 'A'] as const) : ([size, 'B'] as const);
      const above = this.conv(vertical, `${name}.vertical`, verticalMask(side, type), dilation);
      const left = this.conv(horizontal, `${name}.horizontal`, horizontalMask(side, type), dilation);
      const linked = tf.add<tf.Tensor4D>(left, this.conv(above, `${name}.link`, rasterMask(1, 'B')));
      const out = this.conv(gate(linked), `${name}.point`, rasterMask(1, 'B'));
      horizontal = k === 0 ? out : tf.add(out, horizontal);
      vertical = gate(above);
    });
    return this.head(horizontal);
  }

  private recurrent(x: tf.Tensor4D, {firstSize, layers}: PixelRnnConfig): tf.Tensor4D {
    const scan = (from: tf.Tensor4D, name: string, direction: ScanDirection, mask: Float32Array) => {
      const gates = this.conv(from, `${name}.${direction}.input`, mask);
      const weight = <T extends tf.Tensor>(part: string): T =>
        this.variable(`${name}.${direction}.${part}`) as tf.Tensor as T;
      const weights = {
        state: weight<tf.Tensor3D>('state'),
        hidden: weight<tf.Tensor1D>('hidden'),
        cell: weight<tf.Tensor1D>('cell'),
      };
      return withPortableTwins(() => lstmScan(gates, weights, direction));
    };
    let features = this.conv(x, 'first', rasterMask(firstSize, 'A'));
    for (let k = 1; k <= layers; k++) {
      const name = `layer${k}`;
      let states: tf.Tensor4D;
      if (this.model.name === 'rowlstm') {
        states = scan(features, name, 'rows', horizontalMask(3, 'B'));
      } else {
        const right = scan(features, name, 'right-to-left', rasterMask(1, 'B'));
        const [batch, height, width, h] = right.shape;
        const above = tf.slice(right, [0, 0, 0, 0], [batch, height - 1, width, h]);
        const shifted = tf.concat([tf.zeros([batch, 1, width, h]), above], 1);
        states = tf.add(scan(features, name, 'left-to-right', rasterMask(1, 'B')), shifted);
      }
      features = tf.add(features, this.conv(states, `${name}.up`, rasterMask(1, 'B')));
    }
    return this.head(features);
  }

  private made(x: tf.Tensor4D, config: MadeConfig): tf.Tensor4D {
    const {degrees} = madeDegrees(config, 0);
    const flat = tf.reshape(x, [x.shape[0], -1]) as tf.Tensor2D;
    const weights = (name: string, below: Int32Array, above: Int32Array, strict: boolean): tf.Tensor2D => {
      const mask = this.mask(name, () => {
        const [to, from] = [tf.expandDims(tf.tensor1d(above), 0), tf.expandDims(tf.tensor1d(below), 1)];
        return tf.cast(strict ? tf.greater(to, from) : tf.greaterEqual(to, from), 'float32');
      });
      return tf.mul(this.variable(`${name}.weights`), mask) as tf.Tensor2D;
    };
    let hidden = flat;
    config.hidden.forEach((_, k) => {
      const name = `hidden${k + 1}`;
      const product = tf.matMul(hidden, weights(name, degrees[k], degrees[k + 1], false));
      hidden = tf.relu(tf.add<tf.Tensor2D>(product, this.variable(`${name}.bias`)));
    });
    const last = degrees[degrees.length - 1];
    const out = tf.add(
      tf.matMul(hidden, weights('output', last, degrees[0], true)),
      this.variable('output.bias'),
    );
    const direct = tf.matMul(flat, weights('direct', degrees[0], degrees[0], true));
    return tf.reshape(tf.add(out, direct), x.shape);
  }

  private head(features: tf.Tensor4D): tf.Tensor4D {
    return ['head1', 'head2', 'logits'].reduce(
      (x, name) => this.conv(tf.relu(x), name, rasterMask(1, 'B')),
      features,
    );
  }

  private conv(x: tf.Tensor4D, name: string, mask: Float32Array, dilation = 1): tf.Tensor4D {
    const side = Math.sqrt(mask.length);
    const {rows, columns, centerRow, centerColumn} = liveTaps(mask);
    const [top, left] = [(side - 1) / 2 - centerRow, (side - 1) / 2 - centerColumn];
    const whole = this.variable(`${name}.weights`, (stored) => {
      const beside: [number, number][] = [
        [top, side - top - rows],
        [left, side - left - columns],
        [0, 0],
        [0, 0],
      ];
      return tf.pad(stored, beside);
    });
    const hidden = mask.includes(0)
      ? this.mask(name, () => tf.tensor4d(mask, [side, side, 1, 1]))
      : undefined;
    const kernel = hidden === undefined ? whole : tf.mul(whole, hidden);
    const y = tf.conv2d(x, kernel as tf.Tensor4D, 1, 'same', 'NHWC', dilation);
    return tf.add(y, this.variable(`${name}.bias`));
  }

  /** A variable of its own that begins with what the model's parameter holds. */
  private variable(name: string, whole: (stored: tf.Tensor) => tf.Tensor = tf.clone): tf.Variable {
    let variable = this.variables.get(name);
    if (variable === undefined) {
      const stored = this.model.parameters.get(name);
      if (stored === undefined) throw new Error(`the model has no parameter ${name}`);
      variable = tf.variable(
        tf.tidy(() => whole(stored)),
        true,
        `plain.${name}`,
      );
      this.variables.set(name, variable);
    }
    return variable;
  }

  private mask(name: string, make: () => tf.Tensor): tf.Tensor {
    let mask = this.masks.get(name);
    if (mask === undefined) {
      mask = tf.keep(tf.tidy(make));
      this.masks.set(name, mask);
    }
    return mask;
  }
}
