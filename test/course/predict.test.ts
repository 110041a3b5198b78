import assert from 'node:assert/strict';
import test from 'node:test';
import {compareGuess} from '../../lib/course/predict';

test('a guess stands beside what was measured, to the printed digits', () => {
  assert.equal(compareGuess('blind pixels', 60, 78), 'blind pixels: your guess 60, measured 78');
  assert.equal(compareGuess('blind pixels', 78, 78), 'blind pixels: your guess 78, measured 78. Right!');
  assert.equal(compareGuess('nats', 4.1, 4.149, 1), 'nats: your guess 4.1, measured 4.1. Right!');
  assert.equal(compareGuess('leaks', false, true), 'leaks: your guess no, measured yes');
  assert.match(compareGuess('blind pixels', undefined, 78), /no guess yet .*, measured 78$/);
});
