import { BoundaryError } from '../../base/errors.ts';
import type { Execution, Sandbox } from '../../sandbox/sandbox.ts';
import type { JsonValue } from '../../protocol/json.ts';
import type { DomainFile } from './folder.ts';
import { type Expected, Facts, factWords, type FunctionName, functionNames, parametersOf } from './shapes.ts';

/** One call: what the function returned, as it should be, or what is wrong with it. */
export type Called<T> = { value: T } | { fault: BoundaryError };

/** The functions of a domain's file, each called in the sandbox. */
export interface DomainCalls {
  readonly facts: Facts;
  has(name: FunctionName): boolean;
  /**
   * `name(...arguments)` for each list of arguments, in order. A call that throws, does not end or returns something else
   * than expected changes no other. Throws BoundaryError after {@link faultsInARow} failures of one function, or where
   * the sandbox itself fails.
   */
  all<T>(name: FunctionName, lists: readonly JsonValue[][], what: Expected<T>): Promise<Called<T>[]>;
}

/** Of one call: CPU milliseconds, and MiB of the heap of the isolate that it runs in. */
const limits = { timeMs: 1000, memoryMb: 64 };

/** Failures of one function without a success in between after which it is not called any more. */
export const faultsInARow = 8;

/** Name of the function that is put behind the source: the one that the sandbox calls. */
const entry = 'selfqCall';

/** Characters of an input or a message that an error shows. */
const shown = 200;

/** The file's own top level stays as it is; types are erased, and everything runs, in an isolate of the sandbox. */
function withEntry(source: string): string {
  const find = `if (typeof domain !== 'object' || domain === null) throw new Error('it has no \`export const domain = {…}\`');`;
  const facts = `const { name, description, proposalStop, answerStop, settings } = domain; const functions = Object.keys(domain).filter((key) => typeof domain[key] === 'function'); return JSON.parse(JSON.stringify({ name, description, proposalStop, answerStop, settings, functions }));`;
  return `${source}\n;export function ${entry}(member, list) { ${find} if (member === '') { ${facts} } return domain[member](...list); }`;
}

/** Loads a domain's file. Throws BoundaryError('usage') that says what is wrong with it. */
export async function openCalls(file: DomainFile, sandbox: () => Promise<Sandbox>): Promise<DomainCalls> {
  const count = countFaults();
  const run = async (inputs: readonly JsonValue[][]): Promise<Execution[]> => {
    const job = { source: withEntry(file.source), language: file.language, entry, limits };
    return (await sandbox()).execute({ ...job, inputs });
  };
  const facts = readFacts(file, (await run([['', []]]))[0]);
  const { name: domain } = facts;
  return {
    facts,
    has: (name) => facts.functions.includes(name),
    async all<T>(name: FunctionName, lists: readonly JsonValue[][], what: Expected<T>) {
      const called: Called<T>[] = [];
      const results = lists.length === 0 ? [] : await run(lists.map((list) => [name, list]));
      for (const [index, list] of lists.entries()) {
        const first = results[index];
        // What stands behind a call that broke its limit was not run: each gets an isolate for itself.
        const isCut = lists.length > 1 && first?.ok === false && ['TLE', 'MLE', 'IE'].includes(first.verdict);
        const result = isCut ? (await run([[name, list]]))[0] : first;
        const read = readResult({ file, domain, name, list }, result, what);
        count(name, 'fault' in read ? read.fault : undefined);
        called.push(read);
      }
      return called;
    },
  };
}

/** Is told how each call went. Throws the first fault of {@link faultsInARow} of one function. */
function countFaults(): (name: FunctionName, fault: BoundaryError | undefined) => void {
  const inRow = new Map<FunctionName, { first: BoundaryError; count: number }>();
  return (name, fault) => {
    if (!fault) {
      inRow.delete(name);
      return;
    }
    const { first, count } = inRow.get(name) ?? { first: fault, count: 0 };
    inRow.set(name, { first, count: count + 1 });
    if (count + 1 >= faultsInARow) {
      throw new BoundaryError('usage', `${first.message} So did the ${count} calls after it.`, first.remedy);
    }
  };
}

interface Call {
  file: DomainFile;
  domain: string;
  name: FunctionName;
  list: readonly JsonValue[];
}

function readResult<T>(call: Call, result: Execution | undefined, { schema, words }: Expected<T>): Called<T> {
  if (!result?.ok) {
    return { fault: faultOf(call, whyNone(result), words) };
  }
  const parsed = schema.safeParse(result.value);
  return parsed.success
    ? { value: parsed.data }
    : { fault: faultOf(call, `it returned ${clipped(JSON.stringify(result.value))}`, words) };
}

/** Why a call gave nothing, of a person's file. Throws where the fault is not the file's. */
function whyNone(result: Extract<Execution, { ok: false }> | undefined): string {
  const message = clipped(result?.message ?? '');
  switch (result?.verdict) {
    case 'TLE':
      return `it did not end within ${limits.timeMs} ms`;
    case 'MLE':
      return `it took more than ${limits.memoryMb} MiB of memory`;
    case 'OLE':
      return 'it returned more than the sandbox passes on (a million characters)';
    case 'BAD':
      return `it returned what is not JSON data (${message})`;
    case 'CE':
    case 'RE':
      return `it failed with ${message}`;
    case 'IE':
    case undefined:
      throw new BoundaryError(
        'sandbox',
        `The sandbox failed while it ran a domain: ${message}.`,
        'Try again; `selfq doctor` checks the sandbox.',
      );
  }
}

function faultOf({ file, domain, name, list }: Call, why: string, words: string): BoundaryError {
  const input = list.map((item) => clipped(JSON.stringify(item))).join(', ');
  return new BoundaryError(
    'usage',
    `The domain ${domain} failed in ${name}(${parametersOf[name]}): ${why}. It was called with (${input}). Expected: ${words}.`,
    `Mend ${name} in ${file.path}; \`selfq domain check\` tries it.`,
  );
}

function clipped(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > shown ? `${line.slice(0, shown)}… (${line.length} characters)` : line;
}

/** What the file says of itself; throws BoundaryError('usage') for what is missing or of another type. */
function readFacts(file: DomainFile, result: Execution | undefined): Facts {
  const remedy = 'docs/domains.md describes the file; `selfq domain init NAME` writes one that works.';
  if (!result?.ok) {
    throw new BoundaryError('usage', `${file.path} cannot be used: ${whyNone(result)}.`, remedy);
  }
  const parsed = Facts.safeParse(result.value);
  if (!parsed.success) {
    const [field] = parsed.error.issues[0]?.path ?? [];
    const name = String(field);
    throw new BoundaryError(
      'usage',
      `${file.path} cannot be used: domain.${name} is not what it should be.`,
      `Expected: ${factWords[name] ?? 'what docs/domains.md says'}.`,
    );
  }
  const has = (name: string): boolean => parsed.data.functions.includes(name);
  const missing = functionNames.required.filter((name) => !has(name));
  if (missing.length > 0) {
    throw new BoundaryError('usage', `${file.path} cannot be used: domain has no ${missing.join(', no ')}.`, remedy);
  }
  if (!['reward', 'value', 'grade'].some(has)) {
    throw new BoundaryError(
      'usage',
      `${file.path} cannot be used: nothing in it judges answers.`,
      'Give domain one of value(question, answer), reward(question, answers) and grade(question, answer).',
    );
  }
  return parsed.data;
}
