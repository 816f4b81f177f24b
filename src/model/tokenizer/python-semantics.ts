import type { Template } from '@huggingface/jinja';

/** A node of a parsed template: its type and, beside it, whatever children it has. */
interface Node {
  type: string;
}

/** The longest list that `range` makes, as in Jinja's sandbox, in which transformers renders. */
const largestRange = 100_000;

/** Names of the functions below inside of a template; no template can spell them. */
const names = { strip: 'str.strip', equal: 'operator.eq', range: 'sandbox.range' } as const;

/**
 * Rewrites what the JavaScript library computes otherwise than Jinja: `strip`, `lstrip`, `rstrip` and `trim` with
 * characters, `==` and `!=` of lists, mappings and values of different types, `range` without a limit, and the output
 * before `break` and `continue`, which it loses. Changes the template in place; returns it and the functions that it must
 * be rendered with.
 */
export function pythonSemantics(template: Template): {
  template: Template;
  functions: Readonly<Record<string, unknown>>;
} {
  const program: unknown = template.parsed;
  if (!isNode(program)) {
    throw new TypeError('the library parses templates to another shape');
  }
  Object.assign(program, { body: new Rewriter().block(nodes(program, 'body')) });
  return { template, functions: { [names.strip]: strip, [names.equal]: equal, [names.range]: range } };
}

class Rewriter {
  #loops = 0;

