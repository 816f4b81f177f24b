import { availableParallelism } from 'node:os';
import { cacheDir } from '../src/base/cache-dir.ts';
import { BoundaryError } from '../src/base/errors.ts';
import { resolveConfig } from '../src/config/resolve.ts';
import { loadRequestOf } from '../src/engine/load-request.ts';
import { fetchedModel, startRuntime, type PolicyObserver } from '../src/engine/policy.ts';
import { defaultModelId } from '../src/model/catalogue.ts';
import type { ModelFile } from '../src/model/model.ts';
import { openModel } from '../src/model/open.ts';
import type { DomainTools } from '../src/domains/domain.ts';
import type { LoadRequest } from '../src/runtime/process/calls.ts';
import type { RuntimeProcess } from '../src/runtime/process/client.ts';
import { runtimeSettings, type RuntimeSettings } from '../src/runtime/settings.ts';

/** What was typed behind `selfq bench TARGET`. */
export interface BenchArguments {
  has(name: string): boolean;
  text(name: string): string | undefined;
  integer(name: string, minimum: number): number | undefined;
}

/** What {@link openBenchModel} is told by a script that is no command: its options `--model` and `--threads`. */
export function scriptArguments(values: { model?: string | undefined; threads?: string | undefined }): BenchArguments {
  const threads = values.threads === undefined ? undefined : Number(values.threads);
  return {
    has: () => false,
    text: (name) => (name === 'model' ? values.model : undefined),
    integer: (name) => (name === 'threads' ? threads : undefined),
  };
}

/** Told of a model that is being fetched. */
export type BenchObserver = Pick<PolicyObserver, 'onFetch'>;

/** What a runtime process is loaded with that differs from a run, whose precisions the command line may choose. */
export type StartOptions = Pick<LoadRequest, 'slots' | 'contextTokens'> & Partial<LoadRequest>;

type Precisions = Pick<RuntimeSettings, 'samplerPrecision' | 'evalPrecision' | 'trainPrecision'>;

/** The model under test: opened for its tokenizer, and a way to load it in separate runtime processes. */
export interface BenchModel {
  id: string;
  path: string;
  file: ModelFile;
  rank: number;
  threads: number;
  /** Of sampler and trainer, for the record. */
  precision: string;
  /** A runtime process as a run has it; `slots` rows decode at once. */
  start(options: StartOptions): Promise<RuntimeProcess>;
  close(): Promise<void>;
}

export async function openBenchModel(args: BenchArguments, observer: BenchObserver): Promise<BenchModel> {
  const model = await fetchedModel(args.text('model') ?? defaultModelId, observer);
  // Threads are given to everyone, so that nobody's own guess decides.
  const config = resolveConfig('quick', {
    model: model.id,
    threads: args.integer('threads', 1) ?? availableParallelism(),
    ...precisionsOf(args.text('precision')),
  });
  const { threads, loraRank: rank, samplerPrecision, trainPrecision } = config;
  const file = await openModel(model.path, { cacheDir: cacheDir() });
  return {
    id: model.id,
    path: model.path,
    file,
    rank,
    threads,
    precision: `${samplerPrecision}, ${trainPrecision}`,
    async start(changes) {
      const request = loadRequestOf(config, { modelPath: model.path, cacheDir: cacheDir() });
      const { runtime, loaded } = await startRuntime({ ...request, ...changes });
      if (loaded.precisions.reason !== undefined) {
        await runtime.close();
        const message = `Figures of this precision cannot be measured: ${loaded.precisions.reason}`;
        throw new BoundaryError('environment', message, 'Use --precision strict.');
      }
      return runtime;
    },
    close: () => file.close(),
  };
}

/** Strict sampling goes with exact training; the others have the same name on both sides. Default: as in a run. */
function precisionsOf(name: string | undefined): Partial<Precisions> {
  switch (name) {
    case undefined:
      return {};
    case 'strict':
    case 'exact':
      return { samplerPrecision: 'strict', evalPrecision: 'strict', trainPrecision: 'exact' };
    case 'balanced':
      return { samplerPrecision: name, evalPrecision: name, trainPrecision: name };
    default:
      throw new BoundaryError(
        'usage',
        `There is no precision "${name}".`,
        `Choose from ${runtimeSettings.samplerPrecision.kind.choices.join(', ')}.`,
      );
  }
}

/** Prompts need neither sandbox nor policy. */
export const idleTools: DomainTools = {
  sandbox: () => Promise.reject(new Error('nothing is judged here')),
  base: () => Promise.reject(new Error('nothing is asked here')),
};

/** Code in plain text, long enough for any prompt here; models continue it instead of ending. */
export function codeTokens(file: ModelFile, count: number, offset = 0): number[] {
  const snippet = (n: number): string =>
    `// ${n}. ${topics[n % topics.length] ?? ''}\nfunction task${n}(values, limit) {\n  const result = [];\n` +
    `  for (const value of values) {\n    if (value % ${n + 2} < limit) {\n      result.push(value * ${n});\n    }\n  }\n` +
    '  return result;\n}\n\n';
  const text = Array.from({ length: 4 + Math.ceil(count / 40) }, (_, i) => snippet(offset + i)).join('');
  return file.tokenizer.encode(text).slice(0, count);
}

const topics = ['Select numbers', 'Sum the odd ones', 'Scale what is small', 'Filter by remainder', 'Multiples'];
