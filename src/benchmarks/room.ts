import type { Prompt } from '../protocol/runtime.ts';

/** Fewest characters that a token of prose or code stands for, roughly. */
const charactersPerToken = 2.5;
/** What a chat template adds, tokens. */
const templateTokens = 64;
/** Longest prompt that is given room, tokens: the cache of keys and values grows with it. */
const longestPrompt = 4096;

/**
 * Context for the longest of these prompts and an answer, tokens: at least that of a run, whose prompts have up to
 * `usual` tokens, and at most what memory bears.
 */
export function contextFor(usual: number, maxTokens: number, prompts: readonly Prompt[]): number {
  const lengths = prompts.map(({ messages, prefill = '' }) =>
    messages.reduce((sum, { content }) => sum + content.length, prefill.length),
  );
  const needed = Math.ceil(Math.max(0, ...lengths) / charactersPerToken) + templateTokens;
  return Math.max(usual, Math.min(longestPrompt, needed)) + maxTokens;
}
