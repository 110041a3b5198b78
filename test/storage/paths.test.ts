import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {checkpointFile, dataFolder, projectRoot, runFiles} from '../../lib/storage/paths';

const before = process.env.AUTOREGRESSIVE_DATA;
test.afterEach(() => {
  if (before === undefined) delete process.env.AUTOREGRESSIVE_DATA;
  else process.env.AUTOREGRESSIVE_DATA = before;
});

test('the project is the folder with package.json, wherever the process was started', () => {
  assert.equal(projectRoot(), path.resolve(__dirname, '..', '..'));
  assert.ok(fs.existsSync(path.join(projectRoot(), 'package.json')));
});

test('weights and runs are in data of the project', () => {
  for (const empty of [undefined, '']) {
    if (empty === undefined) delete process.env.AUTOREGRESSIVE_DATA;
    else process.env.AUTOREGRESSIVE_DATA = empty;
    const data = path.join(projectRoot(), 'data');
    assert.equal(dataFolder(), data);
    assert.equal(
      checkpointFile('made', 'orders'),
      path.join(data, 'checkpoints', 'made', 'orders.safetensors'),
    );
    assert.equal(
      runFiles('made', 'small', 3).state,
      path.join(data, 'runs', 'made-small-3', 'state.safetensors'),
    );
  }
});

test('AUTOREGRESSIVE_DATA moves both, and is taken from the working directory', () => {
  process.env.AUTOREGRESSIVE_DATA = 'else where';
  const data = path.join(process.cwd(), 'else where');
  assert.equal(
    checkpointFile('made', 'orders'),
    path.join(data, 'checkpoints', 'made', 'orders.safetensors'),
  );
  assert.equal(
    runFiles('made', 'small', 3).state,
    path.join(data, 'runs', 'made-small-3', 'state.safetensors'),
  );
});
