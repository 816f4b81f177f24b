import type { JsonValue } from '../../protocol/json.ts';
import type { Limits } from '../../protocol/problem.ts';
import type { Candidate, InputType, RejectedFunction, Seed } from '../../protocol/seed.ts';
import { optional } from '../../base/optional.ts';
import type { Execution, Sandbox } from '../../sandbox/sandbox.ts';
import { behaviourKey } from '../coding/behaviour.ts';
import { limitSteps } from '../coding/step-limit.ts';
import { makeInputs } from './inputs.ts';

/** Inputs that a function is tried with, for each guess at its types. */
const inputCount = 24;
/** Share of them that must give data, and how many different results there must be. */
const leastShare = 0.5;
const leastOutputs = 3;
/** From this share of unchanged arguments on, a function does nothing that a problem could be about. */
const mostUnchanged = 0.8;
/** Longest result, characters of JSON. */
const longestOutput = 2000;
/** Loop passes and calls of one call of the function. */
const mostSteps = 30_000;
const limits: Limits = { timeMs: 100, memoryMb: 64 };

/** Name of the function that calls the one that is tried; it is no name that a person would choose. */
const trialEntry = 'selfqTrial$';

/** Runs of one guess: what came back for each input. */
interface Run {
  types: InputType[];
  inputs: JsonValue[][];
  results: Execution[];
}

/**
 * A function that was run in the sandbox on generated inputs and behaves as a pure one: data comes back, the same twice in
 * another order and with another seed, the arguments stay as they were, and results differ. Else the reason why not.
 */
export async function tryFunction(candidate: Candidate, sandbox: Sandbox): Promise<Seed | RejectedFunction> {
  const { file, line, name } = candidate;
  const reject = (reason: RejectedFunction['reason'], detail: string): RejectedFunction => ({
    ...{ file, line, name, reason },
    detail: detail.slice(0, 200),
  });
  const source = trialSource(candidate);
  let best: Run | undefined;
  let objection: RejectedFunction | undefined;
  for (const types of candidate.guesses) {
    const inputs = makeInputs(types, candidate.literals, inputCount);
    const results = await sandbox.execute({ source, entry: trialEntry, inputs, limits, seed: 1 });
    const run = { types, inputs, results };
    const fault = objectionTo(run);
    if (!fault) {
      best = run;
      break;
    }
    objection ??= reject(...fault);
    if (fault[0] === 'endless' || fault[0] === 'changes_input') {
      break;
    }
  }
  if (!best) {
    return objection ?? reject('parameters', 'Nothing is known of its parameters.');
  }
  const { types, inputs, results } = best;
  const again = await sandbox.execute({ source, entry: trialEntry, inputs: inputs.toReversed(), limits, seed: 2 });
  if (results.some((result, index) => !isSame(result, again.at(-1 - index)))) {
    return reject('changing_output', 'Two runs on the same inputs gave different results.');
  }
  const good = variedFirst(inputs, results);
  const behaviour = await behaviourKey({ source: candidate.source, entry: name, inputs: good }, sandbox, limits);
  const { doc, parameters } = candidate;
  return {
    ...{ file, line, name, source: candidate.source, doc, parameters, types, inputs: good },
    ...optional('behaviour', behaviour),
  };
}

/** The function, counted, behind a caller that looks at its arguments and result. */
function trialSource({ source, name }: Candidate): string {
  return `${limitSteps(source, mostSteps)}
function ${trialEntry}(...values) {
  steps$ = 0;
  const before = JSON.stringify(values);
  const result = ${name}(...values);
  if (JSON.stringify(values) !== before) throw new Error('${changesInput}');
  if (result === undefined) throw new Error('it returns nothing');
  JSON.stringify(result, (key, value) => {
    if (value !== value || value === undefined) throw new Error('it returns NaN or undefined');
    return value;
  });
  return result;
}`;
}

const changesInput = 'it changes its arguments';

function objectionTo({ inputs, results }: Run): [RejectedFunction['reason'], string] | undefined {
  const failed = results.flatMap((result) => (result.ok ? [] : [result]));
  const good = results.filter(isData);
  const says = (text: string): boolean => failed.some(({ message }) => message.includes(text));
  if (says(changesInput)) {
    return ['changes_input', 'It changes its arguments.'];
  }
  if (failed.length > 0 && failed.every(({ verdict }) => verdict === 'IE')) {
    return ['sandbox_fault', 'The sandbox failed while it ran.'];
  }
  if (good.length < leastShare * inputs.length || inputs.length < leastOutputs) {
    return whyFailed(failed, good.length, inputs.length);
  }
  const texts = results.flatMap((result) => (result.ok && isData(result) ? [JSON.stringify(result.value)] : []));
  if (!areDistinct(texts)) {
    return ['few_outputs', `It gave ${new Set(texts).size} different results.`];
  }
  const unchanged = inputs.filter((input, index) => {
    const result = results[index];
    return result?.ok && input.some((value) => JSON.stringify(value) === JSON.stringify(result.value));
  });
  return unchanged.length > mostUnchanged * texts.length
    ? ['returns_argument', 'It mostly returns an argument as it is.']
    : undefined;
}

/**
 * The inputs that gave data, those first whose results are different: a problem's tests are the first few, and a predicate
 * that is nearly always false would have tests that `return false` passes.
 */
function variedFirst(inputs: readonly JsonValue[][], results: readonly Execution[]): JsonValue[][] {
  const seen = new Map<string, number>();
  const ranked = inputs.flatMap((input, index) => {
    const result = results[index];
    if (!result?.ok || !isData(result)) {
      return [];
    }
    const text = JSON.stringify(result.value);
    const turn = seen.get(text) ?? 0;
    seen.set(text, turn + 1);
    return [{ input, turn }];
  });
  return ranked.sort((a, b) => a.turn - b.turn).map(({ input }) => input);
}

function whyFailed(failed: readonly Failure[], good: number, of: number): [RejectedFunction['reason'], string] {
  if (failed.some(({ verdict, message }) => verdict === 'TLE' || message.includes('too many steps'))) {
    return ['endless', 'It does not come to an end on some inputs.'];
  }
  const isNotData = ({ verdict, message }: Failure): boolean =>
    verdict === 'BAD' || verdict === 'OLE' || /it returns (?:nothing|NaN)/.test(message);
  const notData = failed.filter(isNotData);
  const [first] = notData.length > failed.length / 2 ? notData : failed.filter((failure) => !isNotData(failure));
  const message = first?.message ?? 'results are too long';
  return notData.length > failed.length / 2
    ? ['not_data', `${of - good} of ${of} inputs gave no plain data: ${message}`]
    : ['throws', `${of - good} of ${of} inputs failed: ${message}`];
}

type Failure = Extract<Execution, { ok: false }>;

function isData(result: Execution | undefined): boolean {
  return result?.ok === true && JSON.stringify(result.value).length <= longestOutput;
}

/** Enough different results; of a predicate, both answers, the rarer one often enough. */
function areDistinct(texts: readonly string[]): boolean {
  const counts = [...Map.groupBy(texts, (text) => text).values()].map(({ length }) => length);
  const isPredicate = texts.every((text) => text === 'true' || text === 'false');
  return isPredicate ? counts.length === 2 && Math.min(...counts) >= leastOutputs : counts.length >= leastOutputs;
}

function isSame(first: Execution, second: Execution | undefined): boolean {
  return first.ok && second?.ok
    ? JSON.stringify(first.value) === JSON.stringify(second.value)
    : first.ok === second?.ok;
}
