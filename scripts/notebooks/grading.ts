import {execFileSync, spawn} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {projectRoot} from '../../lib/storage/paths';
import {venvPython} from './execute';
import {exerciseCells, readVerdicts, type Verdict} from './exercises';
import {type Cell, type Notebook, stringify, textOf} from './notebook';
import {neededCells} from './slice';

/** What became of a student's notebook. */
export interface Grade {
  readonly file: string;
  /** The lesson it belongs to, such as "06-gated-pixelcnn.ipynb"; empty where that is unknown. */
  readonly lesson: string;
  /**
   * `tampered`: a check cell is not the committed one, or the check was replaced; `broken`:
   * it could not be run to its end.
   */
  readonly state: 'graded' | 'tampered' | 'broken';
  /** Why it is not simply graded; empty otherwise. */
  readonly note: string;
  /** One for each verdict of the committed notebook's check cells, in their order. */
  readonly exercises: readonly Verdict[];
}

export interface GradeOptions {
  /** Seconds for one notebook. */
  readonly limit: number;
  /** Whether every cell is run, not only those that the checks need. */
  readonly whole?: boolean;
  /** The committed notebooks by file name; those of this repository where it is left out. */
  readonly lessons?: ReadonlyMap<string, Notebook>;
  /** Where the kernels stand: the project, where it is left out. */
  readonly root?: string;
}

/**
 * Executes a student's notebook and reads the verdicts of its checks. It is the committed check
 * cells that are run and read: what a student's own cells print counts for nothing. Of the other
 * cells those are run that the checks need; all of them, where one of those fails. Never throws
 * because of what is in the file.
 */
export async function gradeNotebook(file: string, options: GradeOptions): Promise<Grade> {
  const {lessons = committedNotebooks(), limit, whole = false, root = projectRoot()} = options;
  const broken = (note: string, lesson = '', exercises: readonly Verdict[] = []): Grade => {
    return {file, lesson, state: 'broken', note, exercises};
  };
  let student: Notebook;
  try {
    student = JSON.parse(fs.readFileSync(file, 'utf8')) as Notebook;
    for (const cell of student.cells) textOf(cell.source);
  } catch (error) {
    return broken(`it cannot be read as a notebook: ${(error as Error).message}`);
  }
  const lesson = lessonOf(student, lessons);
  if (lesson === undefined) {
    return broken(
      'its first heading is none of the course, such as "# 06 · …"; leave the first cell as it is',
    );
  }
  const committed = lessons.get(lesson) as Notebook;
  const {notebook, missing} = withCommittedChecks(student, committed);
  const replaced = replacedNames(student, committed);
  const began = Date.now();
  const short = whole ? notebook : withNeededCells(notebook);
  let {cells, finished, failed} = await execute(short, {limit, root});
  if (!whole && finished && cells.some(({metadata}) => metadata.failed === true)) {
    // Perhaps it needs a cell that was left out, in a way that cannot be read off the names.
    const left = limit - (Date.now() - began) / 1000;
    const all = await execute(notebook, {limit: Math.max(1, left), root});
    if (all.finished) ({cells, finished, failed} = all);
  }
  const exercises = verdictsOf(committed, cells);
  if (missing.length > 0 || replaced.length > 0) {
    const what = [
      ...missing.map((name) => `the check of "${name}" is not the committed one`),
      ...replaced.map((name) => `a cell puts something else in the place of ${name}`),
    ];
    return {file, lesson, state: 'tampered', note: what.join('; '), exercises};
  }
  if (!finished) return broken(failed ?? `it did not end within ${limit} s`, lesson, exercises);
  return {file, lesson, state: 'graded', note: '', exercises};
}

