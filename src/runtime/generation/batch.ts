import { at, zip } from '../../base/arrays.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { Progress } from '../../protocol/runtime.ts';
import type { Inference } from './inference.ts';
import { draftByLookup } from './prompt-lookup.ts';
import { appendToken, samplingOf, type Row } from './rows.ts';
import type { Sampler } from './sampler.ts';

/** How a batch is watched and stopped. */
export interface BatchHooks {
  onProgress: (progress: Progress) => void;
  signal: AbortSignal | undefined;
}

/** A row that decodes, in the slot of its place in the list. */
interface ActiveRow {
  row: Row;
  /** Tokens whose keys and values its slot holds. */
  held: number[];
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
  readonly #active: ActiveRow[] = [];
  /** Tokens whose keys and values each slot holds; kept after a row has left, so that others can take the prefix. */
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
    this.#active[slot] = { row, held: prompt };
  }

  /** The slot that holds most of the prompt, `preferred` at equal length: a group's prompt is computed once. */
  #longestPrefix(prompt: readonly number[], preferred: number): { slot: number; length: number } {
    let best = { slot: preferred, length: commonPrefix(prompt, this.#held[preferred] ?? []) };
    for (const [slot, held] of this.#held.entries()) {
      const length = commonPrefix(prompt, held);
      if (length > best.length) {
        best = { slot, length };
      }
    }
    return best;
  }

  /** One token for every active row; more for a single one whose draft tokens turn out right. */
  async #step(): Promise<void> {
    this.#checkSignal();
    const inputs = this.#active.map(({ row }) => [lastToken(row), ...this.#draft(row)]);
    const lengths = zip(inputs, this.#active).map(([tokens, { held }]) => held.length + tokens.length);
    const logits = await this.#inference.decode(inputs, lengths);
    const draws = zip(this.#active, inputs).flatMap(([{ row }, tokens]) =>
      tokens.map((_, ahead) => samplingOf(row, ahead)),
    );
    const { tokens, logprobs } = await this.#sampler.sample(logits, draws);
    let first = 0;
    for (const [{ row, held }, input] of zip(this.#active, inputs)) {
      for (const [ahead, token] of input.entries()) {
        // What was drawn after a draft token counts only if that token was drawn itself.
        if (row.finishReason || (ahead > 0 && token !== row.tokenIds.at(-1))) {
          break;
        }
        held.push(token);
        appendToken(row, at(tokens, first + ahead), at(logprobs, first + ahead));
        this.#tokens++;
      }
      first += input.length;
    }
  }

  /** Draft tokens of a row that decodes alone: the graph takes hardly longer for a few tokens than for one. */
  #draft(row: Row): number[] {
    if (this.#active.length > 1) {
      return [];
    }
    const others = this.#rows.filter((other) => other !== row && other.request === row.request);
    const completions = others.map(({ tokenIds }) => tokenIds);
    const draft = draftByLookup([...row.promptTokenIds, ...row.tokenIds], completions);
    return draft.slice(0, row.maxTokens - row.tokenIds.length - 1);
  }

  async #replaceFinished(): Promise<void> {
    for (const [slot, { row }] of [...this.#active.entries()].reverse()) {
      if (!row.finishReason) {
        continue;
      }
      this.#finished++;
      this.#hooks.onProgress({
        stage: 'completion',
        request: row.request,
        sample: row.sample,
        text: row.text.end(),
        tokens: row.tokenIds.length,
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
      const held = [...moved.held];
      await this.#inference.copySlot(last, slot, held.length);
      this.#held[slot] = held;
      this.#active[slot] = { row: moved.row, held };
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

/** The token that the row decodes next: its prompt's last one before it has drawn any. */
function lastToken({ tokenIds, promptTokenIds }: Row): number {
  return tokenIds.at(-1) ?? at(promptTokenIds, promptTokenIds.length - 1);
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) {
    length++;
  }
  return length;
}
