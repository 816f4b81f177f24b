import { sharedCalls, type RuntimeCalls, type RuntimeMessage, type RuntimeRequest } from './calls.ts';
import { describeFailure } from '../devices/failures.ts';
import { throttleProgress } from './progress.ts';
import { createRuntime, type CallContext, type RuntimeHandlers } from './runtime.ts';

/**
 * The runtime process: onnxruntime-node blocks its thread while it computes, so it lives in a separate process.
 * Calls come over the channel of `fork` and run in order, but for those that may overlap; without a parent the process ends.
 */
function main(): void {
  const handlers = createRuntime();
  const aborts = new Map<number, AbortController>();
  /** Of the calls that run alone, the last; and of those that may overlap, all that were begun since. */
  let alone = Promise.resolve();
  let shared: Promise<void>[] = [];

  process.on('message', (message: RuntimeRequest) => {
    if (message.type === 'cancel') {
      aborts.get(message.id)?.abort();
      return;
    }
    const abort = new AbortController();
    aborts.set(message.id, abort);
    const isShared = sharedCalls.includes(message.name);
    const before = isShared ? alone : Promise.all([alone, ...shared]);
    const done = before.then(async () => {
      send(await answer(handlers, message, abort.signal));
      aborts.delete(message.id);
    });
    if (isShared) {
      shared.push(done);
      void done.finally(() => (shared = shared.filter((other) => other !== done)));
    } else {
      alone = done;
      shared = [];
    }
  });
  process.on('disconnect', () => process.exit(0));
  // The terminal sends Ctrl-C to the whole process group; the parent decides when this process ends.
  process.on('SIGINT', () => undefined);
}

async function answer(
  handlers: RuntimeHandlers,
  { id, name, argument }: Extract<RuntimeRequest, { type: 'call' }>,
  signal: AbortSignal,
): Promise<RuntimeMessage> {
  try {
    const onProgress = throttleProgress((progress) => send({ type: 'progress', id, progress }));
    return { type: 'reply', id, value: await invoke(handlers, name, argument, { onProgress, signal }) };
  } catch (error) {
    return { type: 'error', id, error: describeFailure(error) };
  }
}

/** The client types its calls (client.ts), and both ends are always of one build: the argument is of the call's type. */
function invoke<Name extends keyof RuntimeCalls>(
  handlers: RuntimeHandlers,
  name: Name,
  argument: unknown,
  context: CallContext,
): Promise<RuntimeCalls[Name][1]> {
  return handlers[name](argument as RuntimeCalls[Name][0], context);
}

function send(message: RuntimeMessage): void {
  if (process.connected) {
    process.send?.(message);
  }
}

main();
