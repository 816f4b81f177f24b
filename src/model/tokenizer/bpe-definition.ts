import type { AddedToken } from './tokenizer.ts';

/** Ways to cut text into words before byte pairs are merged, by the family that introduced them. */
export type Splitting = 'qwen2' | 'llama3' | 'gpt2' | 'digits';

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const words = '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+';
const symbolsAndSpace = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const gpt2Words = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false };

/** The `pre_tokenizer` of a tokenizer.json. */
function preTokenizer(splitting: Splitting): object {
  switch (splitting) {
    case 'qwen2':
      return splitBy(`${contractions}|${words}|\\p{N}|${symbolsAndSpace}`);
    case 'llama3':
      return splitBy(`${contractions}|${words}|\\p{N}{1,3}|${symbolsAndSpace}`);
    case 'gpt2':
      return splitBy(gpt2Words);
    case 'digits':
      return {
        type: 'Sequence',
        pretokenizers: [splitAt('\\p{N}'), splitAt(gpt2Words), { ...byteLevel, use_regex: false }],
      };
  }
}

function splitBy(pattern: string): object {
  return { type: 'Sequence', pretokenizers: [splitAt(pattern), { ...byteLevel, use_regex: false }] };
}

function splitAt(pattern: string): object {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

/**
 * Spells out the steps of a `pre_tokenizer` that the JavaScript library reads differently from the original: `Digits`
 * cuts at every numeric character (½, Ⅷ, ٣), not at 0-9 alone, and the words of `ByteLevel` are separated by
 * Unicode's white space (U+0085 is, U+FEFF is not), not by JavaScript's.
 */
export function spellOut(step: unknown): unknown {
  if (typeof step !== 'object' || step === null || !('type' in step)) {
    return step;
  }
  if ('pretokenizers' in step && Array.isArray(step.pretokenizers)) {
    return { ...step, pretokenizers: step.pretokenizers.map(spellOut) };
  }
  if (step.type === 'Digits') {
    return splitAt('individual_digits' in step && step.individual_digits === true ? '\\p{N}' : '\\p{N}+');
  }
  const prefixed = 'add_prefix_space' in step && step.add_prefix_space === true;
  const splits = !('use_regex' in step) || step.use_regex === true;
  return step.type === 'ByteLevel' && splits && !prefixed ? splitBy(gpt2Words) : step;
}

/** Special tokens that a tokenizer puts before and after a bare text, by id. */
export interface TokensAround {
  first?: number | undefined;
  last?: number | undefined;
}

/** The `post_processor` of a tokenizer.json. */
function templateProcessing(tokens: readonly string[], { first, last }: TokensAround): object | null {
  const special = (id: number | undefined) =>
    id === undefined ? [] : [{ SpecialToken: { id: tokens[id] ?? '', type_id: 0 } }];
  const used = [first, last].filter((id) => id !== undefined);
  if (used.length === 0) {
    return null;
  }
  const sequence = (id: 'A' | 'B') => ({ Sequence: { id, type_id: 0 } });
  return {
    type: 'TemplateProcessing',
    single: [...special(first), sequence('A'), ...special(last)],
    pair: [...special(first), sequence('A'), sequence('B'), ...special(last)],
    special_tokens: Object.fromEntries(
      used.map((id) => [tokens[id] ?? '', { id: tokens[id] ?? '', ids: [id], tokens: [tokens[id] ?? ''] }]),
    ),
  };
}

/**
 * A tokenizer.json object (format of Hugging Face tokenizers) for a byte-level BPE. Of these families only qwen2
 * normalises its text (NFC), and only llama3 takes a word that is in the vocabulary whole before merging.
 * `tokens` are the vocabulary by id; `around`: ids that a bare text begins and ends with.
 */
export function byteLevelBpe(
  splitting: Splitting,
  tokens: readonly string[],
  merges: readonly string[],
  addedTokens: readonly AddedToken[],
  around: TokensAround = {},
): object {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens.map((token) => ({
      ...token,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: splitting === 'qwen2' ? { type: 'NFC' } : null,
    pre_tokenizer: preTokenizer(splitting),
    post_processor: templateProcessing(tokens, around),
    decoder: { ...byteLevel, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: splitting === 'llama3',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}
