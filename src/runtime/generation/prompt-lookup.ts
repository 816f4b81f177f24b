/** Longest suffix of the context that is looked for, tokens. */
const suffixTokens = 3;
/** A run of the graph on this many more tokens costs a quarter more than on one. */
const draftTokens = 3;

/**
 * Draft tokens for speculative decoding by prompt lookup: what follows the latest occurrence of the longest known suffix
 * of `context`, in itself or in `others`, which are completions of the same prompt. At most 3 tokens; none when not even
 * the last token occurs. Yang et al., Inference with Reference (arXiv 2304.04487).
 */
export function draftByLookup(context: readonly number[], others: readonly (readonly number[])[]): number[] {
  let best = { matched: 0, draft: [] as number[] };
  for (const text of [context, ...others]) {
    for (let next = text.length - 1; next > 0 && best.matched < suffixTokens; next--) {
      const matched = commonSuffix(context, text, next);
      if (matched > best.matched) {
        best = { matched, draft: text.slice(next, next + draftTokens) };
      }
    }
  }
  return best.draft;
}

/** How many of the last tokens of `context` stand before `next` in `text`, at most 3. */
function commonSuffix(context: readonly number[], text: readonly number[], next: number): number {
  let length = 0;
  while (length < Math.min(suffixTokens, next) && text[next - 1 - length] === context[context.length - 1 - length]) {
    length++;
  }
  return length;
}
