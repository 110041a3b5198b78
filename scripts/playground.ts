import * as path from 'node:path';
import {projectRoot} from '../lib/storage/paths';
import {readArguments, run, userPath} from './cli';
import {buildPlayground} from './playground/build';

const HELP = `npm run playground -- [options]

Builds the page on which the five models run live, and prints where it is. It opens without a server and without the network, and the
folder can be published as it is.
  --out FOLDER      where to (default build/playground)`;

run(async () => {
  const args = readArguments(HELP, {out: {type: 'string'}});
  const given = args.text('out');
  const folder = given === undefined ? path.join(projectRoot(), 'build', 'playground') : userPath(given);
  await buildPlayground(folder);
  console.log(`Open ${path.join(folder, 'index.html')} in a browser.`);
});
