import * as z from 'zod';
import type { GenerateRequest } from '../../protocol/runtime.ts';
import { type Arguments, usage } from '../arguments.ts';
import { readInputLines } from '../lines.ts';
import { policySourceOf, withPolicy } from '../policy.ts';

const Message = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() });
const Line = z.union([
  z.strictObject({ messages: z.array(Message).min(1), prefill: z.string().optional() }),
  z.strictObject({ prompt: z.string() }),
]);

/** `selfq generate`: one completion for each line of a file, in its order. */
export async function generate(args: Arguments): Promise<number> {
  const file = args.text('prompts');
  if (file === undefined) {
    throw usage('Which prompts?', 'Give --prompts FILE.jsonl, each line {"messages": […]} or {"prompt": "…"}.');
  }
  const lines = readInputLines(file, Line, '{"messages": [{"role", "content"}]} or {"prompt": "…"}');
  const { config, adapter } = await policySourceOf(args);
  const maxTokens = args.integer('max-tokens', 1) ?? config.maxAnswerTokens;
  const seed = args.integer('seed', 0) ?? config.seed;
  const temperature = args.number('temperature', 0, 4) ?? config.temperature;
  const { topP, topK } = config;
  const requests = lines.map((line, index): GenerateRequest => {
    const prompt = 'prompt' in line ? { text: line.prompt } : withoutUndefined(line);
    return { prompt, samples: 1, maxTokens, temperature, topP, topK, seed: seed + index };
  });
  const contextTokens = config.maxPromptTokens + maxTokens;
  const completions = await withPolicy({ config, adapter, contextTokens }, (policy) => policy.generate(requests));
  for (const [completion] of completions) {
    if (completion) {
      const { text, promptTokenIds, tokenIds, logprobs, finishReason } = completion;
      const result = { text, promptTokenIds, tokenIds, logprobs, finishReason };
      process.stdout.write(`${args.has('json') ? JSON.stringify(result) : text}\n`);
    }
  }
  return 0;
}

function withoutUndefined({
  messages,
  prefill,
}: {
  messages: z.infer<typeof Message>[];
  prefill?: string | undefined;
}) {
  return { messages, ...(prefill === undefined ? {} : { prefill }) };
}
