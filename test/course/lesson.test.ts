import assert from 'node:assert/strict';
import test from 'node:test';
import {startLesson} from '../../lib/course/lesson';
import {MADE_PRESETS, Made} from '../../lib/index';
import {TRAIN_DEFAULTS} from '../../lib/types';

test('a lesson shows, tells progress, trains and gives hints, each by a function of its own', async () => {
  const shown: string[] = [];
  const display = {raw: (mime: string, data: unknown) => shown.push(`${mime} ${String(data)}`)};
  const lesson = await startLesson(
    {notebook: '02-made-masks', seed: 0},
    {display, newDisplay: () => display},
  );
  const {show, bar, train, hint} = lesson;
  show({markdown: 'words'});
  assert.deepEqual(shown.splice(0), ['text/markdown words']);
  bar()(1, '3 of 3');
  assert.match(shown.splice(0).join(), /100 % {2}3 of 3/);
  const images = {pixels: new Uint8Array(90), count: 10, height: 3, width: 3, channels: 1};
  const made = Made.create({...MADE_PRESETS.small, height: 3, width: 3, hidden: [8]}, 0);
  const data = {train: images, validation: images};
  const {history} = await train(made, data, {...TRAIN_DEFAULTS, batchSize: 5}, 'black');
  made.dispose();
  assert.equal(history.length, 2);
  assert.match(shown.join(), /100 % {2}black: \d+\.\d\d nats/);
  assert.throws(() => hint(99), /must be one of 1, 2, 3, got 99/);
});
