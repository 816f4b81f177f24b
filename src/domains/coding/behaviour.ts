import { createHash } from 'node:crypto';
import { at } from '../../base/arrays.ts';
import { uniform } from '../../base/random.ts';
import type { JsonValue } from '../../protocol/json.ts';
import type { Limits } from '../../protocol/problem.ts';
import type { Execution, Sandbox } from '../../sandbox/sandbox.ts';
import { type DataType, parameterTypes, typeText } from './data-type.ts';

/** What happens to a question whose reference behaves like an earlier one's; `off`: references are not probed. */
export type BehaviourDuplicates = 'reject' | 'count' | 'off';

/** Probe inputs of one list of parameter types. */
const probeCount = 24;
/** Fewest probes that must give a result; below that there is no behaviour to compare. */
const leastResults = 12;
/** Most probes that may return an argument unchanged; above that the reference looks for something that no probe has. */
const mostUnchanged = 12;
/** Fewest distinct results; of booleans alone, how often the rarer one must occur. */
const leastDistinct = 3;
/** CPU milliseconds of one probe: a reference that needs longer for such small values loops. */
const probeTimeMs = 200;

/**
 * What a reference does, as a key that is equal for references that agree on every probe: the types of its parameters and
 * its results on inputs that depend on these types alone. Undefined where that would say little: arguments without one
 * type, a reference that fails on half of the probes or returns its arguments, results that hardly differ.
 */
export async function behaviourKey(
  { source, entry, inputs }: { source: string; entry: string; inputs: readonly (readonly JsonValue[])[] },
  sandbox: Sandbox,
  limits: Limits,
): Promise<string | undefined> {
  const types = parameterTypes(inputs);
  if (!types || types.length === 0) {
    return undefined;
  }
  const job = { source, entry, limits: { ...limits, timeMs: Math.min(limits.timeMs, probeTimeMs) } };
  const inputsOfProbes = probesOf(types);
  const results = await sandbox.execute({ ...job, inputs: inputsOfProbes, seed: 1 });
  const texts = results.map((result) => (result.ok ? JSON.stringify(result.value) : 'failed'));
  const unchanged = inputsOfProbes.filter((input, probe) =>
    input.some((value) => JSON.stringify(value) === texts[probe]),
  );
  return isDistinctive(results) && unchanged.length <= mostUnchanged
    ? createHash('sha256')
        .update([...types.map(typeText), ...texts].join('\n'))
        .digest('hex')
        .slice(0, 24)
    : undefined;
}

function isDistinctive(results: readonly Execution[]): boolean {
  const values = results.flatMap((result) => (result.ok ? [JSON.stringify(result.value)] : []));
  // A probe that the sandbox lost says nothing, nor does the key without it.
  const isLost = results.some((result) => !result.ok && result.verdict === 'IE');
  if (isLost || values.length < leastResults) {
    return false;
  }
  const counts = [...Map.groupBy(values, (value) => value).values()].map(({ length }) => length);
  const areBooleans = values.every((value) => value === 'true' || value === 'false');
  return areBooleans ? counts.length === 2 && Math.min(...counts) >= leastDistinct : counts.length >= leastDistinct;
}

/** Probe inputs, [probe][parameter], which depend on the types alone. */
export function probesOf(types: readonly DataType[]): JsonValue[][] {
  return Array.from({ length: probeCount }, (_, probe) =>
    types.map((type, position) => drawValue(type, [probe, position])),
  );
}

// Small values: a reference may count up to them, or call itself as often.
const integers = [0, 1, 2, 3, 5, 6, 7, 9, 10, 12, 15, -1, -3, -8];
const numbers = [0, 0.5, 1, 1.5, 2, 2.25, 3, 4.75, 10, -0.5, -2, -3.5];
const texts = [
  ...['', 'a', 'abc', 'level', 'Level', 'hello world', 'Hello World 123', 'aabbb', 'banana', '12345', 'listen'],
  ...['The quick brown fox', 'x', 'zebra apple', 'aaa', 'Was it a car', 'a,b;c', 'MiXeD', 'programming', '(a[b]c)'],
];

/** A value of a type; `key` is its place. */
function drawValue(type: DataType, key: readonly number[]): JsonValue {
  const pick = <T>(pool: readonly T[]): T => at(pool, Math.floor(uniform(...key) * pool.length));
  switch (type.kind) {
    case 'integer':
      return pick(integers);
    case 'number':
      return pick(numbers);
    case 'string':
      return pick(texts);
    case 'boolean':
      return pick([true, false]);
    case 'null':
      return null;
    case 'array': {
      const { of } = type;
      const length = pick([0, 1, 2, 3, 4, 5, 6, 7]);
      return of ? Array.from({ length }, (_, index) => drawValue(of, [...key, index])) : [];
    }
    case 'object': {
      const fields = Object.entries(type.fields).sort(([a], [b]) => (a < b ? -1 : 1));
      return Object.fromEntries(fields.map(([name, field], index) => [name, drawValue(field, [...key, index])]));
    }
    default:
      return type satisfies never;
  }
}
