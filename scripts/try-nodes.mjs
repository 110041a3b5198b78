/**
 * Runs the tests on other versions of Node, as far as npm has them as packages.
 * `npm run try-nodes -- [MAJOR]… [part of the name of a test file]…`; default 20 22 24 26 and all tests.
 */
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {root, sharedCache} from './setup/files.mjs';
import {findNpm} from './setup/prerequisites.mjs';

const args = process.argv.slice(2);
const majors = args.filter((arg) => /^\d+$/.test(arg));
const filters = args.filter((arg) => !/^\d+$/.test(arg));
const failed = [];

for (const major of majors.length > 0 ? majors : ['20', '22', '24', '26']) {
  const node = fetchNode(major);
  const {stdout} = spawnSync(node, ['--version'], {encoding: 'utf8'});
  console.log(`\n== Node ${stdout.trim()} ==`);
  const result = spawnSync(node, [path.join(root, 'scripts', 'run.mjs'), 'test', ...filters], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    // Tests that start `node` by name get the same one.
    env: {...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`},
  });
  if (result.status !== 0) failed.push(stdout.trim());
}
if (failed.length > 0) console.error(`\nFailed on Node ${failed.join(', ')}.`);
process.exitCode = failed.length > 0 ? 1 : 0;

/** The newest Node of a major version, from the npm package that holds its binary. */
function fetchNode(major) {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = path.join(sharedCache(), 'nodes', major);
  const node = path.join(folder, 'node_modules', name, 'bin', 'node');
  if (fs.existsSync(node)) return node;
  console.log(`Fetching Node ${major} …`);
  fs.mkdirSync(folder, {recursive: true});
  const [npm, ...first] = findNpm();
  const options = [
    '--prefix',
    folder,
    '--ignore-scripts',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const {status} = spawnSync(npm, [...first, 'install', ...options, `${name}@${major}`], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0 || !fs.existsSync(node)) {
    console.error(`npm has no ${name}@${major}, or cannot be reached.`);
    process.exit(1);
  }
  return node;
}
