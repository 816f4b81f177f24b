import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { byteLevelBpe } from '../../src/model/tokenizer/bpe-definition.ts';
import { byteLevelAlphabet } from '../../src/model/tokenizer/byte-level.ts';
import { expectedTensors } from '../../src/model/layout.ts';
import type { DecoderConfig } from '../../src/model/model.ts';
import { writeSafetensors } from '../../src/model/formats/safetensors.ts';

export interface TinyModelOptions {
  /** Seed of the random weights. Default 1. */
  seed?: number;
  architecture?: DecoderConfig['architecture'];
  layers?: number;
  /** A multiple of 32, as `ffn`; the head size is a multiple of 16. */
  hidden?: number;
  ffn?: number;
  heads?: number;
  kvHeads?: number;
  /** Default hidden / heads. */
  headSize?: number;
  ropeBase?: number;
  /** Llama 3's scaling, as config.json has it. */
  ropeScaling?: Readonly<Record<string, string | number>>;
  /** A multiple of 128, at least 384. */
  vocabulary?: number;
  tiedEmbedding?: boolean;
  contextLength?: number;
  /** Standard deviation of the embedding's rows. Larger is a surer model: logits deviate by it times sqrt(hidden). */
  embeddingScale?: number;
}

/** Ids of the special tokens; id b < 256 is the byte b. */
export const tinyTokens = { endOfText: 256, startOfTurn: 257, endOfTurn: 258 } as const;

const chatTemplate =
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/**
 * Writes a model folder with random weights (fp32) and a tokenizer of single bytes, which `openModel(dir)` and
 * transformers load. The same options give the same bytes. Default: qwen2, 2 layers, hidden 64, 98,880 weights.
 */
export async function writeTinyModel(dir: string, options: TinyModelOptions = {}): Promise<void> {
  const config = configOf(options);
  await mkdir(dir, { recursive: true });
  await writeJson(join(dir, 'config.json'), hfConfig(config, options));
  await writeJson(join(dir, 'tokenizer.json'), tokenizerDefinition());
  await writeJson(join(dir, 'tokenizer_config.json'), {
    tokenizer_class: 'PreTrainedTokenizerFast',
    chat_template: chatTemplate,
    eos_token: '<|im_end|>',
    pad_token: '<|endoftext|>',
  });
  await writeSafetensors(join(dir, 'model.safetensors'), randomTensors(config, options));
}

function configOf(options: TinyModelOptions): DecoderConfig {
  const { architecture = 'qwen2', layers = 2, hidden = 64, ffn = 128, heads = 2, kvHeads = 1 } = options;
  return {
    architecture,
    layers,
    hidden,
    ffn,
    heads,
    kvHeads,
    headSize: options.headSize ?? hidden / heads,
    vocabulary: options.vocabulary ?? 384,
    ropeBase: options.ropeBase ?? 10_000,
    rmsEpsilon: 1e-6,
    contextLength: options.contextLength ?? 1024,
    attentionBias: architecture === 'qwen2',
    headNorm: architecture === 'qwen3',
    tiedEmbedding: options.tiedEmbedding ?? true,
  };
}

const modelClasses = { qwen2: 'Qwen2ForCausalLM', qwen3: 'Qwen3ForCausalLM', llama: 'LlamaForCausalLM' };

function hfConfig(config: DecoderConfig, { ropeScaling }: TinyModelOptions): object {
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
    rms_norm_eps: config.rmsEpsilon,
    rope_theta: config.ropeBase,
    ...(ropeScaling && { rope_scaling: ropeScaling }),
    max_position_embeddings: config.contextLength,
    hidden_act: 'silu',
    tie_word_embeddings: config.tiedEmbedding,
    torch_dtype: 'float32',
    bos_token_id: null,
    eos_token_id: [tinyTokens.endOfTurn, tinyTokens.endOfText],
  };
}

function tokenizerDefinition(): object {
  const specials = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
  const added = specials.map((content, i) => ({ id: 256 + i, content, special: true }));
  return byteLevelBpe('gpt2', [...byteLevelAlphabet(), ...specials], [], added);
}

function randomTensors(
  config: DecoderConfig,
  { seed = 1, embeddingScale = 0.15 }: TinyModelOptions,
): Map<string, { shape: number[]; data: Float32Array }> {
  const normal = normalGenerator(seed);
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const [name, shape] of expectedTensors(config)) {
    const [rows = 1, columns = 1] = shape;
    const isTable = name.includes('embed_tokens') || name.includes('lm_head');
    const deviation = isTable ? embeddingScale : shape.length === 1 ? 0.1 : 1 / Math.sqrt(columns);
    // Norm weights lie around 1 but not at 1, so that leaving them out shows.
    const mean = name.includes('norm') ? 1 : 0;
    tensors.set(name, {
      shape,
      data: Float32Array.from({ length: rows * columns }, () => mean + deviation * normal()),
    });
  }
  return tensors;
}

/** Standard normal numbers by Box and Muller over a 32-bit counter hash. */
function normalGenerator(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let bits = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

async function writeJson(path: string, value: object): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
