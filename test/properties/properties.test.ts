import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {CONTROLS, type Control} from './controls';
import {MODELS, type ModelUnderTest} from './models';
import {
  cacheAndBatchChangeNothing,
  jacobianFollowsOrder,
  perturbationFollowsOrder,
  samplerFollowsLikelihood,
  sumsToOne,
} from './suite';

test.before(() => startEngine());

const properties: Record<string, (kind: ModelUnderTest) => Promise<void>> = {
  'Jacobian by gradient, 3 x 3': (kind) => jacobianFollowsOrder(kind, 3, 3),
  'Jacobian by gradient, 5 x 10': (kind) => jacobianFollowsOrder(kind, 5, 10),
  'Jacobian by perturbation, 3 x 3': (kind) => perturbationFollowsOrder(kind, 3, 3),
  'Jacobian by perturbation, 5 x 10': (kind) => perturbationFollowsOrder(kind, 5, 10),
  'sums to one': sumsToOne,
  'sampler against likelihood': samplerFollowsLikelihood,
  'cached equals naive, one image equals many': cacheAndBatchChangeNothing,
};

/**
 * The faults that a property must find. The others it cannot: a blind model is a distribution, a
 * cache is not asked for a Jacobian.
 */
const finds: Record<string, readonly Control['fault'][]> = {
  'Jacobian by gradient, 3 x 3': ['leaky'],
  'Jacobian by gradient, 5 x 10': ['leaky', 'blind'],
  'Jacobian by perturbation, 3 x 3': ['leaky'],
  'Jacobian by perturbation, 5 x 10': ['leaky', 'blind'],
  'sums to one': ['leaky'],
  'sampler against likelihood': ['leaky', 'forgetful'],
  'cached equals naive, one image equals many': ['forgetful'],
};

for (const [property, check] of Object.entries(properties)) {
  for (const kind of MODELS) test(`${property}: ${kind.name}`, () => check(kind));
  for (const control of CONTROLS) {
    if (!finds[property].includes(control.fault)) continue;
    if (control.hiddenFromSamples && property === 'sampler against likelihood') continue;
    test(`${property}: finds ${control.name}`, () => assert.rejects(check(control), assert.AssertionError));
  }
}
