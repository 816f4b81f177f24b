import { parseExpressionAt, type Expression, type Node, type SpreadElement } from 'acorn';
import { ExactNumber, type JsonValue } from '../../protocol/json.ts';

/** Plain JSON data: what a test's input and output are made of. */
export type Data = null | boolean | number | string | Data[] | { [key: string]: Data };

/** Named values that a literal may refer to (`const nums = [1, 2]` earlier in the file). */
export type Bindings = ReadonlyMap<string, Data>;

const noBindings: Bindings = new Map();

/** Longest text that is looked at; longer ones are no test data. */
const maximumLength = 4000;

/**
 * `[1, "a", { b: -2 }]` as data; undefined when the text is anything else than one JavaScript literal. Nothing is
 * evaluated: the text is parsed and its syntax tree is read.
 */
export function parseLiteral(text: string, bindings: Bindings = noBindings): Data | undefined {
  const values = parseLiteralList(text, bindings);
  return values?.length === 1 ? values[0] : undefined;
}

/**
 * The comma-separated literals of `text` as data, `name = value` counting as the value; undefined when any of them is
 * not a literal. An empty text is an empty list.
 */
export function parseLiteralList(text: string, bindings: Bindings = noBindings): Data[] | undefined {
  if (text.length > maximumLength) {
    return undefined;
  }
  // The line break keeps a trailing line comment from swallowing the bracket.
  const source = `[${text}\n]`;
  let expression: Expression;
  try {
    expression = parseExpressionAt(source, 0, { ecmaVersion: 'latest' });
  } catch {
    return undefined;
  }
  if (expression.type !== 'ArrayExpression' || expression.end !== source.length) {
    return undefined;
  }
  const values: Data[] = [];
  for (const element of expression.elements) {
    const value = element === null ? undefined : dataOf(argumentOf(element), bindings);
    if (value === undefined) {
      return undefined;
    }
    values.push(value);
  }
  return values;
}

function argumentOf(element: Expression | SpreadElement): Expression | SpreadElement {
  return element.type === 'AssignmentExpression' && element.operator === '=' ? element.right : element;
}

/** The data that a syntax tree stands for, or undefined where it is computed, not finite or not JSON. */
export function dataOf(node: Expression | SpreadElement, bindings: Bindings): Data | undefined {
  switch (node.type) {
    case 'Literal':
      return literalValue(node.value);
    case 'TemplateLiteral':
      return node.expressions.length === 0 ? (node.quasis[0]?.value.cooked ?? undefined) : undefined;
    case 'Identifier':
      return bindings.get(node.name);
    case 'UnaryExpression':
      return signed(node.operator, dataOf(node.argument, bindings));
    case 'ParenthesizedExpression':
      return dataOf(node.expression, bindings);
    case 'ArrayExpression': {
      const items: Data[] = [];
      for (const element of node.elements) {
        const item = element === null ? undefined : dataOf(element, bindings);
        if (item === undefined) {
          return undefined;
        }
        items.push(item);
      }
      return items;
    }
    case 'ObjectExpression': {
      const entries: [string, Data][] = [];
      for (const property of node.properties) {
        const entry = entryOf(property, bindings);
        if (!entry) {
          return undefined;
        }
        entries.push(entry);
      }
      return Object.fromEntries(entries);
    }
    default:
      return undefined;
  }
}

function literalValue(value: unknown): Data | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) ? value : undefined;
  }
  return value === null || typeof value === 'string' || typeof value === 'boolean' ? value : undefined;
}

function signed(operator: string, value: Data | undefined): Data | undefined {
  if (typeof value !== 'number' || (operator !== '-' && operator !== '+')) {
    return undefined;
  }
  // JSON has no negative zero.
  return operator === '-' && value !== 0 ? -value : value;
}

function entryOf(property: Node, bindings: Bindings): [string, Data] | undefined {
  if (!isPlainProperty(property)) {
    return undefined;
  }
  const { key } = property;
  const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined;
  const value = dataOf(property.value, bindings);
  return name === undefined || name === '__proto__' || value === undefined ? undefined : [name, value];
}

type ObjectMember = (Expression & { type: 'ObjectExpression' })['properties'][number];
type PlainProperty = ObjectMember & { type: 'Property' };

function isPlainProperty(node: Node): node is PlainProperty {
  return node.type === 'Property' && 'computed' in node && !node.computed && 'kind' in node && node.kind === 'init';
}

const pairs: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

/** Index just behind the bracket that closes the one at `open`, quotes respected; undefined when it is never closed. */
export function closingEnd(text: string, open: number): number | undefined {
  const expected: string[] = [];
  for (let i = open; i < text.length && i < open + maximumLength; i++) {
    const char = text.charAt(i);
    if (char === '"' || char === "'" || char === '`') {
      const end = quoteEnd(text, i);
      if (end === undefined) {
        return undefined;
      }
      i = end - 1;
    } else if (pairs[char] !== undefined) {
      expected.push(pairs[char]);
    } else if (char === ')' || char === ']' || char === '}') {
      if (expected.pop() !== char) {
        return undefined;
      }
      if (expected.length === 0) {
        return i + 1;
      }
    }
  }
  return undefined;
}

/** Index just behind the quoted text that begins at `start`. */
function quoteEnd(text: string, start: number): number | undefined {
  const quote = text.charAt(start);
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === '\\') {
      i++;
    } else if (char === quote) {
      return i + 1;
    } else if (char === '\n' && quote !== '`') {
      return undefined;
    }
  }
  return undefined;
}

/** The literal that `text` begins with and where it ends; undefined when it begins with anything else. */
export function leadingLiteral(text: string): { value: Data; end: number } | undefined {
  const start = text.length - text.trimStart().length;
  const first = text.charAt(start);
  let end: number | undefined;
  if (first === '[' || first === '{') {
    end = closingEnd(text, start);
  } else if (first === '"' || first === "'" || first === '`') {
    end = quoteEnd(text, start);
  } else {
    const word = /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?(?![\w.]*\w)|^(true|false|null)\b/i.exec(text.slice(start));
    end = word ? start + word[0].length : undefined;
  }
  if (end === undefined) {
    return undefined;
  }
  const value = parseLiteral(text.slice(start, end));
  return value === undefined ? undefined : { value, end };
}

/** Equal as JSON data; object keys in any order; numbers that are not whole compare to two decimals, as people print them. */
export function sameData(a: Data, b: JsonValue): boolean {
  if (b instanceof ExactNumber) {
    return sameData(a, b.value);
  }
  if (typeof a === 'number' && typeof b === 'number') {
    return a === b || (!(Number.isInteger(a) && Number.isInteger(b)) && Math.abs(a - b) < 0.01);
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => sameData(item, b[i] ?? null));
  }
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') {
    return a === b;
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    return false;
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameData(a[key] ?? null, b[key] ?? null))
  );
}
