import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import type { GgufValue } from './gguf.ts';
import type { Tokenizer } from '../model.ts';
import { byteLevelBpe, type Splitting } from '../tokenizer/bpe-definition.ts';
import { createTokenizer, findEndIds, type AddedToken, type TokenizerSource } from '../tokenizer/tokenizer.ts';

/** The keys of a GGUF file that describe its tokenizer. */
const TokenizerMetadata = z.object({
  'tokenizer.ggml.model': z.string(),
  'tokenizer.ggml.pre': z.string().default('default'),
  'tokenizer.ggml.tokens': z.custom<string[]>(isArrayOf('string')),
  'tokenizer.ggml.token_type': z.custom<number[]>(isArrayOf('number')),
  'tokenizer.ggml.merges': z.custom<string[]>(isArrayOf('string')),
  'tokenizer.ggml.bos_token_id': z.number().optional(),
  'tokenizer.ggml.eos_token_id': z.number().optional(),
  'tokenizer.ggml.eot_token_id': z.number().optional(),
  'tokenizer.ggml.add_bos_token': z.boolean().optional(),
  'tokenizer.ggml.add_eos_token': z.boolean().optional(),
  'tokenizer.chat_template': z.string().optional(),
});

/** Cheaper than a schema of the elements: a vocabulary has hundreds of thousands. */
function isArrayOf(type: 'string' | 'number'): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every((element) => typeof element === type);
}

/** ggml's token types. Control tokens are special; user-defined ones are recognised in text too; unused have no text. */
const control = 3;
const userDefined = 4;
const unused = 5;

/** llama.cpp's names of the ways to cut text into words before merging. */
const splittings: Readonly<Record<string, Splitting>> = {
  qwen2: 'qwen2',
  'deepseek-r1-qwen': 'qwen2',
  smollm: 'digits',
  'gpt-2': 'gpt2',
  'llama-bpe': 'llama3',
  llama3: 'llama3',
  'llama-v3': 'llama3',
};

/** The tokenizer of a GGUF file. Throws BoundaryError('model') when it is no byte-level BPE of a known kind. */
export function ggufTokenizer(path: string, metadata: ReadonlyMap<string, GgufValue>): Tokenizer {
  return createTokenizer(ggufTokenizerSource(path, metadata));
}

/** What the metadata say about the tokenizer. Throws as {@link ggufTokenizer} does. */
export function ggufTokenizerSource(path: string, metadata: ReadonlyMap<string, GgufValue>): TokenizerSource {
  const model = metadata.get('tokenizer.ggml.model');
  if (model !== 'gpt2') {
    throw fault(path, `has a tokenizer of kind ${JSON.stringify(model)}; only byte-level BPE ("gpt2") can be read`);
  }
  const parsed = TokenizerMetadata.safeParse(Object.fromEntries(metadata));
  if (!parsed.success) {
    const keys = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw fault(path, `lacks ${keys}, or holds another kind of value there`);
  }
  const data = parsed.data;
  const splitting = findSplitting(path, data['tokenizer.ggml.pre'], metadata.get('general.architecture'));
  const tokens = data['tokenizer.ggml.tokens'];
  const types = data['tokenizer.ggml.token_type'];
  const addedTokens = findAddedTokens(tokens, types);
  const textOf = (id: number | undefined): string | undefined => (id === undefined ? undefined : tokens[id]);
  const eos = data['tokenizer.ggml.eos_token_id'];
  // Without the key, llama.cpp begins texts with it for the tokenizers of Llama 3 alone.
  const beginsText = data['tokenizer.ggml.add_bos_token'] ?? splitting === 'llama3';
  const around = {
    first: beginsText ? data['tokenizer.ggml.bos_token_id'] : undefined,
    last: data['tokenizer.ggml.add_eos_token'] === true ? eos : undefined,
  };
  const declaredEnds = [eos, data['tokenizer.ggml.eot_token_id']].filter((id) => id !== undefined);
  return {
    path,
    definition: () => byteLevelBpe(splitting, tokens, data['tokenizer.ggml.merges'], addedTokens, around),
    vocabulary: () => tokens.map((token, id) => (types[id] === unused ? undefined : token)),
    addedTokens,
    chatTemplate: data['tokenizer.chat_template'],
    bosToken: textOf(data['tokenizer.ggml.bos_token_id']),
    eosToken: textOf(eos),
    endIds: findEndIds(declaredEnds, addedTokens),
  };
}

function findSplitting(path: string, name: string, architecture: GgufValue | undefined): Splitting {
  // Files of qwen2 from before llama.cpp recorded the name can only mean this one.
  const splitting = name === 'default' && architecture === 'qwen2' ? 'qwen2' : splittings[name];
  if (splitting === undefined) {
    const known = Object.keys(splittings).join(', ');
    throw fault(path, `cuts text in a way named ${JSON.stringify(name)}, which is not known (known: ${known})`);
  }
  return splitting;
}

function findAddedTokens(tokens: readonly string[], types: readonly number[]): AddedToken[] {
  const added: AddedToken[] = [];
  for (const [id, content] of tokens.entries()) {
    if (types[id] === control || types[id] === userDefined) {
      added.push({ id, content, special: types[id] === control });
    }
  }
  return added;
}

function fault(path: string, problem: string): BoundaryError {
  const remedy = 'Use another model (`selfq models list`), or convert this one again with a newer llama.cpp.';
  return new BoundaryError('model', `${path} ${problem}.`, remedy);
}
