import * as z from 'zod';
import type { GenerateRequest, Prompt } from '../protocol/runtime.ts';

/** Most samples of one request. */
const largestN = 64;

const Sampling = {
  model: z.string().optional(),
  stream: z.boolean().nullish(),
  seed: z.number().int().nullish(),
  temperature: z.number().min(0).max(4).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.number().int().min(0).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
};

const Counted = {
  ...Sampling,
  n: z.number().int().min(1).max(largestN).nullish(),
  max_tokens: z.number().int().min(1).nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
};

const Content = z.union([z.string(), z.array(z.strictObject({ type: z.literal('text'), text: z.string() }))]);

/** POST /v1/chat/completions. */
export const ChatRequest = z.looseObject({
  ...Counted,
  messages: z
    .array(z.looseObject({ role: z.enum(['system', 'developer', 'user', 'assistant']), content: Content }))
    .min(1),
  max_completion_tokens: z.number().int().min(1).nullish(),
  logprobs: z.boolean().nullish(),
  /** vLLM's: the last message, the assistant's, is begun and is completed; both are given together. */
  continue_final_message: z.boolean().nullish(),
  add_generation_prompt: z.boolean().nullish(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

/** POST /v1/completions. */
export const CompletionRequest = z.looseObject({
  ...Counted,
  prompt: z.union([z.string(), z.array(z.string()).min(1).max(largestN)]),
  suffix: z.string().nullish(),
  /** How many alternatives to tell of; the drawn tokens alone are known. */
  logprobs: z.number().int().min(0).max(0).nullish(),
});
export type CompletionRequest = z.infer<typeof CompletionRequest>;

/** POST /infill, llama.cpp's. */
export const InfillRequest = z.looseObject({
  ...Sampling,
  input_prefix: z.string(),
  input_suffix: z.string(),
  input_extra: z.array(z.looseObject({ filename: z.string().default('file'), text: z.string() })).nullish(),
  prompt: z.string().nullish(),
  n_predict: z.number().int().min(-1).nullish(),
});
export type InfillRequest = z.infer<typeof InfillRequest>;

/** POST /tokenize, vLLM's: how long a prompt is, template included. */
export const TokenizeRequest = z.looseObject({
  model: z.string().optional(),
  messages: ChatRequest.shape.messages.optional(),
  prompt: z.string().optional(),
});

type Harmless = (value: unknown) => boolean;
const always: Harmless = () => true;
const zero: Harmless = (value) => value === 0;
const empty: Harmless = (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;
const oneOf =
  (...values: readonly unknown[]): Harmless =>
  (value) =>
    values.includes(value);

/** Options that clients send and that are not computed, with the values for which nothing is to compute. */
const others: Readonly<Record<string, Harmless>> = {
  ...{ user: always, metadata: always, store: always, service_tier: always, safety_identifier: always },
  ...{ prompt_cache_key: always, prompt_cache_retention: always, prediction: always, parallel_tool_calls: always },
  ...{ cache_prompt: always, id_slot: always, t_max_prompt_ms: always, t_max_predict_ms: always },
  ...{ response_fields: always, timings_per_token: always, n_indent: zero },
  ...{ frequency_penalty: zero, presence_penalty: zero, top_logprobs: zero },
  ...{ tools: empty, functions: empty, logit_bias: empty },
  tool_choice: oneOf('none', 'auto'),
  function_call: oneOf('none', 'auto'),
  best_of: oneOf(1),
  echo: oneOf(false),
  response_format: (value) => z.looseObject({ type: z.literal('text') }).safeParse(value).success,
  modalities: (value) => Array.isArray(value) && value.every((item) => item === 'text'),
  // What fills in the middle draws by top-k and top-p; the third of llama.cpp's names its rule for where to end.
  samplers: (value) => Array.isArray(value) && value.every(oneOf('top_k', 'top_p', 'infill', 'temperature')),
};

/** The first option of a request that would change its answer and is not computed here. */
export function unsupportedOption(body: Readonly<Record<string, unknown>>, known: object): string | undefined {
  return Object.keys(body).find((name) => {
    const value = body[name];
    return !(name in known) && value !== null && !(Object.hasOwn(others, name) && others[name]?.(value));
  });
}

/** What the sampler is asked. `temperature`: where the client says nothing. */
export function samplingOf(
  { seed, temperature, top_p, top_k, stop }: z.infer<z.ZodObject<typeof Sampling>>,
  usual: { temperature: number; maxTokens: number },
): Omit<GenerateRequest, 'prompt' | 'samples'> {
  const stops = typeof stop === 'string' ? [stop] : (stop ?? []);
  const heat = temperature ?? usual.temperature;
  const given = typeof seed === 'number' && seed >= 0 ? seed % 2 ** 31 : undefined;
  return {
    maxTokens: usual.maxTokens,
    temperature: heat,
    // Between tokens that are exactly as probable even greedy decoding draws by the seed.
    seed: given ?? (heat === 0 ? 0 : Math.floor(Math.random() * 2 ** 31)),
    ...(stops.length > 0 ? { stop: stops } : {}),
    ...(typeof top_p === 'number' ? { topP: top_p } : {}),
    ...(typeof top_k === 'number' ? { topK: top_k } : {}),
  };
}

/** The conversation as a template renders it, with the answer begun where the request says so. */
export function promptOf({
  messages,
  continue_final_message: continues,
}: Pick<ChatRequest, 'messages' | 'continue_final_message'>): Prompt {
  const turns = messages.map(({ role, content }) => ({
    role: role === 'developer' ? ('system' as const) : role,
    content: typeof content === 'string' ? content : content.map(({ text }) => text).join(''),
  }));
  const last = turns.at(-1);
  return continues && last?.role === 'assistant'
    ? { messages: turns.slice(0, -1), prefill: last.content }
    : { messages: turns };
}

/** Whether a request asks for what cannot be: to begin an answer and to continue one, or to continue a question. */
export function contradicts({ messages, continue_final_message, add_generation_prompt }: ChatRequest): boolean {
  const continues = continue_final_message ?? false;
  return continues
    ? add_generation_prompt !== false || messages.at(-1)?.role !== 'assistant' || messages.length === 1
    : add_generation_prompt === false;
}