/** The notebooks as they are committed; as they lie there, where this is no git repository. */
function committedNotebooks(root = projectRoot()): Map<string, Notebook> {
  const names = fs.readdirSync(path.join(root, 'notebooks')).filter((name) => name.endsWith('.ipynb'));
  const read = (name: string): string => {
    try {
      return execFileSync('git', ['show', `HEAD:notebooks/${name}`], {
        ...{cwd: root, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore']},
      });
    } catch {
      return fs.readFileSync(path.join(root, 'notebooks', name), 'utf8');
    }
  };
  return new Map(names.map((name) => [name, JSON.parse(read(name)) as Notebook]));
}

/** By the number in the first heading, so that a file may have any name. */
function lessonOf({cells}: Notebook, lessons: ReadonlyMap<string, Notebook>): string | undefined {
  const number = /^# (\d\d) · /.exec(textOf(cells[0]?.source))?.[1];
  return number === undefined ? undefined : [...lessons.keys()].find((name) => name.startsWith(`${number}-`));
}

const trimmed = (cell: Cell): string => textOf(cell.source).trim();
const CHECK_TAG = 'graded-check';

function checkCells(notebook: Notebook): Cell[] {
  return exerciseCells(notebook).flatMap(({cell, check}) => (check ? [cell] : []));
}

/**
 * The student's notebook with every committed check cell in it, marked; those
 * that are missing come at its end.
 */
function withCommittedChecks(
  student: Notebook,
  committed: Notebook,
): {notebook: Notebook; missing: string[]} {
  const left = checkCells(committed);
  const marked = (cell: Cell, index: number): Cell => ({
    ...{cell_type: 'code', metadata: {tags: [CHECK_TAG]}, source: cell.source, outputs: []},
    ...{execution_count: null, id: `check-${index}`},
  });
  const cells = student.cells.map((cell, i): Cell => {
    const at = left.findIndex((check) => cell.cell_type === 'code' && trimmed(check) === trimmed(cell));
    if (at !== -1) return marked(left.splice(at, 1)[0], i);
    const {id: _, ...rest} = cell;
    return cell.cell_type === 'code'
      ? {...rest, id: `cell-${i}`, metadata: {}, outputs: [], execution_count: null}
      : {...rest, id: `cell-${i}`, metadata: {}};
  });
  const missing = left.flatMap((cell) => verdictNames(cell));
  const ends = left.map((cell, i) => marked(cell, cells.length + i));
  return {notebook: {...committed, cells: [...cells, ...ends]}, missing};
}

/**
 * Names of the checks, of the course and of the console that the student's cells declare or
 * assign, where the lesson does not.
 */
function replacedNames(student: Notebook, committed: Notebook): string[] {
  const known = new Set(committed.cells.map(trimmed));
  const name = String.raw`(course|lib|console|check[A-Z]\w*)`;
  const forms = [
    new RegExp(String.raw`\b(?:const|let|var|function|class)\s+${name}\b`, 'g'),
    new RegExp(String.raw`\b${name}(?:\.\w+|\[[^\]]*\])*\s*=(?![=>])`, 'g'),
    new RegExp(String.raw`\bimport\b[^;'"]*\b${name}\b[^;'"]*from\b`, 'g'),
  ];
  const found = student.cells
    .filter((cell) => cell.cell_type === 'code' && !known.has(trimmed(cell)))
    .flatMap((cell) => forms.flatMap((form) => [...textOf(cell.source).matchAll(form)].map((hit) => hit[1])));
  return [...new Set(found)];
}

/** The exercises that a committed check cell gives a verdict on: its output names them. */
function verdictNames(check: Cell): string[] {
  return readVerdicts(outputText(check)).map(({exercise}) => exercise);
}

function outputText({outputs = []}: Cell): string {
  return outputs.flatMap(({name, text}) => (name === 'stdout' ? [textOf(text)] : [])).join('');
}

function isCheck({metadata}: Cell): boolean {
  return (metadata.tags as string[] | undefined)?.includes(CHECK_TAG) ?? false;
}

/** The notebook with the code of every cell taken out that its checks can do without. */
function withNeededCells(notebook: Notebook): Notebook {
  const {cells} = notebook;
  const sources = cells.map(({cell_type, source}) => (cell_type === 'code' ? textOf(source) : ''));
  const needed = neededCells(
    sources,
    cells.flatMap((cell, i) => (isCheck(cell) ? [i] : [])),
  );
  return {...notebook, cells: cells.map((cell, i) => (needed.has(i) ? cell : {...cell, source: ''}))};
}

function verdictsOf(committed: Notebook, cells: readonly Cell[]): Verdict[] {
  const checks = cells.filter(isCheck);
  const given = new Map(
    checks.flatMap((cell) => readVerdicts(outputText(cell)).map((verdict) => [verdict.exercise, verdict])),
  );
  const names = checkCells(committed).flatMap(verdictNames);
  // A committed notebook that was not executed names no exercises: then the verdicts themselves do.
  return (names.length > 0 ? names : [...given.keys()]).map((exercise) => {
    const reason = 'its check did not end: an earlier cell failed or took too long';
    return given.get(exercise) ?? {exercise, verdict: 'wrong', reason};
  });
}

/** Runs a notebook in a kernel of its own, past cells that fail, for `limit` seconds at most. */
function execute(
  notebook: Notebook,
  {limit, root}: {readonly limit: number; readonly root: string},
): Promise<{cells: readonly Cell[]; finished: boolean; failed: string | null}> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'grade-'));
  const [file, out] = ['student.ipynb', 'executed'].map((name) => path.join(folder, name));
  fs.mkdirSync(out);
  fs.writeFileSync(file, stringify(notebook));
  const script = path.join(__dirname, 'execute.py');
  const runner = spawn(venvPython(), [script, '--past-errors', root, out, file], {
    stdio: ['pipe', 'ignore', 'pipe'],
    // Figures of students are theirs: they must not replace those of the project.
    env: {...process.env, PAPER_FIGURES: 'off', AUTOREGRESSIVE_FIGURES: path.join(folder, 'figures')},
  });
  let words = '';
  runner.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-2000);
  });
  let inTime = true;
  // It ends, and its kernel with it, when its standard input does.
  const clock = setTimeout(() => {
    inTime = false;
    runner.stdin.end();
  }, 1000 * limit);
  const killer = setTimeout(() => runner.kill('SIGKILL'), 1000 * (limit + 20));
  return new Promise((resolve) => {
    runner.on('error', (error) => resolve({cells: [], finished: false, failed: error.message}));
    runner.on('close', (code) => {
      clearTimeout(clock);
      clearTimeout(killer);
      const executed = path.join(out, path.basename(file));
      const cells = fs.existsSync(executed)
        ? (JSON.parse(fs.readFileSync(executed, 'utf8')) as Notebook).cells
        : [];
      fs.rmSync(folder, {recursive: true, force: true});
      const failed = inTime && code !== 0 ? `it could not be run: ${words.trim().split('\n').pop()}` : null;
      resolve({cells, finished: inTime && code === 0, failed});
    });
  });
}
