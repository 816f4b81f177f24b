import type { Stage } from '../protocol/stages.ts';
import { BoundaryError } from '../base/errors.ts';
import type { Completion, GenerateRequest, Progress } from '../protocol/runtime.ts';
import type { LoadReply, LoadRequest, RuntimeCalls } from '../runtime/process/calls.ts';
import { RuntimeProcess } from '../runtime/process/client.ts';
import type { DomainTools } from '../domains/domain.ts';
import type { Policy } from '../selfplay/context.ts';
import { policyOver } from './runtime-policy.ts';

/** Deaths of a child in one stage after which the run ends. */
const deathLimit = 3;

/** What the owner of a runtime process starts it with, and whom it tells. */
export interface RuntimeOwnerOptions {
  load: LoadRequest;
  onProgress(progress: Progress): void;
  /** A child died and is about to be started again. */
  onRestart(stage: Stage, message: string): void;
  /** Starts a runtime process; the real one unless a test says otherwise. */
  start?(): Pick<RuntimeProcess, 'alive' | 'call' | 'close'>;
}

/**
 * The runtime process of a run, started again when it dies. A new process continues where the dead one was: it loads
 * the checkpoint of the step's start and repeats the updates made since, which give the same adapter again because
 * training depends on nothing but its input.
 */
export interface RuntimeOwner {
  readonly policy: Policy;
  /** Completions of the policy in the precision of evaluations; `onProgress` hears of them beside the owner's own. */
  evaluated(requests: GenerateRequest[], onProgress: (progress: Progress) => void): Promise<Completion[][]>;
  /** Completions of the base model: the adapter is off. */
  base: DomainTools['base'];
  /** What the process said of the model when it loaded it; throws before the first stage. */
  readonly loaded: LoadReply;
  /**
   * Runs `work`, again from its start when the runtime dies in it; starts the process where none is alive. A repeated
   * stage begins with the adapter that the stage began with: updates made in it are not repeated for it. `stage` is its
   * name, for messages. Throws BoundaryError('runtime') at the third death.
   */
  stage<T>(stage: Stage, work: () => Promise<T>): Promise<T>;
  /** The adapter is now that of the checkpoint in `dir`, which this call reads. */
  loadCheckpoint(dir: string): Promise<void>;
  /** Writes the adapter into `dir`. */
  saveCheckpoint(dir: string, baseModel: string): Promise<void>;
  /** A new process is to begin from the checkpoint in `dir`, which holds the present adapter. */
  checkpointed(dir: string): void;
  /** Ends the process, whatever it does. */
  close(): Promise<void>;
}

/** An owner without a process yet: the first stage starts it. */
export function createRuntimeOwner(options: RuntimeOwnerOptions): RuntimeOwner {
  let runtime: ReturnType<NonNullable<RuntimeOwnerOptions['start']>> | undefined;
  let loaded: LoadReply | undefined;
  let base: string | undefined;
  /** Updates made since `base` was. */
  let updates: readonly RuntimeCalls['train'][0][] = [];
  let closed = false;

  async function start(): Promise<void> {
    runtime = options.start?.() ?? new RuntimeProcess();
    loaded = await call('load', options.load);
    if (base !== undefined) {
      await call('loadCheckpoint', { dir: base, resume: true });
    }
    for (const update of updates) {
      await call('train', update);
    }
  }

  async function call<Name extends keyof RuntimeCalls>(
    name: Name,
    argument: RuntimeCalls[Name][0],
    onProgress = (progress: Progress): void => options.onProgress(progress),
  ): Promise<RuntimeCalls[Name][1]> {
    if (!runtime) {
      throw new Error('The runtime was not started.');
    }
    return runtime.call(name, argument, { onProgress });
  }

  return {
    policy: {
      ...policyOver((name, argument) => call(name, argument)),
      async train(sequences, trainOptions) {
        const update = { sequences, options: trainOptions };
        const records = await call('train', update);
        updates = [...updates, update];
        return records;
      },
    },
    evaluated: (requests, onProgress) =>
      call('generate', { requests, adapter: true, evaluation: true }, (progress) => {
        options.onProgress(progress);
        onProgress(progress);
      }),
    base: (requests) => call('generate', { requests, adapter: false }),
    get loaded() {
      if (!loaded) {
        throw new Error('The runtime was not started.');
      }
      return loaded;
    },
    async stage(stage, work) {
      const before = updates;
      for (let deaths = 0; ;) {
        try {
          if (runtime?.alive === false && deaths === 0) {
            options.onRestart(stage, 'It ended while it had nothing to do.');
          }
          if (runtime?.alive !== true) {
            await start();
          }
          return await work();
        } catch (error) {
          if (closed || runtime?.alive !== false) {
            throw error;
          }
          deaths++;
          updates = before;
          const words = error instanceof Error ? error.message : String(error);
          if (deaths >= deathLimit) {
            throw diedTooOften(stage, words);
          }
          options.onRestart(stage, words);
        }
      }
    },
    async loadCheckpoint(dir) {
      base = dir;
      updates = [];
      await call('loadCheckpoint', { dir, resume: true });
    },
    async saveCheckpoint(dir, baseModel) {
      await call('saveCheckpoint', { dir, baseModel });
    },
    checkpointed(dir) {
      base = dir;
      updates = [];
    },
    async close() {
      closed = true;
      await runtime?.close();
    },
  };
}

function diedTooOften(stage: Stage, words: string): BoundaryError {
  return new BoundaryError(
    'runtime',
    `The runtime process died ${deathLimit} times in a row in stage "${stage}". Its last words: ${words}`,
    'If memory ran out, lower slots, maxProposalTokens or maxAnswerTokens, or take a smaller model. ' +
      'Then continue with `selfq resume DIR`.',
  );
}
