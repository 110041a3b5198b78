import * as fs from 'node:fs';
import * as path from 'node:path';
import {MESSAGES} from '../../scripts/messages';
import {PROVOKED, UNPROVOKED} from './provoked';
import {shown, type Thrown, type Wording} from './thrown';

/** Rule and value: who reads it knows what to give. */
const ARGUMENT_CHECKS: readonly RegExp[] = [
  /\b(must|needs?|expected|may)\b[\s\S]*\bgot\b/,
  /\b(unknown|no) [\s\S]*'…'[\s\S]*there are …/,
  /says that it is of the model '…'; there are …/,
  /is empty; give/,
  /…[\s\S]*, but [\s\S]*\b(only|at most|takes|ends|must|has|follow)\b/,
  /…[\s\S]*(, expected|: its sha256 is) …/,
];
export const words = (text: string): string[] => text.split(/[^\p{L}\p{N}-]+/u).filter((word) => word !== '');

/** Four words in a row, within what is written: the same sentence, as these tell all sentences apart. */
export function quotes(text: string, wording: Wording): boolean {
  const said = ` ${words(text).join(' ')} `;
  return wording.some((part) => {
    const list = words(part ?? '');
    const size = Math.min(4, list.length);
    return (
      size >= 2 &&
      list.some((_, k) => k + size <= list.length && said.includes(` ${list.slice(k, k + size).join(' ')} `))
    );
  });
}

const project = path.join(__dirname, '..', '..');
export const read = (file: string): string => fs.readFileSync(path.join(project, file), 'utf8');

/** Whether the words of one stand in a row in the other. */
export const includesWords = (text: string, part: string): boolean =>
  ` ${words(text).join(' ')} `.includes(` ${words(part).join(' ')} `);

/** Null for a message of no kind. */
export function kindOf({file, type}: Thrown, wording: Wording): string | null {
  const text = shown(wording);
  if (words(text).length < 2) return 'is worded elsewhere';
  if (ARGUMENT_CHECKS.some((form) => form.test(text))) return 'a check of an argument';
  if (MESSAGES.some(({from, says}) => from === file && quotes(says, wording)))
    return 'in the table of commands';
  // What a student reads of an answer, behind the exercise's name and "not yet".
  if (file.startsWith('lib/course/') && type === 'Error') return 'the verdict of an exercise';
  const isIn = (table: readonly {readonly from: string; readonly says: string}[]): boolean =>
    table.some(({from, says}) => from === file && includesWords(text, says));
  if (isIn(PROVOKED)) return 'provoked by a test';
  return isIn(UNPROVOKED) ? 'provoked by no test' : null;
}
