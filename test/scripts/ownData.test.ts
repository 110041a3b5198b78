import assert from 'node:assert/strict';
import test from 'node:test';
import {readArguments, UsageError} from '../../scripts/cli';
import {keepFolder, keepIdx, OWN_OPTIONS} from '../../scripts/data/own';

/** The options of `npm run data -- folder` and `idx`. What they do: test/scripts/data.test.ts. */

test('options that say nothing, or contradict, before an image is read', async () => {
  const cases: [string[], RegExp][] = [
    [['folder'], /which folder\?/],
    [['folder', 'x'], /--name is missing/],
    [['folder', 'x', '--name', 'cifar10'], /a data set that everybody has/],
    [['folder', 'x', '--name', 'x', '--levels', '3'], /--levels must be 2, 4, 16 or 256, got '3'/],
    [['folder', 'x', '--name', 'x', '--levels', '4', '--binarize', 'static'], /--binarize gives two levels/],
    [
      ['folder', 'x', '--name', 'x', '--channels', '2'],
      /--channels must be 1 \(gray\) or 3 \(color\), got '2'/,
    ],
    [['folder', 'x', '--name', 'x', '--labels', 'yes'], /--labels must be from-folders, got 'yes'/],
    [['folder', 'x', '--name', 'x', '--split', '80/20'], /--split must be shares .* got '80\/20'/],
    [['folder', 'x', '--name', 'x', '--transpose'], /--transpose is for npm run data -- idx/],
    [['idx', 'x', '--name', 'x', '--size', '8'], /--size is for npm run data -- folder/],
    [
      ['idx', 'x', '--name', 'x', '--test-labels', 'y'],
      /--test-labels goes with --test-images: give both, or neither/,
    ],
    [['folder', 'nowhere', '--name', 'x'], /nowhere cannot be read: there is no such folder/],
  ];
  for (const [args, message] of cases) {
    process.argv = ['node', 'data', ...args];
    const given = readArguments('', OWN_OPTIONS);
    const {signal} = new AbortController();
    const keep = async () => (args[0] === 'idx' ? keepIdx(given) : keepFolder(given, signal));
    await assert.rejects(keep, (error: Error) => {
      assert.match(error.message, message);
      return error instanceof UsageError || error instanceof RangeError;
    });
  }
});
