import * as tf from '@tensorflow/tfjs';
import {rewire, WIRINGS, type Wiring, type WiringName} from './gatedWiring';
import {type Dependence, dependence, orderViolations} from './jacobian';
import {labelPosterior} from './labelPosterior';
import {GatedPixelCnn, type GatedPixelCnnConfig} from './models/gatedPixelCnn';

/**
 * The checks of the exercises in notebook 06: one sentence each, never an error, so that an unsolved exercise does not stop
 * the notebook. test/exercisesGated.test.ts solves each of them.
 */

/** The model that every wiring is tried on: three layers with kernels of 3, on images of 5 x 6. */
export const WIRING_MODEL: GatedPixelCnnConfig = {
  ...{height: 5, width: 6, channels: 1, levels: 2, features: 12, dilations: [1, 1]},
  ...{firstSize: 3, size: 3, head: 12, classes: 0},
};

/** The logit that is asked for: row 2, column 2 of the 5 x 6 pixels. */
export const ASKED = {row: 2, column: 2} as const;

/** Which pixels [row, column] the asked logit sees although they do not come before it, when the stacks are joined so. */
export async function checkLeaks(
  name: WiringName,
  mine: readonly (readonly [number, number])[] | undefined,
): Promise<string> {
  return verdict(`what leaks: ${name}`, async () => {
    if (mine === undefined) throw new Error('write the list of pixels above, then run this cell again');
    const {width} = WIRING_MODEL;
    const asked = ASKED.row * width + ASKED.column;
    const {leaks} = await violations(WIRINGS[name]);
    const found = leaks.filter(({logit}) => logit === asked).map(({pixel}) => pixel);
    const guessed = mine.map(([row, column]) => row * width + column);
    const missed = found.filter((pixel) => !guessed.includes(pixel)).length;
    const wrong = guessed.find((pixel) => !found.includes(pixel));
    if (wrong !== undefined) throw new Error(`${placeOf(wrong)} does not leak`);
    if (missed > 0) throw new Error(`${missed} more leak than you have named`);
  });
}

/**
 * A layer that the student has joined: no leak, no blind spot, and the values of figure 2, since a link after the gate leaks
 * nothing and hides nothing.
 */
export async function checkWiring(mine: Wiring): Promise<string> {
  return verdict('a layer that keeps the order', async () => {
    const {leaks, blind} = await violations(mine);
    const [leak] = leaks;
    if (leak !== undefined) {
      const rest = leaks.length > 1 ? `, and ${leaks.length - 1} more leak` : '';
      throw new Error(`${describe(leak)}, which does not come before it${rest}`);
    }
    const [lost] = blind.filter(({logit, pixel}) => withinReach(logit, pixel));
    if (lost !== undefined) throw new Error(`${describe(lost).replace('sees', 'no longer sees')}`);
    const model = GatedPixelCnn.create(WIRING_MODEL, 1);
    try {
      const apart = tf.tidy(() => {
        const {height, width} = model.image;
        const x = tf.randomUniform([4, height, width, 1], 0, 1, 'float32', 5) as tf.Tensor4D;
        const [ours, yours] = [WIRINGS.right, mine].map((wiring) => rewire(model, wiring).logits(x));
        return tf.max(tf.abs(tf.sub(ours, yours))).dataSync()[0];
      });
      if (apart > 1e-5) {
        throw new Error(
          `nothing leaks and nothing is hidden, but the logits are up to ${apart.toPrecision(2)} from those of ` +
            "figure 2's layer: no property of the Jacobian can see this one. From where is the link taken?",
        );
      }
    } finally {
      model.dispose();
    }
  });
}

/** p(class | x) from the nats of one image under each class, also where exp(-nats) is too small for a number. */
export async function checkPosterior(
  mine: (nats: readonly number[]) => ArrayLike<number> | undefined,
): Promise<string> {
  return verdict("Bayes' rule", () => {
    for (const nats of [
      [1, 2, 4],
      [84, 85.5, 91],
      [900, 903],
    ]) {
      const answer = mine(nats);
      if (answer === undefined) throw new Error('write your answer above, then run this cell again');
      const expected = labelPosterior(nats);
      if (answer.length !== expected.length) {
        throw new Error(`${nats.length} classes have as many probabilities, yours are ${answer.length}`);
      }
      const wrong = expected.findIndex((p, k) => !(Math.abs(answer[k] - p) < 1e-6));
      if (wrong !== -1) {
        throw new Error(
          `with ${nats.join(', ')} nats class ${wrong} has probability ${expected[wrong].toFixed(4)}, yours gave ${answer[wrong]}`,
        );
      }
    }
  });
}

async function violations(wiring: Wiring): Promise<{leaks: Dependence[]; blind: Dependence[]}> {
  const model = GatedPixelCnn.create(WIRING_MODEL, 1);
  try {
    return orderViolations(await dependence(rewire(model, wiring), {seed: 2}), model.order);
  } finally {
    model.dispose();
  }
}

/** Three layers of 3 x 3 see three rows up and three columns to either side. */
function withinReach(logit: number, pixel: number): boolean {
  const {width, dilations} = WIRING_MODEL;
  const layers = 1 + dilations.length;
  const rows = Math.floor(logit / width) - Math.floor(pixel / width);
  return rows <= layers && Math.abs((logit % width) - (pixel % width)) <= layers;
}

function describe({logit, pixel}: Dependence): string {
  return `the logit of ${placeOf(logit)} sees ${logit === pixel ? 'its own pixel' : placeOf(pixel)}`;
}

function placeOf(index: number): string {
  return `row ${Math.floor(index / WIRING_MODEL.width)}, column ${index % WIRING_MODEL.width}`;
}

/** "Right: …" or "Not yet …"; whatever the student's code throws is a "not yet" too. */
async function verdict(title: string, check: () => void | Promise<void>): Promise<string> {
  try {
    await check();
    return `Right: ${title}.`;
  } catch (error) {
    return `Not yet (${title}): ${error instanceof Error ? error.message : String(error)}.`;
  }
}
