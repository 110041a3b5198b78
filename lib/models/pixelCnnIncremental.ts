import {PixelProgram, type RestartableLogits} from '../engine/pixelProgram';
import type {PixelCnn} from './pixelCnn';
import {headSteps} from './raster';

/**
 * PixelCNN's logits value by value: each layer computes the new pixel only, from
 * the features of those before it.
 */
export function startPixelCnn(model: PixelCnn, count: number): RestartableLogits {
  const program = new PixelProgram(model.image, model.levels);
  let features = program.convolve(program.image, model.first.numbers());
  for (const {down, middle, up} of model.blocks) {
    const low = program.convolve(program.rectify(features), down.numbers(), 'relu');
    const inside = program.convolve(low, middle.numbers(), 'relu');
    features = program.convolve(inside, up.numbers(), 'none', {added: features});
  }
  headSteps(program, features, model.head);
  return program.start(count);
}
