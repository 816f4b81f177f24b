import * as z from 'zod';
import type { BenchArguments } from '../policy.ts';
import { peerScript } from './folder.ts';
import { llamaServerPython } from './install.ts';
import { PeerProcess } from './process.ts';

/** What llama.cpp's server is started with; `contextTokens` of each slot. */
export interface LlamaServerOptions {
  model: string;
  threads: number;
  slots: number;
  contextTokens: number;
}

const Loaded = z.object({ release: z.string(), url: z.string() });

/** llama.cpp's own server on a port of its choice, in a process of its own. */
export async function startLlamaServer(
  args: BenchArguments,
  options: LlamaServerOptions,
): Promise<{ url: string; release: string; kill(): void }> {
  const python = await llamaServerPython(args.has('install-peers'));
  const peer = new PeerProcess('llama.cpp', python, [peerScript('llama_server.py')]);
  const loaded = await peer.ask({ op: 'load', ...options }, Loaded);
  return { ...loaded, kill: () => peer.kill() };
}
