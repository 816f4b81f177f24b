import { fileURLToPath } from 'node:url';

/** The programs that this project starts as separate processes. */
export type Entry =
  'cli' | 'engine' | 'runtime' | 'sandbox-worker' | 'workspace' | 'bench-shared-context' | 'bench-llama-cpp';

/** Where each entry's source lies, seen from this file. scripts/bundles.mjs has the same files, for dist/<entry>.js. */
const sources: Record<Entry, string> = {
  cli: '../cli/main.ts',
  engine: '../engine/main.ts',
  runtime: '../runtime/process/main.ts',
  'sandbox-worker': '../sandbox/worker/worker.ts',
  workspace: '../workspace/main.ts',
  'bench-shared-context': '../../bench/shared-context.ts',
  'bench-llama-cpp': '../../bench/peers/llama-cpp.ts',
};

/** Names of all entries. */
export const entryNames: readonly string[] = Object.keys(sources);

/**
 * Absolute path of an entry, to be spawned with `process.execPath`: the TypeScript file when this module runs from
 * source (Node strips the types), else the bundle beside the bundle that asks.
 */
export function entryPath(entry: Entry, from: string = import.meta.url): string {
  const relative = from.endsWith('.ts') ? sources[entry] : `./${entry}.js`;
  return fileURLToPath(new URL(relative, from));
}
