import { at } from '../../base/arrays.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { Tokenizer } from '../../model/model.ts';
import type { DrawnToken, Progress } from '../../protocol/runtime.ts';
import type { Tensors } from '../devices/session.ts';
import { Batch } from './batch.ts';
import type { Inference } from './inference.ts';
import { isDone, type Row } from './rows.ts';
import type { Sampler } from './sampler.ts';

/** What a service works with. */
export interface ServiceOptions {
  /** Loads the model when it is first needed. */
  inference(): Promise<Inference>;
  sampler: Sampler;
  tokenizer: Tokenizer;
  /** Rows that decode at once. */
  slots: number;
  /** Longest prompt plus completion, tokens. */
  contextTokens: number;
}

/** What one call computes with, and how it is watched and cancelled. */
export interface ServiceCall {
  /** Inputs of all LoRA layers. */
  lora: Tensors;
  onProgress: (progress: Progress) => void;
  signal?: AbortSignal | undefined;
}

/** The rows of one call, and what its caller has been told of each. */
interface Job extends Pick<ServiceCall, 'lora' | 'onProgress'> {
  told: Map<Row, { characters: number; tokens: number }>;
  resolve(): void;
  reject(error: unknown): void;
}

/** A batch that calls may join while it runs: they have the same adapter and fit into its cache. */
interface OpenBatch {
  lora: Tensors;
  positions: number;
  batch: Batch;
}

/** Smallest cache, tokens a slot, so that it need not be replaced for every longer call. */
const leastPositions = 1024;

/**
 * Completions for callers that come and go: calls may overlap, and those of one adapter decode in one batch. Adapters take
 * turns in the order in which calls arrive, since a run of the model has one. Between calls the batch keeps keys and values
 * of what its slots held: the next turn of a conversation computes its new tokens alone.
 */
export class CompletionService {
  readonly #options: ServiceOptions;
  readonly #waiting: Job[] = [];
  readonly #running = new Set<Job>();
  #open: OpenBatch | undefined;
  #work: Promise<void> | undefined;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** Completes the rows, and reports their texts as they settle. Throws BoundaryError('interrupted') on abort. */
  async complete(rows: readonly Row[], { lora, onProgress, signal }: ServiceCall): Promise<void> {
    if (signal?.aborted) {
      throw interrupted();
    }
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const told = new Map(rows.map((row) => [row, { characters: 0, tokens: 0 }]));
    const job: Job = { lora, onProgress, told, resolve: () => resolve(undefined), reject };
    const cancel = (): void => {
      rows.forEach((row) => (row.cancelled = true));
      this.#forget(job);
      reject(interrupted());
    };
    signal?.addEventListener('abort', cancel);
    this.#waiting.push(job);
    this.#work ??= this.#serve();
    await promise.finally(() => signal?.removeEventListener('abort', cancel));
  }

  /** Waits for the calls in progress, and forgets what the slots hold: something else is about to use the cache. */
  async leaveCache(): Promise<void> {
    await this.#work;
    this.#open = undefined;
  }

  async #serve(): Promise<void> {
    while (this.#waiting.length > 0) {
      try {
        const { batch } = (this.#open = await this.#batchFor(at(this.#waiting, 0)));
        this.#admit();
        await batch.run();
      } catch (error) {
        this.#open = undefined;
        // A call that waits while loading fails is no better off than those that ran.
        const failed = this.#running.size > 0 ? [...this.#running] : this.#waiting.slice(0, 1);
        for (const job of failed) {
          this.#forget(job);
          job.reject(error);
        }
      }
    }
    // In the same tick as the last look at the queue, so that the next call starts a new loop.
    this.#work = undefined;
  }

  async #batchFor({ lora, told }: Job): Promise<OpenBatch> {
    const { contextTokens, slots, sampler } = this.#options;
    const inference = await this.#options.inference();
    const needed = longest(told.keys());
    if (this.#open?.lora === lora && this.#open.positions >= needed) {
      return this.#open;
    }
    const roomy = Math.max(leastPositions, 2 ** Math.ceil(Math.log2(needed)));
    const positions = Math.min(contextTokens, Math.max(this.#open?.positions ?? 0, roomy));
    inference.lora = lora;
    const hooks = { onProgress: () => undefined, signal: undefined, onStep: () => this.#report() };
    return { lora, positions, batch: new Batch(inference, sampler, { slots, positions }, hooks) };
  }

  /** Lets calls join in the order of their arrival, up to the first that needs another adapter or a larger cache. */
  #admit(): void {
    const { lora, positions, batch } = this.#open ?? {};
    for (let [job] = this.#waiting; job && batch && positions !== undefined; [job] = this.#waiting) {
      if (job.lora !== lora || longest(job.told.keys()) > positions) {
        return;
      }
      this.#waiting.shift();
      this.#running.add(job);
      batch.add([...job.told.keys()]);
    }
  }

  #report(): void {
    for (const job of this.#running) {
      for (const [row, told] of job.told) {
        this.#tell(job, row, told);
      }
      if ([...job.told.keys()].every(isDone)) {
        this.#running.delete(job);
        job.resolve();
      }
    }
    this.#admit();
  }

  #tell({ onProgress }: Job, row: Row, told: { characters: number; tokens: number }): void {
    if (row.tokenIds.length === told.tokens) {
      return;
    }
    const text = row.finishReason ? row.text.end() : row.text.settled();
    const tokens = row.tokenIds.slice(told.tokens).map((id, offset): DrawnToken => {
      const logprob = at(row.logprobs, told.tokens + offset);
      return { id, text: this.#options.tokenizer.decode([id]), logprob };
    });
    const piece = text.slice(told.characters);
    told.characters = text.length;
    told.tokens = row.tokenIds.length;
    onProgress({ stage: 'text', request: row.request, sample: row.sample, text: piece, tokens });
  }

  #forget(job: Job): void {
    this.#running.delete(job);
    const index = this.#waiting.indexOf(job);
    if (index >= 0) {
      this.#waiting.splice(index, 1);
    }
  }
}

function longest(rows: Iterable<Row>): number {
  return Math.max(...Array.from(rows, (row) => row.promptTokenIds.length + row.maxTokens));
}

function interrupted(): BoundaryError {
  return new BoundaryError('interrupted', 'The completion was cancelled.', 'Ask again to get it.');
}
