import type {AutoregressiveModel, Images} from '../types';

/** How a model that knows classes hears of those of the images that it is shown. */

/**
 * The model as images of a data set are shown to it: told their classes, where it has to be.
 *
 * @param indices which of the images, in the order of the batch
 * @returns the model itself where there is nothing to tell; else a view that shares its parameters and owns nothing
 * @throws RangeError when labels are needed and missing, or one is out of range
 */
export function withLabelsOf(
  model: AutoregressiveModel,
  images: Images,
  indices: ArrayLike<number>,
): AutoregressiveModel {
  if (model.withLabels === undefined || model.needsLabels !== true) return model;
  const labels = labelsOf(model, images);
  return model.withLabels(Array.from(indices, (i) => labels[i]));
}

/** Whether the model can be shown these images. @throws RangeError when labels are needed and missing, or one is out of range */
export function checkLabels(model: AutoregressiveModel, images: Images): void {
  if (model.needsLabels === true) model.withLabels?.(labelsOf(model, images));
}

function labelsOf(model: AutoregressiveModel, {labels, count}: Images): Uint8Array {
  if (labels === undefined) {
    throw new RangeError(
      `${model.name}: the model is to be told the class of every image, but the images have no labels; ` +
        'use images with labels, or tell it with withLabels first',
    );
  }
  if (labels.length !== count) {
    throw new RangeError(`${model.name}: ${count} images need ${count} labels, got ${labels.length}`);
  }
  return labels;
}
