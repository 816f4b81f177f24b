import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';

/** Plain data with every number that is no integer cut to six significant digits, for a file. */
export function rounded(data: unknown): unknown {
  return JSON.parse(
    JSON.stringify(data, (_, value: unknown) =>
      typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value,
    ),
  );
}

/**
 * The golden files were made on x64 with AVX-512 VNNI. On other processors onnxruntime has other kernels: rounding differs,
 * which AdamW's first step makes as large as the gradient wherever that is near zero, and integer products saturate
 * where there is no VNNI at all. The figures of updates cannot be compared there.
 */
const hasSameKernels =
  process.arch === 'x64' &&
  existsSync('/proc/cpuinfo') &&
  /\bavx512_vnni\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));

/**
 * Numbers may differ by this share of the expected one, integers not at all. Smaller ones than `smallest` count as large
 * as that: a loss is what is left of advantages that cancel each other.
 */
const tolerance = hasSameKernels ? 1e-4 : 0.02;
const smallest = 0.01;

const notCompared: ReadonlySet<string> = new Set(
  hasSameKernels
    ? []
    : [
        ...['loss', 'kl', 'clip_ratio', 'grad_norm', 'clipRatio', 'gradNorm', 'sequences'],
        ...['sampling_logp_difference', 'importance_ratio_max', 'importance_ratio_outside'],
      ],
);

/** Throws with the first places where plain data differs from what is expected of it. */
export function assertAlike(actual: unknown, expected: unknown): void {
  const found = differences(JSON.parse(JSON.stringify(actual)), expected, '$');
  if (found.length > 0) {
    assert.fail(`${found.length} differences:\n${found.slice(0, 10).join('\n')}`);
  }
}

function differences(actual: unknown, expected: unknown, path: string): string[] {
  if (typeof actual === 'number' && typeof expected === 'number') {
    return isSameNumber(actual, expected) ? [] : [`${path} is ${actual} instead of ${expected}`];
  }
  if (isObject(actual) && isObject(expected) && Array.isArray(actual) === Array.isArray(expected)) {
    return [...new Set([...Object.keys(expected), ...Object.keys(actual)])]
      .filter((key) => !notCompared.has(key))
      .flatMap((key) => differences(actual[key], expected[key], `${path}.${key}`));
  }
  return actual === expected ? [] : [`${path} is ${shown(actual)} instead of ${shown(expected)}`];
}

function isSameNumber(actual: number, expected: number): boolean {
  return Number.isInteger(actual) && Number.isInteger(expected)
    ? actual === expected
    : Math.abs(actual - expected) <= tolerance * Math.max(Math.abs(expected), smallest);
}

function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null;
}

function shown(data: unknown): string {
  return data === undefined ? 'not there' : JSON.stringify(data).slice(0, 200);
}
