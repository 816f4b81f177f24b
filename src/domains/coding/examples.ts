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
  const bindings = bindingsIn(text);
  const pattern = new RegExp(`(?<![\\w$.])${escapeRegExp(entry)}\\s*\\(`, 'g');
  for (const match of text.matchAll(pattern)) {
    const open = match.index + match[0].length - 1;
    const end = closingEnd(text, open);
    if (end === undefined || /^\s*\{/.test(text.slice(end))) {
      continue;
    }
    const input = parseLiteralList(text.slice(open + 1, end - 1), before(bindings, match.index));
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
  for (const { left, right } of labelledPairs(statement)) {
    const input = parseLiteralList(namedArguments(left));
    const output = claimOf(right);
    if (input && input.length > 0) {
      examples.push({ input, ...(output === undefined ? {} : { output }) });
    }
  }
  return [...examples, ...callsOf(statement, entry)];
}

/** A word of {@link labelledPairs} with its colon: where it begins, and where the text behind the colon does. */
interface Label {
  isInput: boolean;
  start: number;
  end: number;
}

/**
 * What stands behind `Input …:` on one line, and behind the `Output …:` that follows it. Written as a scan, because a
 * regular expression for it takes cubic time on a run of blanks.
 */
function labelledPairs(text: string): { left: string; right: string }[] {
  const pairs: { left: string; right: string }[] = [];
  const labels = labelsOf(text);
  let from = 0;
  let next = 0;
  for (const label of labels) {
    if (!label.isInput || label.start < from) {
      continue;
    }
    while (next < labels.length && (labels[next]?.isInput === true || (labels[next]?.start ?? 0) < label.end)) {
      next++;
    }
    const output = labels[next];
    if (!output) {
      break;
    }
    const left = text.slice(label.end, output.start).trim();
    if (left.includes('\n')) {
      continue;
    }
    const behind = text.slice(output.end).trimStart();
    const right = behind.slice(0, lineLength(behind));
    pairs.push({ left: left.replace(/[,;]$/, ''), right });
    from = text.length - behind.length + right.length;
  }
  return pairs;
}

/** Words with a colon behind them on their line, in order. */
function labelsOf(text: string): Label[] {
  const labels: Label[] = [];
  let colon = -1;
  let lineEnd = -1;
  for (const { index, 0: word } of text.matchAll(/\b(?:input|output)\b/gi)) {
    // Each of both is looked for once, however many words stand before it.
    if (colon < index) {
      colon = positionOf(text, ':', index);
    }
    if (lineEnd < index) {
      lineEnd = positionOf(text, '\n', index);
    }
    if (colon < lineEnd) {
      labels.push({ isInput: word.toLowerCase() === 'input', start: index, end: colon + 1 });
    }
  }
  return labels;
}

/** Index of the first `sign` from `from` on; the end of the text where there is none. */
function positionOf(text: string, sign: string, from: number): number {
  const found = text.indexOf(sign, from);
  return found < 0 ? text.length : found;
}

function lineLength(text: string): number {
  return positionOf(text, '\n', 0);
}

/** `nums: [1], k: 2` as `nums = [1], k = 2`. */
function namedArguments(text: string): string {
  return text.replaceAll(/(^|,\s*)([A-Za-z_$][\w$]*)\s*:\s*/g, '$1$2 = ');
}

/** `// returns: ` below a call; other comments there may be about the next one. */
const commentOfResult = /^\s*(?:\/\/+|#)\s*(?=(?:returns?|output|result|expected)\b)/i;

/** What a text behind a call claims: `// 5`, `→ 5`, `returns 5`, `=== 5`, `); // Output: 5`, the next line of a `>>>` call, or `// returns 5` there. */
function claimBehind(text: string): Data | undefined {
  const [line = '', next = ''] = text.split('\n');
  const marked =
    /^[\s)\];,`]*(?:\/\/+|\/\*|#|--?>|=+>?|→|➞|⇒|:|returns?\b|gives\b|is\b|should (?:return|be|print)\b)/.exec(line);
  if (marked) {
    return claimOf(line.slice(marked[0].length));
  }
  return line.trim() === '' && next.trim() !== '' ? claimOf(next.replace(commentOfResult, '')) : undefined;
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

/** A name with a literal value, and where the declaration ends. */
interface Binding {
  name: string;
  value: Data;
  end: number;
}

/** Names with a literal value that a text declares, in order. */
function bindingsIn(text: string): Binding[] {
  const bindings: Binding[] = [];
  for (const match of text.matchAll(/\b(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*=\s*/g)) {
    const start = match.index + match[0].length;
    const literal = leadingLiteral(text.slice(start));
    if (match[1] !== undefined && literal) {
      bindings.push({ name: match[1], value: literal.value, end: start + literal.end });
    }
  }
  return bindings;
}

/** Those that end before `position`; a later declaration wins. */
function before(bindings: readonly Binding[], position: number): Bindings {
  return new Map(bindings.flatMap(({ name, value, end }) => (end <= position ? [[name, value]] : [])));
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[$]/g, '\\$&');
}
