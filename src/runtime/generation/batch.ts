import { BoundaryError } from '../../base/errors.ts';
import type { Progress } from '../../protocol/runtime.ts';
import type { Inference } from './inference.ts';
import { lookUp } from './lookup.ts';
import { appendToken, samplingOf, type Row } from './rows.ts';
import type { Sampler } from './sampler.ts';

export interface BatchHooks {
  onProgress: (progress: Progress) => void;
  signal: AbortSignal | undefined;
}

/**
 * Continuous batching: rows wait in a queue, up to `slots` of them decode together, and a finished row's slot goes to
 * the next one at once. The active rows always are slots 0 to n - 1, because the graph takes a contiguous part of the
 * cache as its batch.
 */
export class Batch {
  readonly #inference: Inference;
  readonly #sampler: Sampler;
  readonly #slots: number;
  readonly #rows: readonly Row[];
  readonly #queue: Row[];
  readonly #hooks: BatchHooks;
  /** Rows of the active slots. */
  readonly #active: Row[] = [];
  /** Tokens whose keys and values each slot holds; stays after a row has left, so that others can take the prefix. */
  readonly #held: number[][] = [];
  #tokens = 0;
  #finished = 0;

  constructor(inference: Inference, sampler: Sampler, slots: number, rows: readonly Row[], hooks: BatchHooks) {
    this.#inference = inference;
    this.#sampler = sampler;
    this.#slots = Math.min(slots, rows.length);
    this.#rows = rows;
    this.#queue = [...rows];
    this.#hooks = hooks;
  }

  /** Completes every row. Throws BoundaryError('interrupted') when the signal fires. */
  async run(): Promise<void> {
    const longest = Math.max(0, ...this.#queue.map((row) => row.promptTokenIds.length + row.maxTokens));
    this.#inference.reserve(this.#slots, longest);
    while (this.#queue.length > 0 || this.#active.length > 0) {
      while (this.#active.length < this.#slots && this.#queue.length > 0) {
        await this.#start(this.#active.length);
      }
      await this.#step();
      await this.#replaceFinished();
      this.#report();
    }
  }

  /** Gives the slot to the next row of the queue: all of its prompt but the last token goes into the cache. */
  async #start(slot: number): Promise<void> {
    const row = this.#queue.shift();
    if (!row) {
      return;
    }
    // The last prompt token is decoded with the batch: the rows of a group then need no logits of their prefill.
    const prompt = row.promptTokenIds.slice(0, -1);
    const known = this.#longestPrefix(prompt, slot);
    if (known.slot !== slot) {
      await this.#inference.copySlot(known.slot, slot, known.length);
    }
    this.#held[slot] = prompt.slice(0, known.length);
    await this.#inference.prefill(slot, known.length, prompt.slice(known.length), () => this.#checkSignal());
    this.#held[slot] = prompt;
    this.#active[slot] = row;
  }

  /** The slot that holds most of the prompt, `own` at equal length: a group's prompt is computed once. */
  #longestPrefix(prompt: readonly number[], own: number): { slot: number; length: number } {
    let best = { slot: own, length: commonPrefix(prompt, this.#held[own] ?? []) };
    for (const [slot, held] of this.#held.entries()) {
      const length = commonPrefix(prompt, held);
      if (length > best.length) {
        best = { slot, length };
      }
    }
    return best;
  }

  /** One token for every active row; more for a single one whose next tokens were guessed. */
  async #step(): Promise<void> {
    this.#checkSignal();
    const inputs = this.#active.map((row) => [row.tokenIds.at(-1) ?? row.promptTokenIds.at(-1)!, ...this.#guess(row)]);
    const lengths = inputs.map((tokens, slot) => this.#held[slot]!.length + tokens.length);
    const logits = await this.#inference.decode(inputs, lengths);
    const draws = this.#active.flatMap((row, slot) => inputs[slot]!.map((_, ahead) => samplingOf(row, ahead)));
    const { tokens, logprobs } = await this.#sampler.sample(logits, draws);
    let first = 0;
    for (const [slot, row] of this.#active.entries()) {
      for (const [ahead, input] of inputs[slot]!.entries()) {
        // What was drawn behind a guess counts if the guess was drawn itself.
        if (row.finishReason || (ahead > 0 && input !== row.tokenIds.at(-1))) {
          break;
        }
        this.#held[slot]!.push(input);
        appendToken(row, tokens[first + ahead]!, logprobs[first + ahead]!);
        this.#tokens++;
      }
      first += inputs[slot]!.length;
    }
  }

  /** What a row that is alone may draw next: the graph takes hardly longer for a few tokens than for one. */
  #guess(row: Row): number[] {
    if (this.#active.length > 1) {
      return [];
    }
    const others = this.#rows.filter((other) => other !== row && other.request === row.request);
    const context = [...row.promptTokenIds, ...row.tokenIds];
    const guess = lookUp(
      context,
      others.map(({ tokenIds }) => tokenIds),
    );
    return guess.slice(0, row.maxTokens - row.tokenIds.length - 1);
  }

  async #replaceFinished(): Promise<void> {
    for (let slot = this.#active.length - 1; slot >= 0; slot--) {
      const row = this.#active[slot]!;
      if (!row.finishReason) {
        continue;
      }
      this.#finished++;
      this.#hooks.onProgress({
        stage: 'completion',
        request: row.request,
        sample: row.sample,
        text: row.text.end(),
      });
      if (this.#queue.length > 0) {
        await this.#start(slot);
      } else {
        await this.#close(slot);
      }
    }
  }

  /** Takes a slot out of the batch: the last active row moves into it. */
  async #close(slot: number): Promise<void> {
    const last = this.#active.length - 1;
    const moved = this.#active.pop();
    if (moved && slot !== last) {
      const held = this.#held[last]!;
      await this.#inference.copySlot(last, slot, held.length);
      this.#held[slot] = [...held];
      this.#active[slot] = moved;
    }
  }

  #checkSignal(): void {
    if (this.#hooks.signal?.aborted) {
      throw new BoundaryError('interrupted', 'Generation was stopped.', 'Start it again to get the completions.');
    }
  }

  #report(): void {
    this.#hooks.onProgress({
      stage: 'generate',
      tokens: this.#tokens,
      finished: this.#finished,
      total: this.#rows.length,
    });
  }
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) {
    length++;
  }
  return length;
}
