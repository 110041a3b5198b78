import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import * as ts from 'typescript';

/**
 * What a file exports, another one imports; else the word `export` or the thing itself is too much. Types are
 * left out, as they say what exported functions take. lib/index.ts and lib/course/index.ts export for
 * notebooks and readers, and import what they export.
 */

const root = path.resolve(__dirname, '..');
const ROOMS = ['lib', 'scripts', 'playground', 'bench'];

const files = [...ROOMS, 'solutions', 'test'].flatMap((room) =>
  fs
    .readdirSync(path.join(root, room), {recursive: true, encoding: 'utf8'})
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => path.join(room, file)),
);
const known = new Set(files);

function read(file: string): ts.SourceFile {
  return ts.createSourceFile(
    file,
    fs.readFileSync(path.join(root, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
}

/** `lib/random.ts Random` for each name that a file takes from another; `*` for all of its names. */
function importsOf(source: ts.SourceFile): string[] {
  const found: string[] = [];
  const add = (module: ts.Expression | undefined, names: readonly string[]): void => {
    if (module === undefined || !ts.isStringLiteral(module) || !module.text.startsWith('.')) return;
    const start = path.join(path.dirname(source.fileName), module.text);
    const file = [`${start}.ts`, `${start}.tsx`, path.join(start, 'index.ts')].find((one) => known.has(one));
    if (file !== undefined) found.push(...names.map((name) => `${file} ${name}`));
  };
  const namesOf = (elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[]): string[] =>
    elements.map(({propertyName, name}) => (propertyName ?? name).text);
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings;
      if (bindings !== undefined)
        add(node.moduleSpecifier, ts.isNamedImports(bindings) ? namesOf(bindings.elements) : ['*']);
    } else if (ts.isExportDeclaration(node)) {
      const clause = node.exportClause;
      add(node.moduleSpecifier, clause && ts.isNamedExports(clause) ? namesOf(clause.elements) : ['*']);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], ['*']);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Constants, functions and classes. */
function exportsOf(source: ts.SourceFile): string[] {
  return source.statements.flatMap((statement) => {
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    if (!modifiers.some(({kind}) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({name}) => name.getText(source));
    }
    if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
      return statement.name === undefined ? [] : [statement.name.text];
    }
    return [];
  });
}

test('what is exported is imported somewhere', () => {
  const sources = files.map(read);
  const imported = new Set(sources.flatMap(importsOf));
  const unused = sources
    .filter(({fileName}) => ROOMS.includes(fileName.split(path.sep)[0]))
    .filter(({fileName}) => !imported.has(`${fileName} *`))
    .flatMap((source) => exportsOf(source).map((name) => `${source.fileName} ${name}`))
    .filter((name) => !imported.has(name));
  assert.ok(imported.size > 500, `${imported.size} imports found`);
  assert.deepEqual(unused, []);
});
