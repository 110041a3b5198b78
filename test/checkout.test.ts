import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';

const root = path.resolve(__dirname, '..');
const text = (...parts: string[]): string => fs.readFileSync(path.join(root, ...parts), 'utf8');

test('a checkout has the same line ends on every system', (t) => {
  const files = ['lib/index.ts', 'notebooks/01-autoregression.ipynb', 'data/checkpoints/README.md'];
  const {status, stdout, stderr} = spawnSync('git', ['check-attr', 'text', 'eol', '--', ...files], {
    cwd: root,
    encoding: 'utf8',
  });
  // An archive of the project has no git around it.
  if (status !== 0) {
    assert.ok(!fs.existsSync(path.join(root, '.git')), stderr);
    return t.skip('no git around the project');
  }
  for (const file of files) {
    assert.match(stdout, new RegExp(`${file}: eol: lf`));
    assert.ok(!text(file).includes('\r'), file);
  }
});

test('the containers start from what is there', () => {
  const docker = text('Dockerfile');
  const container = JSON.parse(text('.devcontainer', 'devcontainer.json').replace(/^\s*\/\/.*$/gm, ''));
  assert.match(docker, new RegExp(`AS ${container.build.target}$`, 'm'));
  assert.ok(fs.existsSync(path.join(root, '.devcontainer', container.build.dockerfile)));
  for (const file of container.customizations.codespaces.openFiles)
    assert.ok(fs.existsSync(path.join(root, file)), file);
  const {scripts, engines} = JSON.parse(text('package.json'));
  for (const [, script] of `${docker}\n${container.postCreateCommand}`.matchAll(
    /npm", "run", "(\w+)|npm run (\w+)/g,
  )) {
    if (script !== undefined) assert.ok(script in scripts, script);
  }
  const least = Number(/\d+/.exec(engines.node)?.[0]);
  assert.ok(Number(/FROM node:(\d+)/.exec(docker)?.[1]) >= least);
});
