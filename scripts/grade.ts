import * as fs from 'node:fs';
import * as path from 'node:path';
import {readArguments, run, UsageError, userPath} from './cli';
import {type Grade, gradeNotebook} from './notebooks/grading';

const HELP = `npm run grade -- FILE.ipynb… [--json] [--whole] [--limit SECONDS]

Executes students' notebooks, each in a kernel of its own, and prints exercise by exercise: passed, wrong
or open. The committed check cells are run, whatever became of them in the student's notebook; one that was
changed is named. Of the other cells only those are run that make or change what the checks use: trainings
of an open exercise cost no time. A notebook that cannot be run stops no other. Nothing is written into the
notebooks, and nothing needs the network. A student's code runs as you: use an account or a container of its
own.

  --json           an object for each notebook, in an array
  --whole          runs every cell, from top to bottom
  --limit SECONDS  for one notebook (default 600)

Exit code: 0 when every exercise that has a check is passed, 1 when some are wrong or open, 2 when a
notebook was tampered with or could not be run.`;

run(async () => {
  const args = readArguments(HELP, {
    ...{json: {type: 'boolean'}, whole: {type: 'boolean'}, limit: {type: 'string'}},
  });
  if (args.positionals.length === 0) throw new UsageError(`which notebooks?\n\n${HELP}`);
  const limit = args.integer('limit', 1) ?? 600;
  const files = args.positionals.map(userPath);
  const absent = files.find((file) => !fs.existsSync(file));
  if (absent !== undefined) throw new UsageError(`there is no file ${absent}; correct the path`);
  const grades: Grade[] = [];
  for (const file of files) {
    const grade = await gradeNotebook(file, {limit, whole: args.flag('whole')});
    grades.push(grade);
    if (!args.flag('json')) console.log(textOf(grade));
  }
  if (args.flag('json')) console.log(JSON.stringify(grades, null, 2));
  process.exitCode = exitCode(grades);
});

function textOf({file, lesson, state, note, exercises}: Grade): string {
  const passed = exercises.filter(({verdict}) => verdict === 'passed').length;
  const head = `${path.basename(file)}: ${state === 'graded' ? '' : `${state}: ${note}; `}${passed} of ${exercises.length} passed`;
  const lines = exercises.map(({exercise, verdict, reason}) => {
    return `  ${verdict.padEnd(6)}  ${exercise}${reason === '' ? '' : `: ${reason}`}`;
  });
  return [lesson === '' ? `${path.basename(file)}: ${state}: ${note}` : head, ...lines].join('\n');
}

function exitCode(grades: readonly Grade[]): number {
  if (grades.some(({state}) => state !== 'graded')) return 2;
  const all = grades.flatMap(({exercises}) => exercises);
  return all.every(({verdict}) => verdict === 'passed') ? 0 : 1;
}
