import { parseArgs } from 'node:util';
import { BoundaryError, exitCodeOf, toErrorRecord } from '../base/errors.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { Config } from '../config/tables.ts';
import type { EngineAnnouncement } from './announcement.ts';
import { runEngine } from './engine.ts';
import { log } from './log.ts';
import { advanceQueue } from './queue.ts';

/**
 * Entry of the engine process: `engine DIR [--config JSON] [--steps N] [--accept-domain]`. Started detached by client.ts, with a channel
 * on which it says once whether it is up; after that it lives on its own. Standard output and error are engine.log.
 */
async function main(): Promise<void> {
  // The starter may be gone before it was told; then nobody needs to be told.
  process.on('disconnect', () => undefined);
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { config: { type: 'string' }, steps: { type: 'string' }, 'accept-domain': { type: 'boolean' } },
  });
  const [dir] = positionals;
  if (dir === undefined) {
    throw new BoundaryError('usage', 'The engine needs the folder of a run.', 'Start runs with `selfq run`.');
  }
  const shutdown = new AbortController();
  process.once('SIGTERM', () => shutdown.abort());
  const state = await runEngine({
    dir,
    ...(values.config === undefined ? {} : { config: parseConfig(values.config) }),
    ...(values.steps === undefined ? {} : { steps: Number(values.steps) }),
    acceptDomain: values['accept-domain'] ?? false,
    onReady: () => announce({ type: 'ready' }),
  });
  if (!shutdown.signal.aborted) {
    await startNext();
  }
  // The run is over and written down: nothing that is still open may keep the process.
  process.exit(state === 'failed' ? 1 : 0);
}

/** The next run of the queue, which this run may have kept waiting. */
async function startNext(): Promise<void> {
  try {
    const next = await advanceQueue();
    if (next) {
      log(`the next run of the queue is started: ${next.dir}`);
    }
  } catch (error) {
    log(`the queue cannot continue: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseConfig(text: string): Config {
  return resolveConfig('quick', JSON.parse(text) as Record<string, string | number>);
}

function announce(message: EngineAnnouncement): void {
  if (process.connected) {
    process.send?.(message, () => process.disconnect());
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  const record = toErrorRecord(error, 'run', 'See engine.log in the run folder.');
  announce({ type: 'failed', error: record });
  process.exitCode = exitCodeOf(error);
}
