import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { zip } from '../../base/arrays.ts';
import { BoundaryError } from '../../base/errors.ts';
import { readGgufHeader } from './gguf.ts';
import { ggufTokenizerSource } from './gguf-tokenizer.ts';
import type { DecoderConfig, ModelFile } from '../model.ts';
import { llama3RopeFactors, type RopeScaling } from './rope-scaling.ts';
import type { TokenizerSource } from '../tokenizer/tokenizer.ts';

/** Number formats of a written model folder, as transformers names them. */
export type FolderType = 'bfloat16' | 'float32';

/** Files of a model folder that describe it, besides config.json; those that it has are copied as they are. */
const copied = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'chat_template.jinja',
  'generation_config.json',
];

/**
 * The text files of a Hugging Face folder that would hold this model in `type`, by name: configuration, tokenizer and
 * chat template. Those of a folder are its own; those of a GGUF file are written from its metadata.
 */
export async function folderFiles(model: ModelFile, type: FolderType): Promise<Map<string, string>> {
  return (await stat(model.path)).isDirectory() ? copyOf(model.path, type) : writtenFrom(model, type);
}

async function copyOf(folder: string, type: FolderType): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const present = new Set(await readdir(folder));
  for (const name of copied.filter((candidate) => present.has(candidate))) {
    files.set(name, await readFile(join(folder, name), 'utf8'));
  }
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  // Newer versions of transformers write `dtype`, older ones read only `torch_dtype`.
  const { dtype: _, ...rest } = config;
  files.set('config.json', json({ ...rest, torch_dtype: type }));
  return files;
}

async function writtenFrom(model: ModelFile, type: FolderType): Promise<Map<string, string>> {
  const { metadata } = await readGgufHeader(model.path);
  const tokenizer = ggufTokenizerSource(model.path, metadata);
  const idOf = (key: string): number | undefined => {
    const id = metadata.get(`tokenizer.ggml.${key}`);
    return typeof id === 'number' ? id : undefined;
  };
  const bos = idOf('bos_token_id');
  const ends = [...tokenizer.endIds];
  const files = new Map([
    ['config.json', json(configJson(model.path, model.config, { type, bos, ends }))],
    ['generation_config.json', json({ ...(bos !== undefined && { bos_token_id: bos }), eos_token_id: ends })],
    ['tokenizer.json', json(tokenizer.definition())],
    ['tokenizer_config.json', json(tokenizerConfig(tokenizer, model.config, idOf('padding_token_id')))],
  ]);
  if (tokenizer.chatTemplate !== undefined) {
    files.set('chat_template.jinja', tokenizer.chatTemplate);
  }
  return files;
}

const modelClasses: Readonly<Record<DecoderConfig['architecture'], string>> = {
  qwen2: 'Qwen2ForCausalLM',
  qwen3: 'Qwen3ForCausalLM',
  llama: 'LlamaForCausalLM',
};

/** config.json as transformers reads it (Qwen2Config, Qwen3Config, LlamaConfig). */
function configJson(
  path: string,
  config: DecoderConfig,
  { type, bos, ends }: { type: FolderType; bos: number | undefined; ends: readonly number[] },
): object {
  const scaling = ropeScaling(path, config);
  return {
    architectures: [modelClasses[config.architecture]],
    model_type: config.architecture,
    num_hidden_layers: config.layers,
    hidden_size: config.hidden,
    intermediate_size: config.ffn,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headSize,
    vocab_size: config.vocabulary,
    max_position_embeddings: config.contextLength,
    rms_norm_eps: Number(config.rmsEpsilon.toPrecision(7)),
    rope_theta: config.ropeBase,
    ...(scaling && { rope_scaling: scaling }),
    hidden_act: 'silu',
    attention_dropout: 0,
    ...(!config.attentionBias && { attention_bias: false }),
    ...(config.architecture === 'llama' && { mlp_bias: false }),
    tie_word_embeddings: config.tiedEmbedding,
    torch_dtype: type,
    ...(bos !== undefined && { bos_token_id: bos }),
    eos_token_id: ends,
    use_cache: true,
  };
}

/**
 * Llama 3's settings behind stored rotary divisors: the divisor of the slowest frequency is the factor, the others
 * are those of every published model. Throws BoundaryError('model') for divisors that no such settings give.
 */
function ropeScaling(path: string, { ropeFactors, ropeBase, headSize }: DecoderConfig): RopeScaling | undefined {
  if (!ropeFactors || ropeFactors.every((factor) => factor === 1)) {
    return undefined;
  }
  const scaling = {
    rope_type: 'llama3',
    factor: Math.max(...ropeFactors),
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  };
  const expected = zip(llama3RopeFactors(scaling, ropeBase, headSize) ?? [], ropeFactors);
  if (expected.some(([factor, stored]) => Math.abs(factor / stored - 1) > 1e-4)) {
    throw new BoundaryError(
      'model',
      `${path} scales its rotary positions in a way that config.json cannot express.`,
      'Begin the run from the original model folder (`selfq models pull ORG/NAME`) to export it merged.',
    );
  }
  return scaling;
}

function tokenizerConfig(tokenizer: TokenizerSource, config: DecoderConfig, padding: number | undefined): object {
  const textOf = (id: number | undefined): string | undefined =>
    id === undefined ? undefined : tokenizer.vocabulary()[id];
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    model_max_length: config.contextLength,
    bos_token: tokenizer.bosToken ?? null,
    eos_token: tokenizer.eosToken ?? null,
    pad_token: textOf(padding) ?? tokenizer.eosToken ?? null,
    unk_token: null,
    ...(tokenizer.chatTemplate !== undefined && { chat_template: tokenizer.chatTemplate }),
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
