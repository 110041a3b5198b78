import assert from 'node:assert/strict';
import test from 'node:test';
import {startEngine} from '../../lib/engine/index';
import {MODELS, type ModelUnderTest, wrongMade} from './models';
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

/** What only the demand for dependences can find, and what every property must find. */
const finds: Record<string, readonly ('leaky' | 'blind')[]> = {
  'Jacobian by gradient, 3 x 3': ['leaky', 'blind'],
  'Jacobian by gradient, 5 x 10': ['leaky', 'blind'],
  'Jacobian by perturbation, 3 x 3': ['leaky', 'blind'],
  'Jacobian by perturbation, 5 x 10': ['leaky', 'blind'],
  'sums to one': ['leaky'],
  'sampler against likelihood': ['leaky', 'blind'],
  'cached equals naive, one image equals many': ['leaky', 'blind'],
};

for (const [property, check] of Object.entries(properties)) {
  for (const kind of MODELS) test(`${property}: ${kind.name}`, () => check(kind));
  for (const fault of finds[property]) {
    test(`${property}: finds a ${fault} model`, () =>
      assert.rejects(check(wrongMade(fault)), assert.AssertionError));
  }
}
