import ts from 'typescript';

/** What a piece of code needs from outside of itself. */
export interface References {
  /** Names that it uses and does not declare. */
  free: ReadonlySet<string>;
  /** What no plain function does. */
  awaits: boolean;
  usesThis: boolean;
  loadsModules: boolean;
  usesArguments: boolean;
}

/**
 * What `root` refers to. Scopes are not told apart: a name that is declared anywhere inside counts as declared, and what is
 * missed by that shows when the code is run.
 */
export function referencesOf(root: ts.Node): References {
  const used = new Set<string>();
  const declared = new Set<string>();
  const found = { awaits: false, usesThis: false, loadsModules: false, usesArguments: false };
  const visit = (node: ts.Node): void => {
    if (isOfTypes(node)) {
      return;
    }
    if (ts.isIdentifier(node)) {
      note(node);
      return;
    }
    found.awaits ||= ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined);
    found.awaits ||= node.kind === ts.SyntaxKind.AsyncKeyword;
    found.usesThis ||= node.kind === ts.SyntaxKind.ThisKeyword || node.kind === ts.SyntaxKind.SuperKeyword;
    found.usesThis ||= ts.isMetaProperty(node) || ts.isJsxOpeningLikeElement(node) || ts.isJsxFragment(node);
    found.loadsModules ||= node.kind === ts.SyntaxKind.ImportKeyword;
    ts.forEachChild(node, visit);
  };
  const note = (name: ts.Identifier): void => {
    if (isDeclaration(name)) {
      declared.add(name.text);
    } else if (name.text === 'arguments') {
      found.usesArguments = true;
    } else if (!isMemberName(name)) {
      used.add(name.text);
    }
  };
  visit(root);
  return { ...found, free: new Set([...used].filter((name) => !declared.has(name))) };
}

function isOfTypes(node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isTypeParameterDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node)
  );
}

function isDeclaration(name: ts.Identifier): boolean {
  const { parent } = name;
  return (
    (ts.isVariableDeclaration(parent) ||
      ts.isParameter(parent) ||
      ts.isBindingElement(parent) ||
      ts.isFunctionLike(parent) ||
      ts.isClassLike(parent)) &&
    parent.name === name &&
    !isMember(parent)
  );
}

/** `{ name() {} }` and `{ get name() {} }` declare no variable. */
function isMember(node: ts.Node): boolean {
  return ts.isMethodDeclaration(node) || ts.isAccessor(node);
}

/** Names behind a dot, keys, and labels. */
function isMemberName(name: ts.Identifier): boolean {
  const { parent } = name;
  if (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent)) {
    return parent.name === name;
  }
  if (ts.isBindingElement(parent)) {
    return parent.propertyName === name;
  }
  return isMember(parent) || ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent);
}

/** Names that a file assigns to anywhere besides their declaration. */
export function assignedNames(file: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const target = assignmentTarget(node);
    if (target && ts.isIdentifier(target)) {
      names.add(target.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

function assignmentTarget(node: ts.Node): ts.Node | undefined {
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const isAssignment = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    return isAssignment ? node.left : undefined;
  }
  const isStep = ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node);
  return isStep && (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken)
    ? node.operand
    : undefined;
}
