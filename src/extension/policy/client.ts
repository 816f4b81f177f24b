import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { optional } from '../../base/optional.ts';
import type { Prompt } from '../../protocol/runtime.ts';
import type { Translate } from '../../view/translate.ts';
import { eventData } from '../../base/event-stream.ts';

/** Where a policy is served, and the key that its server asks for. */
export interface Address {
  url: string;
  key: string;
}

/** What a model is asked. */
export interface Asking {
  /** One of the served models. */
  model: string;
  prompt: Prompt;
  /** Tokens; without it as far as the context has room. */
  maxTokens?: number;
  /** 0 = greedy. */
  temperature: number;
  topP?: number;
  seed?: number;
}

/** How an answer ended. */
export interface Answered {
  /** Tokens that were drawn. */
  tokens: number;
  /** `length`: cut at the limit of tokens. */
  finishReason: 'stop' | 'length';
}

/** The place that is filled in the middle of a text. */
export interface Gap {
  prefix: string;
  suffix: string;
  maxTokens: number;
  stop: readonly string[];
}

const Failure = z.object({ error: z.object({ message: z.string(), code: z.string().nullish() }) });

const Chunk = z.object({
  choices: z.array(
    z.object({
      delta: z.object({ content: z.string().nullish() }),
      finish_reason: z.enum(['stop', 'length']).nullish(),
    }),
  ),
  usage: z.object({ completion_tokens: z.number() }).nullish(),
});

const Models = z.object({ data: z.array(z.object({ id: z.string() })) });
const Infill = z.object({ content: z.string() });
const Count = z.object({ count: z.number(), max_model_len: z.number() });

/** Asks a served policy over HTTP: the only place of the extension that knows how. */
export class PolicyClient {
  readonly #address: Address;
  readonly #t: Translate;

  constructor(address: Address, t: Translate) {
    this.#address = address;
    this.#t = t;
  }

  /** Names of what is served, the base model first. */
  async models(): Promise<string[]> {
    const { data } = Models.parse(await (await this.#fetch('/v1/models')).json());
    return data.map(({ id }) => id);
  }

  /**
   * An answer, told piece by piece as it is drawn. Throws BoundaryError: 'usage' with the server's words for what it
   * refuses, such as a prompt that does not fit; 'runtime' where the model fails or has gone; 'interrupted' by `signal`.
   */
  async ask(
    { model, prompt, maxTokens, temperature, topP, seed }: Asking,
    signal: AbortSignal,
    onText: (text: string) => void,
  ): Promise<Answered> {
    const { messages, prefill, stop } = prompt;
    const begun = { role: 'assistant', content: prefill };
    const response = await this.#fetch('/v1/chat/completions', signal, {
      ...{ model, temperature, stream: true, stream_options: { include_usage: true } },
      ...(prefill === undefined
        ? { messages }
        : { messages: [...messages, begun], continue_final_message: true, add_generation_prompt: false }),
      ...optional('stop', stop),
      ...optional('max_completion_tokens', maxTokens),
      ...optional('top_p', topP),
      ...optional('seed', seed),
    });
    let tokens = 0;
    let finishReason: Answered['finishReason'] | undefined;
    for await (const chunk of this.#chunks(response, signal)) {
      const [choice] = chunk.choices;
      if (choice?.delta.content) {
        onText(choice.delta.content);
      }
      finishReason = choice?.finish_reason ?? finishReason;
      tokens = chunk.usage?.completion_tokens ?? tokens;
    }
    if (finishReason === undefined) {
      throw this.#lost();
    }
    return { tokens, finishReason };
  }

  /** What stands between two texts. Throws as {@link ask}; 'usage' also where the model cannot fill in the middle. */
  async fill(model: string, { prefix, suffix, maxTokens, stop }: Gap, signal: AbortSignal): Promise<string> {
    const response = await this.#fetch('/infill', signal, {
      ...{ model, input_prefix: prefix, input_suffix: suffix, n_predict: maxTokens, stop, temperature: 0 },
    });
    return Infill.parse(await this.#body(response, signal)).content;
  }

  /** Length of a conversation or a text, and that of the context, tokens. Throws as {@link ask}. */
  async count(
    model: string,
    counted: Pick<Prompt, 'messages'> | { prompt: string },
    signal?: AbortSignal,
  ): Promise<{ tokens: number; context: number }> {
    const response = await this.#fetch('/tokenize', signal, { model, ...counted });
    const { count, max_model_len } = Count.parse(await this.#body(response, signal));
    return { tokens: count, context: max_model_len };
  }

  async #fetch(path: string, signal?: AbortSignal, body?: object): Promise<Response> {
    const { url, key } = this.#address;
    const response = await this.#watched(
      fetch(`${url}${path}`, {
        headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
        ...optional('signal', signal),
      }),
      signal,
    );
    if (!response.ok) {
      const { data } = Failure.safeParse(await response.json().catch(() => undefined));
      const message = data?.error.message ?? this.#t('The model answered with the status {0}.', response.status);
      const isOurs = response.status >= 500 && response.status !== 501;
      throw new BoundaryError(isOurs ? 'runtime' : 'usage', message, '');
    }
    return response;
  }

  async *#chunks(response: Response, signal: AbortSignal): AsyncGenerator<z.infer<typeof Chunk>> {
    if (!response.body) {
      throw this.#lost();
    }
    const events = eventData(response.body);
    for (;;) {
      const next = await this.#watched(events.next(), signal);
      if (next.done || next.value === '[DONE]') {
        return;
      }
      const parsed: unknown = JSON.parse(next.value);
      // Once it streams, the server has nothing but the stream to say by what went wrong.
      const failed = Failure.safeParse(parsed).data;
      if (failed) {
        const { message, code } = failed.error;
        throw new BoundaryError(code === 'usage' ? 'usage' : 'runtime', message, '');
      }
      yield Chunk.parse(parsed);
    }
  }

  #body(response: Response, signal: AbortSignal | undefined): Promise<unknown> {
    return this.#watched(response.json(), signal);
  }

  /** Network errors say nothing to a person. */
  async #watched<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
    try {
      return await promise;
    } catch {
      throw signal?.aborted ? new BoundaryError('interrupted', this.#t('Cancelled.'), '') : this.#lost();
    }
  }

  #lost(): BoundaryError {
    return new BoundaryError(
      'runtime',
      this.#t('The connection to the model was lost.'),
      this.#t('Ask again: it is then started again.'),
    );
  }
}
