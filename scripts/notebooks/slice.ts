import * as ts from 'typescript';

/**
 * Which cells of a notebook have to run, so that some of them can: those that make or change what they
 * use, and so on. A student's trainings, which no check looks at, are left out.
 */

/** What the code of a cell does with names. */
interface Names {
  /** Declared at its top level, imports included. */
  readonly declared: ReadonlySet<string>;
  readonly imported: ReadonlySet<string>;
  /** Written to, or to a part of what they hold. */
  readonly assigned: ReadonlySet<string>;
  /** Given to a call, or called on, which may change what they hold. */
  readonly changed: ReadonlySet<string>;
  /** Names declared here that stand for another or for a part of it, such as `const same = box.list`. */
  readonly aliases: readonly (readonly [name: string, of: string])[];
  /** Used or declared, parameters and other names that only its functions know left out. */
  readonly mentioned: ReadonlySet<string>;
}

/**
 * @param sources the code of each cell, from top to bottom; '' for a cell without code
 * @param wanted indices of cells that have to run
 * @returns these and every earlier one that they need, by index
 */
export function neededCells(sources: readonly string[], wanted: readonly number[]): ReadonlySet<number> {
  const cells = sources.map(namesIn);
  const all = (kind: 'declared' | 'imported') => new Set(cells.flatMap((cell) => [...cell[kind]]));
  const [declared, imported] = [all('declared'), all('imported')];
  const aliases = cells.flatMap((cell) => cell.aliases);
  const changes = cells.map(({assigned, changed}) => ({
    assigned: withOriginals(assigned, aliases),
    changed: withOriginals(changed, aliases),
  }));
  const needed = new Set<number>();
  for (const goal of wanted) {
    const found = new Set([goal]);
    for (const at of found) {
      for (const name of cells[at].mentioned) {
        // It makes this name itself: whoever uses it will ask for it.
        if (cells[at].declared.has(name)) continue;
        for (let i = 0; i < goal; i++) {
          const {changed, assigned} = changes[i];
          // A call changes neither a module nor what is not of the notebook, such as Math.
          const own = declared.has(name) && !imported.has(name);
          if (cells[i].declared.has(name) || assigned.has(name) || (own && changed.has(name))) found.add(i);
        }
      }
    }
    for (const at of found) needed.add(at);
  }
  return needed;
}

/** The names, and those that they stand for. */
function withOriginals(names: ReadonlySet<string>, aliases: Names['aliases']): ReadonlySet<string> {
  const all = new Set(names);
  for (const name of all) for (const [alias, of] of aliases) if (alias === name) all.add(of);
  return all;
}

function namesIn(source: string): Names {
  const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.Latest, true);
  const [declared, imported, assigned, changed, mentioned] = [0, 1, 2, 3, 4].map(() => new Set<string>());
  const aliases: (readonly [string, string])[] = [];
  for (const statement of file.statements) {
    for (const name of declaredBy(statement)) declared.add(name);
    if (ts.isVariableStatement(statement)) {
      for (const {name, initializer} of statement.declarationList.declarations) {
        // What a call gives back is a thing of its own.
        const of = initializer === undefined ? null : rootOf(initializer, false);
        if (of !== null) aliases.push(...boundBy(name).map((own) => [own, of.text] as const));
      }
    }
    if (ts.isImportDeclaration(statement)) {
      visit(statement, (node) => ts.isIdentifier(node) && imported.add(node.text));
    }
  }
  for (const name of imported) declared.add(name);
  visit(file, (node) => {
    if (ts.isIdentifier(node) && !isKey(node) && !isLocal(node)) mentioned.add(node.text);
    for (const [names, targets] of [
      [assigned, assignedBy(node)],
      [changed, givenBy(node)],
    ] as const) {
      const roots = targets.flatMap((target) => rootOf(target) ?? []);
      for (const root of roots) if (!isLocal(root)) names.add(root.text);
    }
  });
  return {declared, imported, assigned, changed, aliases, mentioned};
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  node.forEachChild((child) => visit(child, see));
}

function declaredBy(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({name}) => boundBy(name));
  }
  const {name} = statement as ts.Statement & {readonly name?: ts.Node};
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

function boundBy(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? boundBy(element.name) : []));
}

/** The name of a property, as in `x.name` or `{name: 1}`: it stands for nothing outside. */
function isKey(node: ts.Identifier): boolean {
  const {parent} = node;
  if (
    ts.isPropertyAccessExpression(parent) ||
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isQualifiedName(parent)
  ) {
    return (ts.isQualifiedName(parent) ? parent.right : parent.name) === node;
  }
  return ts.isBindingElement(parent) && parent.propertyName === node;
}

/** Whether a function or a block around it declares the name. */
function isLocal(node: ts.Identifier): boolean {
  for (let around: ts.Node = node.parent; !ts.isSourceFile(around); around = around.parent) {
    if (namesOfScope(around).includes(node.text)) return true;
  }
  return false;
}

function namesOfScope(node: ts.Node): readonly string[] {
  if (ts.isFunctionLike(node)) {
    const own = ts.isFunctionExpression(node) && node.name !== undefined ? [node.name.text] : [];
    return [...own, ...node.parameters.flatMap(({name}) => boundBy(name))];
  }
  if (ts.isBlock(node)) return node.statements.flatMap(declaredBy);
  if (ts.isForStatement(node) || ts.isForOfStatement(node) || ts.isForInStatement(node)) {
    const {initializer} = node;
    if (initializer === undefined || !ts.isVariableDeclarationList(initializer)) return [];
    return initializer.declarations.flatMap(({name}) => boundBy(name));
  }
  const caught = ts.isCatchClause(node) ? node.variableDeclaration?.name : undefined;
  return caught === undefined ? [] : boundBy(caught);
}

function assignedBy(node: ts.Node): readonly ts.Node[] {
  if (ts.isBinaryExpression(node)) {
    const {kind} = node.operatorToken;
    const assigns = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    return assigns ? targetsOf(node.left) : [];
  }
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    return [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken].includes(node.operator)
      ? [node.operand]
      : [];
  }
  return ts.isDeleteExpression(node) ? [node.expression] : [];
}

/** What a call is made on, and what it is given. */
function givenBy(node: ts.Node): readonly ts.Node[] {
  if (!ts.isCallExpression(node)) return [];
  const called = node.expression;
  // What is only printed stays as it is.
  if (rootOf(called)?.text === 'console') return [];
  const on = ts.isPropertyAccessExpression(called) || ts.isElementAccessExpression(called) ? [called] : [];
  // `f(here.seed)` hands over a number far more often than something that can be changed.
  return [...on, ...node.arguments.filter((argument) => !ts.isPropertyAccessExpression(argument))];
}

/** `[a, b] = …` and `({a} = …)` write to each of their names. */
function targetsOf(left: ts.Expression): readonly ts.Node[] {
  if (!ts.isArrayLiteralExpression(left) && !ts.isObjectLiteralExpression(left)) return [left];
  const found: ts.Node[] = [];
  visit(left, (node) => ts.isIdentifier(node) && found.push(node));
  return found;
}

/** The variable at the beginning of `x.a[1]!.b` or `(x as any).a`; null where it begins otherwise. */
function rootOf(node: ts.Node, throughCalls = true): ts.Identifier | null {
  if (ts.isIdentifier(node)) return node;
  if (
    ts.isPropertyAccessExpression(node) ||
    ts.isElementAccessExpression(node) ||
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isSpreadElement(node) ||
    ts.isAwaitExpression(node) ||
    (throughCalls && ts.isCallExpression(node))
  ) {
    return rootOf(node.expression, throughCalls);
  }
  return null;
}
