import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import * as z from 'zod';
import { parseJson } from '../../src/protocol/json.ts';
import { FunctionProblem } from '../../src/protocol/problem.ts';
import type { Answer } from './answers.ts';

/** An answer as a function problem. */
export interface FunctionCase {
  id: string;
  problem: FunctionProblem;
  source: string;
  /** A whole program that ends with exit code 0 where the answer gives the same results outside of the sandbox. */
  reference: string;
}

/** JSON texts of the arguments and of what the call has to give. */
const Call = z.object({ input: z.string(), output: z.string() });
const Extracted = z.array(z.object({ entry: z.string(), calls: z.array(Call) }));

/** The answers whose tests hold at least one assertion on a call with values as JSON has them. */
export function callsOf(language: Answer['language'], answers: readonly Answer[]): FunctionCase[] {
  const extracted = language === 'python' ? pythonCalls(answers) : answers.map(javascriptCalls);
  return answers.flatMap((answer, index) => {
    const { entry = '', calls = [] } = extracted[index] ?? {};
    if (calls.length === 0) {
      return [];
    }
    const tests = calls.map(({ input, output }) => `{"input":${input},"output":${output}}`).join(',');
    const problem = FunctionProblem.parse({
      id: answer.id,
      statement: answer.id,
      kind: 'function',
      entry,
      tests: parseJson(`[${tests}]`),
      limits: { timeMs: 20_000, memoryMb: 512 },
    });
    const reference = language === 'python' ? pythonReference : javascriptReference;
    return [{ id: answer.id, problem, source: answer.source, reference: reference(answer.source, entry, tests) }];
  });
}

function pythonCalls(answers: readonly Answer[]): z.infer<typeof Extracted> {
  const script = join(import.meta.dirname, 'calls.py');
  const input = JSON.stringify(answers.map(({ source, tests, entry }) => ({ source, tests, entry })));
  const stdout = execFileSync('python3', [script], { input, encoding: 'utf8', maxBuffer: 2 ** 30 });
  return Extracted.parse(JSON.parse(stdout));
}

/** Results count as equal as the sandbox says: tuples as lists, decimals within 1e-6. The main part of a source does not run. */
function pythonReference(source: string, entry: string, tests: string): string {
  return `import json, sys
def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value
def same(a, b):
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(b, float) and isinstance(a, (int, float)):
        return a == b or abs(a - b) <= 1e-6 * max(1, abs(b))
    return a == b
space = {'__name__': 'solution'}
exec(compile(${pythonText(source)}, 'solution.py', 'exec'), space)
for test in json.loads(${pythonText(`[${tests}]`)}):
    actual = plain(space[${pythonText(entry)}](*test['input']))
    assert same(actual, test['output']), (actual, test['output'])
`;
}

/** A literal of Python: JSON's escapes are Python's, surrogates apart, which text of a file has none of. */
function pythonText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u{10ffff}]/gu,
    (sign) => `\\U${(sign.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`,
  );
}

function javascriptReference(source: string, entry: string, tests: string): string {
  return `${source}
;(() => {
  const same = (a, b) => {
    if (typeof a === 'number' && typeof b === 'number') {
      return Object.is(a, b) || a === b || (!/^-?\\d+$/.test(String(b)) && Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b)));
    }
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
      return a === b;
    }
    const [left, right] = [Object.keys(a), Object.keys(b)];
    return Array.isArray(a) === Array.isArray(b) && left.length === right.length && right.every((key) => Object.hasOwn(a, key) && same(a[key], b[key]));
  };
  for (const { input, output } of JSON.parse(${JSON.stringify(`[${tests}]`)})) {
    const actual = ${entry}(...input);
    if (!same(actual, output)) {
      throw new Error(JSON.stringify([input, actual, output]));
    }
  }
})();`;
}

/** MultiPL-E's tests: `let candidate = NAME;` and lines `assert.deepEqual(candidate(…),…);`. */
function javascriptCalls({ source, tests }: Answer): z.infer<typeof Extracted>[number] {
  const text = tests === '' ? source : tests;
  const entry = /\blet candidate = ([\w$]+);/.exec(text)?.[1];
  const lines = text.matchAll(/^[ \t]*assert\.deepEqual\((candidate\(.*\),.*)\);[ \t]*$/gm);
  return { entry: entry ?? '', calls: entry === undefined ? [] : [...lines].flatMap((line) => callOf(line[1] ?? '')) };
}

/** The call and the value of one assertion, as JSON has them; none where it has not. */
function callOf(text: string): z.infer<typeof Call>[] {
  const candidate = (...input: unknown[]): string => json(input);
  try {
    const [input, output] = runInNewContext(`[${text}]`, { candidate }) as [string, unknown];
    return [{ input, output: json(output) }];
  } catch {
    return [];
  }
}

/** Throws where the value would come back as another one. */
function json(value: unknown): string {
  return JSON.stringify([value], (_, item: unknown) => {
    if (item === undefined || typeof item === 'function' || (typeof item === 'number' && !Number.isFinite(item))) {
      throw new TypeError('JSON has no such value');
    }
    return item;
  }).slice(1, -1);
}
