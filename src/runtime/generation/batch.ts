import { at, zip } from '../../base/arrays.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { GenerateRequest, Progress } from '../../protocol/runtime.ts';
import type { Inference } from './inference.ts';
import { draftByLookup } from './prompt-lookup.ts';
import { appendToken, isDone, samplingOf, type Row } from './rows.ts';
import type { Sampler } from './sampler.ts';

/** How a batch is watched and stopped. */
export interface BatchHooks {
  onProgress: (progress: Progress) => void;
  signal: AbortSignal | undefined;
  /** After each run of the model, with the rows that it drew for; rows may be added then. */
  onStep?: (rows: readonly Row[]) => void;
}

/** Size of a batch: rows that decode at once, and the longest prompt plus completion, tokens. */
export interface BatchSize {
  slots: number;
  positions: number;
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
  readonly #size: BatchSize;
  /** Rows of each request, as long as one of them is not finished: drafts are looked up in each other. */
  readonly #groups = new Map<GenerateRequest, Row[]>();
  readonly #queue: Row[] = [];
  readonly #hooks: BatchHooks;
  readonly #active: ActiveRow[] = [];
  /** Tokens whose keys and values each slot holds; kept after a row has left, so that others can take the prefix. */
  readonly #held: number[][] = [];
  #total = 0;
  #tokens = 0;
  #finished = 0;

  constructor(inference: Inference, sampler: Sampler, size: BatchSize, hooks: BatchHooks) {
    this.#inference = inference;
    this.#sampler = sampler;
    this.#size = size;
    this.#hooks = hooks;
  }

  /** Queues rows, also while the batch runs. None may be longer than the batch's positions. */
  add(rows: readonly Row[]): void {
    for (const [request, group] of Map.groupBy(rows, ({ settings }) => settings)) {
      this.#groups.set(request, [...(this.#groups.get(request) ?? []), ...group]);
    }
    this.#queue.push(...rows);
    this.#total += rows.length;
  }

  /**
   * Completes every row; may be called again when more have been added. Throws BoundaryError('interrupted') when the
   * signal fires.
   */
  async run(): Promise<void> {
    const { slots, positions } = this.#size;
    this.#inference.reserve(slots, positions);
    while (this.#queue.length > 0 || this.#active.length > 0) {
      while (this.#active.length < slots && (await this.#start(this.#active.length))) {
        // Until the slots or the rows are used up.
      }
      if (this.#active.length > 0) {
        await this.#step();
      }
      await this.#replaceFinished();
      this.#report();
    }
  }

  /**
   * Gives the slot to the next row of the queue: all of its prompt but the last token goes into the cache. False where no
   * row waits.
   */
  async #start(slot: number): Promise<boolean> {
    const row = this.#nextRow();
    if (!row) {
      return false;
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
    return true;
  }

  #nextRow(): Row | undefined {
    for (let row = this.#queue.shift(); row; row = this.#queue.shift()) {
      if (!row.cancelled) {
        return row;
      }
      this.#leave(row);
    }
    return undefined;
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
    this.#hooks.onStep?.(this.#active.map(({ row }) => row));
  }

  /** Draft tokens of a row that decodes alone: the graph takes hardly longer for a few tokens than for one. */
  #draft(row: Row): number[] {
    if (this.#active.length > 1) {
      return [];
    }
    const others = (this.#groups.get(row.settings) ?? []).filter((other) => other !== row);
    const completions = others.map(({ tokenIds }) => tokenIds);
    const draft = draftByLookup([...row.promptTokenIds, ...row.tokenIds], completions);
    return draft.slice(0, row.maxTokens - row.tokenIds.length - 1);
  }

  async #replaceFinished(): Promise<void> {
    for (const [slot, { row }] of [...this.#active.entries()].reverse()) {
      if (!isDone(row)) {
        continue;
      }
      this.#leave(row);
      this.#hooks.onProgress({
        stage: 'completion',
        request: row.request,
        sample: row.sample,
        text: row.text.end(),
        tokens: row.tokenIds.length,
      });
      if (!(await this.#start(slot))) {
        await this.#close(slot);
      }
    }
  }

  #leave({ settings }: Row): void {
    this.#finished++;
    if (this.#groups.get(settings)?.every(isDone) ?? false) {
      this.#groups.delete(settings);
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
    assertNotStopped(this.#hooks.signal);
  }

  #report(): void {
    this.#hooks.onProgress({
      stage: 'generate',
      tokens: this.#tokens,
      finished: this.#finished,
      total: this.#total,
    });
  }
}

/** Throws BoundaryError('interrupted') once the signal has fired. */
export function assertNotStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new BoundaryError('interrupted', 'Generation was stopped.', 'Start it again to get the completions.');
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