  block(statements: readonly unknown[]): Node[] {
    return statements.map((statement) => this.#value(statement)).filter(isNode);
  }

  /** A node with all of its children rewritten; anything else unchanged. */
  #value(value: unknown): unknown {
    if (Array.isArray(value)) {
      return value.map((item) => this.#value(item));
    }
    if (value instanceof Map) {
      return new Map([...value].map(([key, item]) => [this.#value(key), this.#value(item)]));
    }
    if (!isNode(value)) {
      return value;
    }
    for (const [name, child] of Object.entries(value)) {
      if (typeof child === 'object' && child !== null) {
        Object.assign(value, { [name]: this.#value(child) });
      }
    }
    switch (value.type) {
      case 'CallExpression':
        return rewriteCall(value);
      case 'FilterExpression':
        return rewriteFilter(value);
      case 'BinaryExpression':
        return rewriteComparison(value);
      case 'For':
        return this.#loop(value);
      default:
        return value;
    }
  }

  /**
   * A loop without `break` and `continue`: a namespace remembers them, and what follows one of them stands in a condition.
   */
  #loop(node: Node): Node {
    const body = nodes(node, 'body');
    if (!body.some(mayJump)) {
      return node;
    }
    const state = identifier(`loop.state.${this.#loops++}`);
    const [skipped, ended, completed] = [member(state, 'skipped'), member(state, 'ended'), member(state, 'completed')];
    const turn = [
      set(skipped, 'false'),
      ...withoutJumps(body, state),
      condition(negation(skipped), [set(completed, 'true')]),
    ];
    // Jinja renders `else` when no turn was completed.
    const otherwise = condition(negation(completed), nodes(node, 'defaultBlock'));
    Object.assign(node, { body: [condition(negation(ended), turn)], defaultBlock: [] });
    const created = build('Set', { assignee: state, value: call('namespace', []), body: [] });
    const setUp = [created, set(ended, 'false'), set(completed, 'false')];
    return condition(identifier('true'), [...setUp, node, otherwise]);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function field(node: Node, name: string): unknown {
  return Object.entries(node).find(([key]) => key === name)?.[1];
}

function nodes(node: Node, name: string): Node[] {
  const children = field(node, name);
  return Array.isArray(children) ? children.filter(isNode) : [];
}

function build(type: string, fields: Readonly<Record<string, unknown>>): Node {
  return { type, ...fields };
}

function identifier(value: string): Node {
  return build('Identifier', { value });
}

function member(object: Node, property: string): Node {
  return build('MemberExpression', { object, property: identifier(property), computed: false });
}

function call(name: string, args: readonly unknown[]): Node {
  return build('CallExpression', { callee: identifier(name), args });
}

function set(assignee: Node, constant: 'true' | 'false'): Node {
  return build('Set', { assignee, value: identifier(constant), body: [] });
}

function condition(test: Node, body: readonly Node[]): Node {
  return build('If', { test, body, alternate: [] });
}

function negation(argument: Node): Node {
  return build('UnaryExpression', { operator: { type: 'UnaryOperator', value: 'not' }, argument });
}

/** Whether a statement of a loop's body can end the turn; loops inside of it keep their jumps to themselves. */
function mayJump(statement: Node): boolean {
  switch (statement.type) {
    case 'Break':
    case 'Continue':
      return true;
    case 'If':
      return [...nodes(statement, 'body'), ...nodes(statement, 'alternate')].some(mayJump);
    default:
      return false;
  }
}

function withoutJumps(block: readonly Node[], state: Node): Node[] {
  const at = block.findIndex(mayJump);
  const jump = block[at];
  if (jump === undefined) {
    return [...block];
  }
  const before = block.slice(0, at);
  const skip = set(member(state, 'skipped'), 'true');
  if (jump.type !== 'If') {
    return [...before, ...(jump.type === 'Break' ? [set(member(state, 'ended'), 'true')] : []), skip];
  }
  const body = withoutJumps(nodes(jump, 'body'), state);
  const alternate = withoutJumps(nodes(jump, 'alternate'), state);
  const after = condition(negation(member(state, 'skipped')), withoutJumps(block.slice(at + 1), state));
  return [...before, Object.assign(jump, { body, alternate }), after];
}

function rewriteCall(node: Node): Node {
  const callee = field(node, 'callee');
  const args = nodes(node, 'args');
  if (!isNode(callee)) {
    return node;
  }
  if (callee.type === 'Identifier' && field(callee, 'value') === 'range') {
    return call(names.range, args);
  }
  const property = callee.type === 'MemberExpression' ? field(callee, 'property') : undefined;
  const method = isNode(property) && property.type === 'Identifier' ? field(property, 'value') : undefined;
  return method === 'strip' || method === 'lstrip' || method === 'rstrip'
    ? call(names.strip, [field(callee, 'object'), build('StringLiteral', { value: method }), ...args])
    : node;
}

function rewriteFilter(node: Node): Node {
  const filter = field(node, 'filter');
  if (!isNode(filter)) {
    return node;
  }
  const name = filter.type === 'CallExpression' ? field(filter, 'callee') : filter;
  return isNode(name) && field(name, 'value') === 'trim'
    ? call(names.strip, [field(node, 'operand'), build('StringLiteral', { value: 'strip' }), ...nodes(filter, 'args')])
    : node;
}

function rewriteComparison(node: Node): Node {
  const operator = field(node, 'operator');
  const sign = isNode(operator) ? field(operator, 'value') : undefined;
  if (sign !== '==' && sign !== '!=') {
    return node;
  }
  const [left, right] = [field(node, 'left'), field(node, 'right')];
  // The library's functions get None and undefined as the same value.
  const same = isNone(right)
    ? build('TestExpression', { operand: left, negate: false, test: identifier('none') })
    : isNone(left)
      ? build('TestExpression', { operand: right, negate: false, test: identifier('none') })
      : call(names.equal, [left, right]);
  return sign === '==' ? same : negation(same);
}

function isNone(node: unknown): boolean {
  const name = isNode(node) && node.type === 'Identifier' ? field(node, 'value') : undefined;
  return name === 'none' || name === 'None';
}

/** Python's white space. */
const whiteSpace = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Python's `str.strip`, `lstrip` and `rstrip`: `characters` is a set of them; without, white space goes. */
function strip(text: unknown, method: 'strip' | 'lstrip' | 'rstrip', characters?: unknown): string {
  if (typeof text !== 'string' || (typeof characters !== 'string' && (characters ?? null) !== null)) {
    throw new TypeError(`${method}() is for text`);
  }
  const goes = (character: string) =>
    typeof characters === 'string' ? characters.includes(character) : whiteSpace.test(character);
  const all = Array.from(text);
  const first = method === 'rstrip' ? 0 : all.findIndex((character) => !goes(character));
  const last = method === 'lstrip' ? all.length - 1 : all.findLastIndex((character) => !goes(character));
  return first < 0 ? '' : all.slice(first, last + 1).join('');
}

/** Python's `==` over the library's values: numbers and booleans by size, lists and mappings by their elements. */
function equal(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(plain(item), plain(b[index])));
  }
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size && [...a].every(([key, item]) => b.has(key) && equal(plain(item), plain(b.get(key))));
  }
  const number = (value: unknown) => (typeof value === 'boolean' ? Number(value) : value);
  return number(a) === number(b);
}

/** What the library's box of a value holds. */
function plain(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
}

function range(...bounds: readonly unknown[]): number[] {
  const whole = bounds.filter((bound) => typeof bound === 'number' && Number.isInteger(bound)) as number[];
  const [first = 0, second, step = 1] = whole;
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (whole.length !== bounds.length || bounds.length === 0 || step === 0) {
    throw new TypeError('range() takes one to three whole numbers, and no step of 0');
  }
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > largestRange) {
    throw new RangeError(`range() makes more than ${largestRange} numbers`);
  }
  return Array.from({ length }, (_, index) => start + index * step);
}
