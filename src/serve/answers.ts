import type { Completion, DrawnToken } from '../protocol/runtime.ts';

/** One sample as it is told to a client; a sample is an alternative ("choice") of the answer. */
export interface Sample {
  index: number;
  completion: Completion;
  tokens: readonly DrawnToken[];
}

/** Id, time and model, which every object of one answer carries. */
export interface Head {
  id: string;
  created: number;
  model: string;
}

/** How the endpoints shape an answer: as one object, or as a stream of chunks. */
export interface Shape {
  whole(head: Head, samples: readonly Sample[]): object;
  /** Chunks before the first text of a sample. */
  first(head: Head, index: number): object[];
  piece(head: Head, index: number, text: string, tokens: readonly DrawnToken[]): object;
  last(head: Head, sample: Sample): object;
  /** Usage as a chunk; undefined where the shape has none. */
  usage(head: Head, samples: readonly Sample[]): object | undefined;
  /** Line that ends a stream. */
  end: string | undefined;
}

interface ShapeOptions {
  logprobs: boolean;
}

/** Chat completions. */
export function chatShape({ logprobs }: ShapeOptions): Shape {
  const told = (tokens: readonly DrawnToken[]) => (logprobs ? { content: tokens.map(chatToken), refusal: null } : null);
  const chunk = (head: Head, choices: object[]) => ({ ...head, object: 'chat.completion.chunk', choices });
  return {
    whole: (head, samples) => ({
      ...head,
      object: 'chat.completion',
      choices: samples.map(({ index, completion, tokens }) => ({
        index,
        message: { role: 'assistant', content: completion.text, refusal: null },
        logprobs: told(tokens),
        finish_reason: completion.finishReason,
      })),
      usage: usageOf(samples),
    }),
    first: (head, index) => [
      chunk(head, [{ index, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }]),
    ],
    piece: (head, index, text, tokens) =>
      chunk(head, [{ index, delta: { content: text }, logprobs: told(tokens), finish_reason: null }]),
    last: (head, { index, completion }) =>
      chunk(head, [{ index, delta: {}, logprobs: null, finish_reason: completion.finishReason }]),
    usage: (head, samples) => ({ ...chunk(head, []), usage: usageOf(samples) }),
    end: '[DONE]',
  };
}

/** Text completions. */
export function textShape({ logprobs }: ShapeOptions): Shape {
  const choice = (index: number, text: string, tokens: readonly DrawnToken[], reason: string | null) => ({
    index,
    text,
    logprobs: logprobs
      ? {
          tokens: tokens.map((token) => token.text),
          token_logprobs: tokens.map(({ logprob }) => logprob),
          top_logprobs: null,
          text_offset: offsets(tokens),
        }
      : null,
    finish_reason: reason,
  });
  const object = (head: Head, choices: object[]) => ({ ...head, object: 'text_completion', choices });
  return {
    whole: (head, samples) => ({
      ...object(
        head,
        samples.map(({ index, completion, tokens }) => choice(index, completion.text, tokens, completion.finishReason)),
      ),
      usage: usageOf(samples),
    }),
    first: () => [],
    piece: (head, index, text, tokens) => object(head, [choice(index, text, tokens, null)]),
    last: (head, { index, completion }) => object(head, [choice(index, '', [], completion.finishReason)]),
    usage: (head, samples) => ({ ...object(head, []), usage: usageOf(samples) }),
    end: '[DONE]',
  };
}

/** llama.cpp's /infill and /completion. */
export const infillShape: Shape = {
  whole: (head, samples) => infillResult(head, samples[0]),
  first: () => [],
  piece: (_head, index, text, tokens) => ({ index, content: text, tokens: tokens.map(({ id }) => id), stop: false }),
  last: (head, sample) => ({ ...infillResult(head, sample), content: '' }),
  usage: () => undefined,
  end: undefined,
};

function infillResult({ model }: Head, sample: Sample | undefined): object {
  const { completion, index = 0 } = sample ?? {};
  const evaluated = completion?.promptTokenIds.length ?? 0;
  const predicted = completion?.tokenIds.length ?? 0;
  return {
    index,
    content: completion?.text ?? '',
    model,
    stop: true,
    stop_type: completion?.finishReason === 'length' ? 'limit' : 'eos',
    tokens_predicted: predicted,
    tokens_evaluated: evaluated,
    truncated: false,
  };
}

function chatToken({ text, logprob }: DrawnToken): object {
  return { token: text, logprob, bytes: [...new TextEncoder().encode(text)], top_logprobs: [] };
}

/** Where each token begins in the text of them all. */
function offsets(tokens: readonly DrawnToken[]): number[] {
  let at = 0;
  return tokens.map(({ text }) => (at += text.length) - text.length);
}

/** Samples of one prompt share it; it counts once. */
function usageOf(samples: readonly Sample[]): object {
  const prompts = new Set(samples.map(({ completion }) => completion.promptTokenIds));
  const prompt = [...prompts].reduce((sum, ids) => sum + ids.length, 0);
  const drawn = samples.reduce((sum, { completion }) => sum + completion.tokenIds.length, 0);
  return { prompt_tokens: prompt, completion_tokens: drawn, total_tokens: prompt + drawn };
}
