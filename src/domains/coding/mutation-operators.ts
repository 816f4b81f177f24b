import type { AnyNode, CallExpression, Expression, IfStatement, Literal, Token, UpdateExpression } from 'acorn';

/** What kind of small mistake a mutant has; the names that mutation testing uses. */
export type MutationOperator =
  | 'relational'
  | 'arithmetic'
  | 'logical'
  | 'assignment'
  | 'update'
  | 'unary'
  | 'condition'
  | 'branch'
  | 'statement'
  | 'number'
  | 'boolean'
  | 'string'
  | 'regex'
  | 'method';

/** A part of the source, `[start, end)` in UTF-16 code units, and the text that takes its place. */
export interface Edit {
  operator: MutationOperator;
  start: number;
  end: number;
  text: string;
}

/** What an operator sees around a node. `ancestors`: from the program down to the parent. */
export interface Surroundings {
  source: string;
  tokens: readonly Token[];
  ancestors: readonly AnyNode[];
}

const relational: Record<string, readonly string[]> = {
  '<': ['<=', '>'],
  '<=': ['<', '>='],
  '>': ['>=', '<'],
  '>=': ['>', '<='],
  '===': ['!=='],
  '!==': ['==='],
  '==': ['!='],
  '!=': ['=='],
};

const arithmetic: Record<string, readonly string[]> = {
  '+': ['-'],
  '-': ['+'],
  '*': ['+'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '&': ['|'],
  '|': ['&'],
  '^': ['|'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
};

const assignment: Record<string, readonly string[]> = {
  '+=': ['-=', '='],
  '-=': ['+=', '='],
  '*=': ['+=', '='],
  '/=': ['*=', '='],
  '%=': ['*='],
  '&=': ['|='],
  '|=': ['&='],
  '^=': ['|='],
  '<<=': ['>>='],
  '>>=': ['<<='],
};

/** Methods that are mistaken for each other. */
const methods: Record<string, string> = {
  min: 'max',
  max: 'min',
  floor: 'ceil',
  ceil: 'floor',
  round: 'floor',
  trunc: 'ceil',
  some: 'every',
  every: 'some',
  indexOf: 'lastIndexOf',
  lastIndexOf: 'indexOf',
  find: 'findLast',
  findLast: 'find',
  findIndex: 'findLastIndex',
  findLastIndex: 'findIndex',
  push: 'unshift',
  unshift: 'push',
  pop: 'shift',
  shift: 'pop',
  keys: 'values',
  values: 'keys',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  padStart: 'padEnd',
  padEnd: 'padStart',
  trimStart: 'trimEnd',
  trimEnd: 'trimStart',
  toLowerCase: 'toUpperCase',
  toUpperCase: 'toLowerCase',
  replaceAll: 'replace',
};

/** Methods whose call can be removed: the object has the same type as the result. */
const removable = new Set(['sort', 'toSorted', 'reverse', 'toReversed', 'filter', 'slice', 'trim']);

/** The edits of a node; texts are put in brackets where precedence could change. */
export function editsOf(node: AnyNode, around: Surroundings): Edit[] {
  switch (node.type) {
    case 'BinaryExpression':
      return [
        ...swapped(node, node.left, node.right, 'relational', relational, around),
        ...(isText(node.left) || isText(node.right)
          ? []
          : swapped(node, node.left, node.right, 'arithmetic', arithmetic, around)),
      ];
    case 'LogicalExpression':
      return [
        ...swapped(node, node.left, node.right, 'logical', { '&&': ['||'], '||': ['&&'] }, around),
        replace(node, 'logical', textOf(node.left, around)),
        replace(node, 'logical', textOf(node.right, around)),
      ];
    case 'AssignmentExpression':
      return swapped(node, node.left, node.right, 'assignment', assignment, around);
    case 'UpdateExpression':
      return updated(node, around);
    case 'UnaryExpression':
      return node.operator === '-' || node.operator === '!'
        ? [replace(node, 'unary', textOf(node.argument, around))]
        : [];
    case 'ConditionalExpression':
      return [
        negated(node.test, around),
        replace(node, 'branch', textOf(node.consequent, around)),
        replace(node, 'branch', textOf(node.alternate, around)),
      ];
    case 'IfStatement':
      return [negated(node.test, around), ...withoutBranch(node, around)];
    case 'WhileStatement':
    case 'DoWhileStatement':
      return [negated(node.test, around)];
    case 'ExpressionStatement':
      return node.directive === undefined ? [replace(node, 'statement', ';')] : [];
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'ThrowStatement':
      return [replace(node, 'statement', ';')];
    case 'ReturnStatement':
      return isLastOfFunction(node, around) ? [] : [replace(node, 'statement', ';')];
    case 'Literal':
      return literal(node, around);
    case 'TemplateElement':
      return node.value.raw === '' ? [] : [replace(node, 'string', '')];
    case 'CallExpression':
      return called(node, around);
    default:
      return [];
  }
}

function replace(node: AnyNode, operator: MutationOperator, text: string): Edit {
  return { operator, start: node.start, end: node.end, text };
}

/** The text of a node in brackets, unless it is a single token. */
function textOf(node: AnyNode, { source }: Surroundings): string {
  const text = source.slice(node.start, node.end);
  return node.type === 'Identifier' || node.type === 'Literal' ? text : `(${text})`;
}

function isText(node: AnyNode): boolean {
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');
}

/** The node with another operator between its two sides. */
function swapped(
  node: AnyNode & { operator: string },
  left: AnyNode,
  right: AnyNode,
  operator: MutationOperator,
  table: Record<string, readonly string[]>,
  { source, tokens }: Surroundings,
): Edit[] {
  const token = tokens.find(({ start, end }) => start >= left.end && source.slice(start, end) === node.operator);
  if (!token || token.end > right.start) {
    return [];
  }
  const [before, after] = [source.slice(node.start, token.start), source.slice(token.end, node.end)];
  return (table[node.operator] ?? []).map((other) => {
    const text = `${before}${other}${after}`;
    return replace(node, operator, operator === 'assignment' ? text : `(${text})`);
  });
}

/** The step of a loop is doubled, since a loop that runs the other way fails in any case; elsewhere `++` and `--` are exchanged. */
function updated(node: UpdateExpression, around: Surroundings): Edit[] {
  const target = around.source.slice(node.argument.start, node.argument.end);
  const parent = around.ancestors.at(-1);
  if (parent?.type === 'ForStatement' && parent.update === node) {
    return [replace(node, 'update', `${target} ${node.operator.charAt(0)}= 2`)];
  }
  const other = node.operator === '++' ? '--' : '++';
  return [replace(node, 'update', node.prefix ? `${other}${target}` : `${target}${other}`)];
}

function negated(test: Expression, { source }: Surroundings): Edit {
  return replace(test, 'condition', `!(${source.slice(test.start, test.end)})`);
}

function withoutBranch(node: IfStatement, { source }: Surroundings): Edit[] {
  const text = (part: AnyNode) => source.slice(part.start, part.end);
  return node.alternate
    ? [replace(node, 'branch', text(node.consequent)), replace(node, 'branch', text(node.alternate))]
    : [replace(node, 'branch', ';'), replace(node, 'branch', text(node.consequent))];
}

/** Without the last return a function returns nothing at all, which any test notices. */
function isLastOfFunction(node: AnyNode, { ancestors }: Surroundings): boolean {
  const [owner, block] = ancestors.slice(-2);
  const isFunction = owner?.type.includes('Function') === true;
  return isFunction && block?.type === 'BlockStatement' && block.body.at(-1) === node;
}

function literal(node: Literal, around: Surroundings): Edit[] {
  const { value } = node;
  if (node.regex) {
    const { pattern, flags } = node.regex;
    return Array.from(flags.replaceAll(/[^gim]/g, ''), (flag) =>
      replace(node, 'regex', `/${pattern}/${flags.replace(flag, '')}`),
    );
  }
  if (typeof value === 'number') {
    return [value + 1, value - 1].map((other) => replace(node, 'number', other < 0 ? `(${other})` : String(other)));
  }
  if (typeof value === 'bigint') {
    return [value + 1n, value - 1n].map((other) => replace(node, 'number', `(${other}n)`));
  }
  if (typeof value === 'boolean') {
    return [replace(node, 'boolean', String(!value))];
  }
  return typeof value === 'string' && !isSurrounding(around)
    ? [replace(node, 'string', value === '' ? "' '" : "''")]
    : [];
}

/** Names of modules and directives are the program's surroundings, not its logic. */
function isSurrounding({ ancestors, source }: Surroundings): boolean {
  const parent = ancestors.at(-1);
  if (parent?.type === 'CallExpression') {
    return source.slice(parent.callee.start, parent.callee.end) === 'require';
  }
  return parent?.type === 'ExpressionStatement' || parent?.type === 'ImportDeclaration';
}

/** Another method, or the call without its comparator, or the object without the call. */
function called(node: CallExpression, { source, tokens }: Surroundings): Edit[] {
  const { callee } = node;
  if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') {
    return [];
  }
  const { name } = callee.property;
  const dot = tokens.find(({ start }) => start >= callee.object.end && source[start] !== ')');
  const rest = source.slice(callee.property.end, node.end);
  const head = source.slice(node.start, callee.property.start);
  const [first, ...others] = node.arguments;
  return [
    ...(Object.hasOwn(methods, name) ? [replace(node, 'method', `${head}${methods[name] ?? name}${rest}`)] : []),
    ...(removable.has(name) && dot ? [replace(node, 'method', source.slice(node.start, dot.start))] : []),
    ...(name.toLowerCase().endsWith('sort') || name === 'toSorted'
      ? node.arguments.map(() => replace(node, 'method', `${head}${name}()`))
      : []),
    ...(name === 'abs' && first && others.length === 0
      ? [replace(node, 'method', `(${source.slice(first.start, first.end)})`)]
      : []),
  ];
}
