import type * as tf from '@tensorflow/tfjs';
import {type PixelBuffer, PixelProgram, type RestartableLogits} from '../engine/pixelProgram';
import type {GatedLayer} from '../layers/gated';
import type {GatedPixelCnn} from './gatedPixelCnn';
import {headSteps} from './raster';

/**
 * Gated PixelCNN's logits value by value. The vertical stack of a row knows the rows above only, so it is
 * computed for the whole row when the row begins; then the horizontal stack computes one pixel at a time.
 *
 * @param classes [1 or count, classes] of the images, or null; disposed here
 */
export function startGated(
  model: GatedPixelCnn,
  count: number,
  classes: tf.Tensor2D | null,
): RestartableLogits {
  const program = new PixelProgram(model.image, model.levels);
  let [vertical, horizontal] = [program.image, program.image];
  for (const [k, layer] of model.layers.entries()) {
    const ofClass = (stack: 'vertical' | 'horizontal'): PixelBuffer | null =>
      classes === null ? null : program.constant(classBias(layer, stack, classes, count), count);
    const phase = 'row';
    const above = program.convolve(vertical, layer.vertical.numbers(), 'none', {
      ...{phase, added: ofClass('vertical')},
    });
    const given = program.convolve(above, layer.link.numbers(), 'none', {
      phase,
      added: ofClass('horizontal'),
    });
    // Nothing asks for the vertical stack of the last layer.
    if (k + 1 < model.layers.length) vertical = program.gate(above, phase);
    const left = program.convolve(horizontal, layer.horizontal.numbers(), 'none', {added: given});
    const added = layer.spec.first ? null : horizontal;
    horizontal = program.convolve(program.gate(left), layer.point.numbers(), 'none', {added});
  }
  classes?.dispose();
  headSteps(program, horizontal, model.head);
  return program.start(count);
}

/** [count, 2 features]: what the class of each image adds to a stack. */
function classBias(
  layer: GatedLayer,
  stack: 'vertical' | 'horizontal',
  classes: tf.Tensor2D,
  count: number,
): Float32Array {
  const added = layer.classBias(stack, classes);
  const values = added.dataSync() as Float32Array;
  added.dispose();
  return Float32Array.from({length: count * 2 * layer.spec.features}, (_, i) => values[i % values.length]);
}
