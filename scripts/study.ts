import * as path from 'node:path';
import {startEngine} from '../lib/engine/index';
import {findStudy, runStudy, studies} from '../lib/reproduction/studies';
import {makeFolder, writeFileAtomically} from '../lib/storage/files';
import {buildFolder, projectRoot, studyFile} from '../lib/storage/paths';
import {bar, clock, endProgress, readArguments, run, showProgress, stopSignal, UsageError} from './cli';

const HELP = `npm run study -- NAME | all [--record]

Trains the small runs of a study anew and writes their scores and histories to build/studies/NAME.json; with
--record to data/studies/NAME.json, which notebook 10 draws:
${Object.entries(studies())
  .map(([name, {source}]) => `  ${name.padEnd(13)} ${source}`)
  .join('\n')}`;

run(async () => {
  const args = readArguments(HELP, {record: {type: 'boolean'}});
  const [name, ...rest] = args.positionals;
  if (name === undefined || rest.length > 0) throw new UsageError(`which study?\n\n${HELP}`);
  const names = name === 'all' ? Object.keys(studies()) : [name];
  for (const each of names) findStudy(each);
  const engine = await startEngine();
  const signal = stopSignal('stopping, nothing of this study is written');
  for (const each of names) {
    const started = performance.now();
    const result = await runStudy(each, findStudy(each), engine.description, {
      signal,
      onProgress: (share, what) => {
        const left = ((performance.now() - started) / 1000) * (1 / share - 1);
        showProgress(bar(share), what, `${clock(left)} to go`);
      },
    });
    endProgress();
    const file = args.flag('record') ? studyFile(each) : path.join(buildFolder(), 'studies', `${each}.json`);
    makeFolder(path.dirname(file));
    writeFileAtomically(file, `${JSON.stringify(result)}\n`);
    console.log(`${path.relative(projectRoot(), file)} is written`);
    for (const row of result.rows) {
      console.log(
        `${each} ${row.name}: ${row.nats.toFixed(2)} nats, thresholded ${row.thresholdNats.toFixed(2)}` +
          `${row.ensembleNats === null ? '' : `, ensemble ${row.ensembleNats.toFixed(2)}`}, ${clock(row.seconds)}`,
      );
    }
  }
});
