import * as path from 'node:path';
import {writeFileAtomically} from '../lib/storage/files';
import {buildFolder, projectRoot} from '../lib/storage/paths';
import {readArguments, run, userPath} from './cli';
import {buildPlayground} from './playground/build';
import {filmPlayground} from './playground/film';
import {linkPlayground} from './playground/link';
import {measurePlayground, measuresMarkdown} from './playground/measure';

const HELP = `npm run playground -- [options]

Builds the page on which the five models run live, and prints where it is. It opens without a server and
without the network, and the folder can be published as it is.
  --out FOLDER      where to (default build/playground)
  --measure         opens it in Chromium, too, and prints how large it is and how fast it answers
  --film FILE.png   opens it in Chromium, too, and writes it at work as an animated PNG (docs/playground.png
                    is one)`;

run(async () => {
  const args = readArguments(HELP, {
    out: {type: 'string'},
    measure: {type: 'boolean'},
    film: {type: 'string'},
  });
  const given = args.text('out');
  const folder = given === undefined ? path.join(buildFolder(), 'playground') : userPath(given);
  await buildPlayground(folder);
  linkPlayground(projectRoot(), folder);
  console.log(`Open ${path.join(folder, 'index.html')} in a browser.`);
  const film = args.text('film');
  if (film !== undefined) writeFileAtomically(userPath(film), await filmPlayground(folder));
  if (args.flag('measure')) console.log(`\n${measuresMarkdown(await measurePlayground(folder))}`);
});
