import type { TextStream, Tokenizer } from '../../model/model.ts';

/** The text of a completion as its tokens arrive, watched for stop texts. */
export class CompletionText {
  readonly #stream: TextStream;
  readonly #stops: readonly string[];
  readonly #longestStop: number;
  #text = '';
  #ended = false;

  constructor(tokenizer: Tokenizer, stops: readonly string[]) {
    this.#stream = tokenizer.stream();
    this.#stops = stops.filter((stop) => stop.length > 0);
    this.#longestStop = Math.max(0, ...this.#stops.map((stop) => stop.length));
  }

  /** Takes a token; true when the text now contains a stop text, before which it is cut. */
  push(id: number): boolean {
    return this.#append(this.#stream.push(id));
  }

  /** What of the text no later token can change: all but what may be the beginning of a stop text. */
  settled(): string {
    if (this.#ended) {
      return this.#text;
    }
    for (let kept = Math.min(this.#longestStop - 1, this.#text.length); kept > 0; kept--) {
      const end = this.#text.slice(-kept);
      if (this.#stops.some((stop) => stop.startsWith(end))) {
        return this.#text.slice(0, -kept);
      }
    }
    return this.#text;
  }

  /** The final text. Characters that were never finished show as U+FFFD. */
  end(): string {
    if (!this.#ended) {
      this.#ended = true;
      this.#append(this.#stream.end());
    }
    return this.#text;
  }

  #append(piece: string): boolean {
    // A stop text may have begun in earlier pieces, but cannot lie in them as a whole.
    const from = Math.max(0, this.#text.length - this.#longestStop + 1);
    this.#text += piece;
    const found = this.#stops.map((stop) => this.#text.indexOf(stop, from)).filter((index) => index >= 0);
    if (found.length === 0) {
      return false;
    }
    this.#text = this.#text.slice(0, Math.min(...found));
    this.#ended = true;
    return true;
  }
}
