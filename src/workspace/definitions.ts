import ts from 'typescript';
import { assignedNames, referencesOf, type References } from './references.ts';

/** A function expression or declaration with a body. */
export type FunctionNode = ts.FunctionDeclaration | ts.FunctionExpression | ts.ArrowFunction;

/** A function or constant at the top level of a file, which others can be moved together with. */
export interface Definition {
  name: string;
  /** The declaration as it stands, without `export`. */
  text: string;
  /** The statement, with its comment in front. */
  statement: ts.Statement;
  /** Absent for a constant. */
  function?: FunctionNode;
  references: References;
}

/** Why a name of a file cannot be moved along. */
type Fixed = 'import' | 'state' | 'class';

/** Top-level names of a file. */
export interface FileNames {
  definitions: ReadonlyMap<string, Definition>;
  fixed: ReadonlyMap<string, Fixed>;
}

/** What a file has at its top level; `let` and `var` count as constants where nothing assigns to them. */
export function topLevelOf(file: ts.SourceFile): FileNames {
  const definitions = new Map<string, Definition>();
  const fixed = new Map<string, Fixed>();
  const assigned = assignedNames(file);
  const define = (name: string, text: string, statement: ts.Statement, node: ts.Node): void => {
    const inner = ts.isParenthesizedExpression(node) ? node.expression : node;
    const isFunction = ts.isFunctionDeclaration(inner) || ts.isFunctionExpression(inner) || ts.isArrowFunction(inner);
    definitions.set(name, {
      ...{ name, text, statement },
      ...(isFunction ? { function: inner } : {}),
      references: referencesOf(inner),
    });
  };
  for (const statement of file.statements) {
    if (ts.isFunctionDeclaration(statement)) {
      if (statement.name && statement.body && !assigned.has(statement.name.text)) {
        define(statement.name.text, textOf(statement, file), statement, statement);
      }
    } else if (ts.isVariableStatement(statement)) {
      for (const { name, initializer, type } of statement.declarationList.declarations) {
        if (ts.isIdentifier(name) && initializer && !assigned.has(name.text)) {
          const typed = type ? `: ${type.getText(file)}` : '';
          define(name.text, `const ${name.text}${typed} = ${initializer.getText(file)};`, statement, initializer);
        } else {
          namesIn(name).forEach((bound) => fixed.set(bound, isRequire(initializer) ? 'import' : 'state'));
        }
      }
    } else if (ts.isExpressionStatement(statement)) {
      const exported = exportedFunction(statement.expression);
      if (exported && !definitions.has(exported.name)) {
        define(exported.name, `const ${exported.name} = ${exported.node.getText(file)};`, statement, exported.node);
      }
    } else if (ts.isImportDeclaration(statement) || ts.isImportEqualsDeclaration(statement)) {
      importedNames(statement).forEach((name) => fixed.set(name, 'import'));
    } else if (
      ts.isClassDeclaration(statement) ||
      ts.isEnumDeclaration(statement) ||
      ts.isModuleDeclaration(statement)
    ) {
      fixed.set(statement.name?.text ?? '', 'class');
    }
  }
  return { definitions: withoutRequires(definitions, fixed), fixed };
}

/** `const fs = require('fs')` is an import. */
function withoutRequires(definitions: Map<string, Definition>, fixed: Map<string, Fixed>): Map<string, Definition> {
  for (const [name, { text, function: node }] of definitions) {
    if (!node && /=\s*require\(/.test(text)) {
      definitions.delete(name);
      fixed.set(name, 'import');
    }
  }
  return definitions;
}

function isRequire(node: ts.Expression | undefined): boolean {
  return node !== undefined && /^require\(/.test(node.getText());
}

function textOf(statement: ts.FunctionDeclaration, file: ts.SourceFile): string {
  const start = statement.modifiers?.find(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword)?.getStart(file);
  const behind = statement.modifiers?.end;
  return file.text.slice(start ?? behind ?? statement.getStart(file), statement.end).trim();
}

function namesIn(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) {
    return [name.text];
  }
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? namesIn(element.name) : []));
}

function importedNames(statement: ts.ImportDeclaration | ts.ImportEqualsDeclaration): string[] {
  if (ts.isImportEqualsDeclaration(statement)) {
    return [statement.name.text];
  }
  const { name, namedBindings } = statement.importClause ?? {};
  const bound =
    namedBindings === undefined
      ? []
      : ts.isNamespaceImport(namedBindings)
        ? [namedBindings.name]
        : namedBindings.elements.map((element) => element.name);
  return [...(name ? [name] : []), ...bound].map(({ text }) => text);
}

/** `module.exports = function name() {}`, `exports.name = …` and `module.exports.name = …`. */
function exportedFunction(expression: ts.Expression): { name: string; node: FunctionNode } | undefined {
  if (!ts.isBinaryExpression(expression) || expression.operatorToken.kind !== ts.SyntaxKind.EqualsToken) {
    return undefined;
  }
  const { left, right } = expression;
  const isFunction = ts.isFunctionExpression(right) || ts.isArrowFunction(right);
  if (!isFunction || !ts.isPropertyAccessExpression(left) || !/^(?:module\.)?exports\b/.test(left.getText())) {
    return undefined;
  }
  const name = left.name.text === 'exports' ? right.name?.text : left.name.text;
  return name === undefined ? undefined : { name, node: right };
}
