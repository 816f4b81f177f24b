import type { AddedToken } from './tokenizer.ts';

/** Ways to cut text into words before byte pairs are merged, by the family that introduced them. */
export type Splitting = 'qwen2' | 'llama3' | 'gpt2' | 'digits';

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const words = '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+';
const symbolsAndSpace = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false };

/** The `pre_tokenizer` of a tokenizer.json. */
function preTokenizer(splitting: Splitting): object {
  switch (splitting) {
    case 'qwen2':
      return splitBy(`${contractions}|${words}|\\p{N}|${symbolsAndSpace}`);
    case 'llama3':
      return splitBy(`${contractions}|${words}|\\p{N}{1,3}|${symbolsAndSpace}`);
    case 'gpt2':
      return { ...byteLevel, use_regex: true };
    case 'digits':
      return {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Digits', individual_digits: true },
          { ...byteLevel, use_regex: true },
        ],
      };
  }
}

function splitBy(pattern: string): object {
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
      { ...byteLevel, use_regex: false },
    ],
  };
}

/**
 * A tokenizer.json object (format of Hugging Face tokenizers) for a byte-level BPE. Of these families only qwen2
 * normalises its text (NFC), and only llama3 takes a word that is in the vocabulary whole before merging.
 * `tokens` are the vocabulary by id.
 */
export function byteLevelBpe(
  splitting: Splitting,
  tokens: readonly string[],
  merges: readonly string[],
  addedTokens: readonly AddedToken[],
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
    post_processor: null,
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
