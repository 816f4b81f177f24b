import { availableParallelism } from 'node:os';
import { ensureModel } from '../src/cli/model.ts';
import { cacheDir } from '../src/base/cache-dir.ts';
import { defaultModelId } from '../src/model/catalogue.ts';
import type { ModelFile } from '../src/model/model.ts';
import { openModel } from '../src/model/open.ts';
import { BoundaryError } from '../src/base/errors.ts';
import { samplerPrecisions, type LoadRequest } from '../src/protocol/runtime.ts';
import { RuntimeProcess } from '../src/runtime/process/client.ts';
import { resolveConfig, type Config } from '../src/selfplay/config.ts';

/** What was typed behind `selfq bench TARGET`. */
export interface BenchArguments {
  has(name: string): boolean;
  text(name: string): string | undefined;
  integer(name: string, minimum: number): number | undefined;
}

/** What a runtime process is loaded with besides the model; precisions as chosen on the command line unless given. */
export type StartOptions = Pick<LoadRequest, 'slots' | 'contextTokens'> &
  Partial<Precisions & Pick<LoadRequest, 'lora' | 'sleepMode'>>;

type Precisions = Required<Pick<LoadRequest, 'samplerPrecision' | 'trainPrecision'>>;

/** The model under test: opened for its tokenizer, and a way to load it in runtime processes of its own. */
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

export async function openBenchModel(args: BenchArguments): Promise<BenchModel> {
  const model = await ensureModel(args.text('model') ?? defaultModelId);
  const config = resolveConfig('quick', { model: model.id });
  // Given to everyone, so that nobody's own guess decides.
  const threads = args.integer('threads', 1) ?? availableParallelism();
  const precisions = precisionsOf(args.text('precision'), config);
  const file = await openModel(model.path, { cacheDir: cacheDir() });
  return {
    id: model.id,
    path: model.path,
    file,
    rank: config.loraRank,
    threads,
    precision: Object.values(precisions).join(', '),
    async start({ slots, contextTokens, ...changes }) {
      const process = new RuntimeProcess();
      const request: LoadRequest = {
        modelPath: model.path,
        cacheDir: cacheDir(),
        device: 'cpu',
        threads,
        slots,
        contextTokens,
        lora: { rank: config.loraRank, alpha: config.loraAlpha, seed: config.seed },
        ...precisions,
        ...changes,
      };
      await process.call('load', request);
      return process;
    },
    close: () => file.close(),
  };
}

/** Strict sampling goes with exact training; the others have the same name on both sides. Default: as in a run. */
function precisionsOf(name: string | undefined, config: Config): Precisions {
  if (name === undefined) {
    return { samplerPrecision: config.samplerPrecision, trainPrecision: config.trainPrecision };
  }
  const samplerPrecision = samplerPrecisions.find((known) => known === (name === 'exact' ? 'strict' : name));
  if (samplerPrecision === undefined) {
    throw new BoundaryError(
      'usage',
      `There is no precision "${name}".`,
      `Choose from ${samplerPrecisions.join(', ')}.`,
    );
  }
  return { samplerPrecision, trainPrecision: samplerPrecision === 'strict' ? 'exact' : samplerPrecision };
}

/** Code in plain text, long enough for any prompt here; models go on with it instead of ending. */
export function codeTokens(file: ModelFile, count: number, offset = 0): number[] {
  const snippet = (n: number): string =>
    `// ${n}. ${topics[n % topics.length] ?? ''}\nfunction task${n}(values, limit) {\n  const result = [];\n` +
    `  for (const value of values) {\n    if (value % ${n + 2} < limit) {\n      result.push(value * ${n});\n    }\n  }\n` +
    '  return result;\n}\n\n';
  const text = Array.from({ length: 4 + Math.ceil(count / 40) }, (_, i) => snippet(offset + i)).join('');
  return file.tokenizer.encode(text).slice(0, count);
}

const topics = ['Select numbers', 'Sum the odd ones', 'Scale what is small', 'Filter by remainder', 'Multiples'];
