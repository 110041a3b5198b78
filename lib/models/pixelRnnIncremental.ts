import {type PixelBuffer, PixelProgram, type RestartableLogits} from '../engine/pixelProgram';
import type {PixelRnn} from './pixelRnn';
import {headSteps} from './raster';

/**
 * The logits of a Row LSTM or a Diagonal BiLSTM value by value: the states of the
 * pixels before are carried along.
 */
export function startPixelRnn(model: PixelRnn, count: number): RestartableLogits {
  const program = new PixelProgram(model.image, model.levels);
  let features = program.convolve(program.image, model.first.numbers());
  let skipped: PixelBuffer | null = null;
  for (const [k, layer] of model.layers.entries()) {
    const states = layer.steps(program, features);
    const added = model.config.residual ? features : null;
    features = program.convolve(states, model.up[k].numbers(), 'none', {added});
    if (model.skip.length > 0) {
      skipped = program.convolve(states, model.skip[k].numbers(), 'none', {added: skipped});
    }
  }
  headSteps(program, skipped === null ? features : program.add(features, skipped), model.head);
  return program.start(count);
}
