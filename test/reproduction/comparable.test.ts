import assert from 'node:assert/strict';
import test from 'node:test';
import {type Conditions, whyNotComparable} from '../../lib/reproduction/comparable';

const digits: Conditions = {
  dataset: 'MNIST',
  split: 'test',
  binarization: 'static, seed 0',
  levels: 2,
  image: {height: 28, width: 28, channels: 1},
  isGivenClasses: false,
};

test('likelihoods of the same images under the same rules are compared', () => {
  assert.equal(whyNotComparable(digits, {...digits, image: {...digits.image}}), null);
});

test('each difference that moves the number whatever the model is said', () => {
  const cases: [Partial<Conditions>, string][] = [
    [{dataset: 'shapes'}, 'of other images: MNIST, and shapes'],
    [{split: 'validation'}, 'of another part of the images: test, and validation'],
    [{image: {...digits.image, channels: 3}}, 'of images of another size: 28 x 28 x 1, and 28 x 28 x 3'],
    [{levels: 4}, 'of images of other levels: 2 levels, and 4 levels'],
    [{binarization: 'threshold'}, 'of another way to black and white: static, seed 0, and threshold'],
    [
      {isGivenClasses: true},
      'of models that are given other things: not given classes, and given the class of each image',
    ],
  ];
  for (const [change, said] of cases) {
    const sentence = `these numbers cannot be compared, they are ${said}`;
    assert.equal(whyNotComparable(digits, {...digits, ...change}), sentence);
  }
});
