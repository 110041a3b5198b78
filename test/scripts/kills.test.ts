import assert from 'node:assert/strict';
import test from 'node:test';
import {killAndResume} from './kills';

test('the real command, killed three times at random moments, resumes to the bit', async (t) => {
  const seed = Date.now() % 2 ** 32;
  t.diagnostic(`moments of seed ${seed}`);
  const {kills, ended, resumed} = await killAndResume(3, seed);
  t.diagnostic(`${kills} kills, ${resumed} lives that went on from a state, ${ended} runs ended`);
  assert.ok(kills === 3 && ended >= 1);
});
