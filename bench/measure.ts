import { cpus, loadavg, totalmem } from 'node:os';
import { programVersions } from '../src/engine/versions.ts';

/** What a figure depends on besides the program. */
export interface Conditions {
  cpu: string;
  cores: number;
  threads: number;
  memoryGb: number;
  /** Load average of the last minute when the measurement began and ended. */
  load: [before: number, after: number];
  model: string;
  /** Precision of sampler and trainer. */
  precision: string;
  versions: Record<string, string>;
}

/** Call at the beginning; the result completes the record at the end. */
export function noteConditions(model: {
  id: string;
  precision: string;
  threads: number;
}): (versions: Record<string, string>) => Conditions {
  const before = loadavg()[0] ?? 0;
  return (versions) => ({
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    threads: model.threads,
    memoryGb: Math.round(totalmem() / 1e9),
    load: [round(before), round(loadavg()[0] ?? 0)],
    model: model.id,
    precision: model.precision,
    versions: { ...programVersions(), ...versions },
  });
}

export function describeConditions({ cpu, cores, threads, load, model, precision, versions }: Conditions): string {
  const listed = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${model}, ${precision}; ${cpu}, ${cores} cores, ${threads} threads; load ${load.join(' to ')}; ${listed.join(', ')}`;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median of the ratios of what was measured one after the other, so that a change of the machine's load cancels. */
export function medianRatio(own: readonly number[], other: readonly number[]): number {
  return round(median(own.map((value, i) => value / (other[i] ?? NaN))));
}

/**
 * Ratio of the fastest rounds: what is left when other programs disturbed only some. Threads that spin while they wait,
 * as llama.cpp's do, lose more to other programs than threads that sleep.
 */
export function ratioOfBest(own: readonly number[], other: readonly number[]): number {
  return round(Math.max(...own) / Math.max(...other));
}

/** Three significant digits. */
export function round(value: number): number {
  return Number(value.toPrecision(3));
}
