import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { BoundaryError } from '../../src/base/errors.ts';
import { entryPath } from '../../src/base/entries.ts';
import type { BenchArguments, BenchModel } from '../policy.ts';
import { peerScript, peersDir } from './folder.ts';
import { hasLlamaCppPython, llamaCppFolder } from './install.ts';
import { writeLlamaAdapter } from './llama-adapter.ts';
import { PeerProcess } from './process.ts';
import { llamaQuantisations, writeQuantised } from './quantised.ts';

const Timed = z.object({ seconds: z.number(), tokens: z.number() });
const Loaded = z.object({ release: z.string(), systemInfo: z.string() });

/** What llama.cpp does for each token. `full` is what this program does: LoRA, sampling, the logprob of the choice. */
export type LlamaWork = 'full' | 'bare';

export type LlamaRequest =
  | { op: 'prefill'; tokens: number; work: LlamaWork }
  | { op: 'decode'; rows: number; promptTokens: number; newTokens: number; work: LlamaWork };

/** llama.cpp by one program with one file. */
export interface LlamaPeer {
  program: string;
  /** Of its file: `own`, `Q8_0`, `Q4_0`. */
  format: string;
  release: string;
  /** Tokens a second. */
  measure(request: LlamaRequest): Promise<number>;
  kill(): void;
}

/** Every way of running llama.cpp that is at hand: node-llama-cpp, and llama-cpp-python where `--python` has it. */
export async function startLlamaPeers(args: BenchArguments, model: BenchModel): Promise<LlamaPeer[]> {
  if (!model.path.endsWith('.gguf')) {
    throw new BoundaryError(
      'usage',
      `llama.cpp reads GGUF files alone, and ${model.path} is a folder.`,
      'Take a GGUF file with --model, or measure this program alone: add `--alone`.',
    );
  }
  const folder = await llamaCppFolder(args.has('install-peers'));
  const models = join(peersDir(), 'models');
  await mkdir(models, { recursive: true });
  const stem = join(models, model.file.hash.slice(0, 16));
  const adapter = `${stem}-rank${model.rank}.gguf`;
  writeLlamaAdapter(adapter, model.file.config, model.rank);
  const files: [format: string, path: string][] = [];
  for (const format of formatsOf(args.text('formats'))) {
    const path = format === 'own' ? model.path : `${stem}-${format}.gguf`;
    if (format !== 'own') {
      await writeQuantised(model.path, path, format);
    }
    files.push([format, path]);
  }
  const programs: [string, () => PeerProcess][] = [['node-llama-cpp', () => nodeLlama(folder)]];
  const python = args.text('python');
  if (python !== undefined && (await hasLlamaCppPython(python))) {
    const script = peerScript('llama_cpp_python.py');
    programs.push(['llama-cpp-python', () => new PeerProcess('llama.cpp', python, [script])]);
  }
  const peers: LlamaPeer[] = [];
  for (const [program, start] of programs) {
    for (const [format, path] of files) {
      const process = start();
      const request = { op: 'load', model: path, threads: model.threads, adapter };
      const { release } = await process.ask(request, Loaded);
      const measure = async (work: LlamaRequest) => {
        const { seconds, tokens } = await process.ask(work, Timed);
        return tokens / seconds;
      };
      peers.push({ program, format, release, measure, kill: () => process.kill() });
    }
  }
  return peers;
}

/** node-llama-cpp with a model and an adapter. */
export async function startLlama(
  args: BenchArguments,
  what: { model: string; threads: number; adapter: string },
): Promise<{ peer: PeerProcess; release: string }> {
  const peer = nodeLlama(await llamaCppFolder(args.has('install-peers')));
  const { release } = await peer.ask({ op: 'load', ...what }, Loaded);
  return { peer, release };
}

function nodeLlama(folder: string): PeerProcess {
  return new PeerProcess('llama.cpp', process.execPath, [entryPath('bench-llama-cpp'), folder]);
}

const formats = ['own', ...llamaQuantisations] as const;

function formatsOf(list: string | undefined): readonly (typeof formats)[number][] {
  return (list?.split(',') ?? formats).map((name) => {
    const format = formats.find((known) => known === name);
    if (format === undefined) {
      throw new BoundaryError('usage', `There is no format "${name}".`, `Choose from ${formats.join(', ')}.`);
    }
    return format;
  });
}
