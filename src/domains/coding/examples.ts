import { closingEnd, leadingLiteral, parseLiteralList, type Bindings, type Data } from './literal.ts';

/** One call with literal arguments, and what the text says that it gives. */
export interface Example {
  input: Data[];
  output?: Data;
}

/**
 * Every call `entry(…)` in `text` whose arguments are data, in order. Comments, console.log, assertions and test
 * functions around it do not matter. Names bound to literals earlier in the text count as data.
 */
export function callsOf(text: string, entry: string): Example[] {
  const calls: Example[] = [];
  const pattern = new RegExp(`(?<![\\w$.])${escapeRegExp(entry)}\\s*\\(`, 'g');
  for (const match of text.matchAll(pattern)) {
    const open = match.index + match[0].length - 1;
    const end = closingEnd(text, open);
    if (end === undefined || /^\s*\{/.test(text.slice(end))) {
      continue;
    }
    const input = parseLiteralList(text.slice(open + 1, end - 1), bindingsBefore(text, match.index));
    if (input) {
      const output = claimBehind(text.slice(end, end + 300));
      calls.push({ input, ...(output === undefined ? {} : { output }) });
    }
  }
  return calls;
}

/** Examples that a statement gives: `Input: … Output: …` pairs, and calls with the value they are said to return. */
export function examplesOf(statement: string, entry: string): Example[] {
  const examples: Example[] = [];
  const pattern = /\binput\b[^:\n]*:\s*([^\n]*?)[,;]?\s*\boutput\b[^:\n]*:\s*([^\n]*)/gi;
  for (const [, left, right] of statement.matchAll(pattern)) {
    const input = parseLiteralList(namedArguments(left ?? ''));
    const output = claimOf(right ?? '');
    if (input && input.length > 0) {
      examples.push({ input, ...(output === undefined ? {} : { output }) });
    }
  }
  return [...examples, ...callsOf(statement, entry)];
}

/** `nums: [1], k: 2` as `nums = [1], k = 2`. */
function namedArguments(text: string): string {
  return text.replaceAll(/(^|,\s*)([A-Za-z_$][\w$]*)\s*:\s*/g, '$1$2 = ');
}

/** What a text behind a call claims: `// 5`, `→ 5`, `returns 5`, `=== 5`, `); // Output: 5`, or the next line of a `>>>` call. */
function claimBehind(text: string): Data | undefined {
  const [line = '', next = ''] = text.split('\n');
  const marked =
    /^\s*[)\];,]*\s*(?:\/\/+|\/\*|#|--?>|=+>?|→|➞|⇒|:|returns?\b|gives\b|is\b|should (?:return|be|print)\b)(.*)$/.exec(
      line,
    );
  if (marked) {
    return claimOf(marked[1] ?? '');
  }
  return line.trim() === '' && next.trim() !== '' ? claimOf(next) : undefined;
}

const claimWords =
  /^[\s=:>→➞⇒-]*(?:(?:expected|output|result|returns?|prints?|logs?|should|be|is|value|answer|the|->)\b[\s:=>→-]*)*/i;

/** The value in `Output: [1, 2]`, `should return 5.`, `6 (because …)`; undefined where it is not clearly one value. */
function claimOf(text: string): Data | undefined {
  // A minus that belongs to a number must survive the marker words: `// -5`, but not `-> 5`.
  const prefix = claimWords.exec(text)?.[0] ?? '';
  const body = text.slice(prefix.length - (/-$/.test(prefix) && /^\d/.test(text.slice(prefix.length)) ? 1 : 0));
  const literal = leadingLiteral(body);
  if (!literal) {
    return undefined;
  }
  // `5, 6`, `2 * 3` and `1 2 3` are no single value.
  return /^\s*(?:$|[.;:()!–—]|\/\/|\*\/|[A-Za-z]|,\s*[A-Za-z])/.test(body.slice(literal.end))
    ? literal.value
    : undefined;
}

/** Names with a literal value declared before `position`; a later declaration wins. */
function bindingsBefore(text: string, position: number): Bindings {
  const bindings = new Map<string, Data>();
  for (const match of text.slice(0, position).matchAll(/\b(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*=\s*/g)) {
    const start = match.index + match[0].length;
    const literal = leadingLiteral(text.slice(start, position));
    if (match[1] !== undefined && literal) {
      bindings.set(match[1], literal.value);
    }
  }
  return bindings;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[$]/g, '\\$&');
}
