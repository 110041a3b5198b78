import * as fs from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';

/** The error messages of lib and scripts, read off the syntax tree. */

/** One way in which a message can be worded: what is written, and null where something is filled in. */
export type Wording = readonly (string | null)[];

export interface Thrown {
  /** Of the project, such as lib/sample.ts. */
  readonly file: string;
  readonly line: number;
  /** The class of the error. */
  readonly type: string;
  readonly wordings: readonly Wording[];
}

const project = path.join(__dirname, '..', '..');

/** Each `new …Error(…)` that makes its own words: what is thrown on, and classes themselves, are none. */
export function thrownMessages(): Thrown[] {
  return ['lib', 'scripts'].flatMap((folder) =>
    fs
      .readdirSync(path.join(project, folder), {recursive: true, encoding: 'utf8'})
      .map((file) => `${folder}/${file.split(path.sep).join('/')}`)
      .filter((file) => /\.(ts|tsx|mjs|cjs)$/.test(file))
      .sort()
      .flatMap((file) => messagesOf(file, fs.readFileSync(path.join(project, file), 'utf8'))),
  );
}

/** For a test of the reading itself, the text can be given. */
export function messagesOf(file: string, text: string): Thrown[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Thrown[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && /Error$/.test(node.expression.getText())) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const parts = (node.arguments ?? []).map(wordingsOf);
      const wordings = parts.reduce<Wording[]>(
        (before, next) => before.flatMap((left) => next.map((right) => [...left, null, ...right])),
        [[]],
      );
      // The first null stands before the first argument.
      found.push({
        file,
        line,
        type: node.expression.getText(),
        wordings: wordings.map((w) => joined(w.slice(1))),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function wordingsOf(node: ts.Expression): Wording[] {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [[node.text]];
  if (ts.isParenthesizedExpression(node)) return wordingsOf(node.expression);
  if (ts.isConditionalExpression(node)) return [...wordingsOf(node.whenTrue), ...wordingsOf(node.whenFalse)];
  if (ts.isTemplateExpression(node)) {
    return node.templateSpans.reduce<Wording[]>(
      (before, {expression, literal}) => {
        const filled = ts.isConditionalExpression(expression) ? wordingsOf(expression) : [[null]];
        return before.flatMap((left) => filled.map((middle) => [...left, ...middle, literal.text]));
      },
      [[node.head.text]],
    );
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [wordingsOf(node.left), wordingsOf(node.right)];
    return left.flatMap((before) => right.map((after) => [...before, ...after]));
  }
  return [[null]];
}

/** Neighbors become one, and nothing is left of what is empty. */
function joined(wording: Wording): Wording {
  const parts: (string | null)[] = [];
  for (const part of wording) {
    const last = parts[parts.length - 1];
    if (part === '') continue;
    if (part !== null && typeof last === 'string') parts[parts.length - 1] = last + part;
    else if (part !== null || last !== null || parts.length === 0) parts.push(part);
  }
  return parts;
}

/** The message as a reader of the code sees it: … is filled in. */
export const shown = (wording: Wording): string => wording.map((part) => part ?? '…').join('');

/** Whether what was said may be this message. */
export function isSaid(wording: Wording, said: string): boolean {
  let at = 0;
  for (const part of wording) {
    if (part === null) continue;
    const place = said.indexOf(part, at);
    if (place === -1) return false;
    at = place + part.length;
  }
  return wording.some((part) => part !== null && part.trim().split(/\s+/).length >= 2);
}
