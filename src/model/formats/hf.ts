import { open, type FileHandle } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { fileHash } from '../../base/file-hash.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { expectedTensors, findConfigFault, findLayoutFault } from '../layout.ts';
import { architectures, type DecoderConfig, type ModelFile } from '../model.ts';
import { hfTokenizer } from './hf-tokenizer.ts';
import { findScalingFault, llama3RopeFactors, RopeScaling } from './rope-scaling.ts';
import { readSafeTensor } from './safetensors.ts';
import { findShards, placeTensors, type PlacedTensor } from './shards.ts';

/** The part of config.json that decides the computation. */
const HfConfig = z.object({
  model_type: z.string(),
  num_hidden_layers: z.number(),
  hidden_size: z.number(),
  intermediate_size: z.number(),
  num_attention_heads: z.number(),
  num_key_value_heads: z.number().nullish(),
  head_dim: z.number().nullish(),
  vocab_size: z.number(),
  rms_norm_eps: z.number(),
  max_position_embeddings: z.number(),
  hidden_act: z.string().default('silu'),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  use_sliding_window: z.boolean().nullish(),
  layer_types: z.array(z.string()).nullish(),
  partial_rotary_factor: z.number().nullish(),
  quantization_config: z.looseObject({ quant_method: z.string().nullish() }).nullish(),
  rope_theta: z.number().optional(),
  rope_scaling: RopeScaling.nullish(),
  /** Where newer versions of transformers write both. */
  rope_parameters: RopeScaling.extend({ rope_theta: z.number().optional() }).nullish(),
  eos_token_id: z.union([z.number(), z.array(z.number())]).nullish(),
});
type HfConfig = z.infer<typeof HfConfig>;

const otherModel = 'Use another model: `selfq models list` names those that work.';

function fault(path: string, problem: string, cause?: unknown): BoundaryError {
  return new BoundaryError('model', `${path} ${problem}.`, otherModel, { cause });
}

function noModelFolder(path: string, problem: string, cause?: unknown): BoundaryError {
  const remedy = 'Give a GGUF file, or a folder with config.json, tokenizer.json and model*.safetensors.';
  return new BoundaryError('model', `${path} is no model folder: ${problem}.`, remedy, { cause });
}

/** Opens a folder with config.json, tokenizer.json and one or more *.safetensors. See {@link ModelFile}. */
export async function openHuggingFace(path: string, cacheDir: string | undefined): Promise<ModelFile> {
  const settings = await readJson(path, 'config.json', HfConfig);
  const config = toDecoderConfig(path, settings);
  const shards = await findShards(path);
  const placed = await placeTensors(shards);
  const find = (name: string): (PlacedTensor & { type: string }) | undefined => {
    const entry = placed.get(name);
    return entry && { ...entry, type: entry.dtype };
  };
  const problem = findLayoutFault(config, find, ['F32', 'F16', 'BF16']) ?? findStrayTensor(config, placed.keys());
  if (problem !== undefined) {
    throw fault(path, problem);
  }
  const endIds = [settings.eos_token_id ?? []].flat();
  const tokenizer = await hfTokenizer(path, endIds);
  const hash = await hashFolder(path, shards, cacheDir);
  const files = new Map<string, FileHandle>();
  for (const shard of shards) {
    files.set(shard, await open(shard, 'r'));
  }
  return {
    path,
    hash,
    config,
    tokenizer,
    has: (name) => placed.has(name),
    async tensor(name) {
      const entry = placed.get(name);
      const file = entry && files.get(entry.path);
      if (entry === undefined || file === undefined) {
        throw fault(path, `has no tensor ${name}`);
      }
      return (await readSafeTensor(entry.path, file, name, entry)).data;
    },
    async close() {
      await Promise.all([...files.values()].map((file) => file.close()));
    },
  };
}

/** Shape of the model in a folder, from its config.json alone. Throws as {@link openHuggingFace} does. */
export async function readHuggingFaceConfig(path: string): Promise<DecoderConfig> {
  return toDecoderConfig(path, await readJson(path, 'config.json', HfConfig));
}

/** Reads and checks a JSON file of a model folder. */
async function readJson<T>(folder: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const path = join(folder, name);
  let text: string;
  try {
    text = await readSmallFile(path);
  } catch (error) {
    throw noModelFolder(folder, `${name} cannot be read`, error);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const where = error instanceof z.ZodError ? error.issues.map((issue) => issue.path.join('.')).join(', ') : 'syntax';
    throw fault(path, `is not as expected (${where})`, error);
  }
}

function toDecoderConfig(path: string, settings: HfConfig): DecoderConfig {
  const architecture = architectures.find((known) => known === settings.model_type);
  if (architecture === undefined) {
    const named = JSON.stringify(settings.model_type);
    throw fault(path, `has the architecture ${named}; ${architectures.join(', ')} can be run`);
  }
  refuseVariants(path, architecture, settings);
  const heads = settings.num_attention_heads;
  // The defaults of each architecture's configuration in transformers.
  const headSize = settings.head_dim ?? (architecture === 'qwen3' ? 128 : settings.hidden_size / heads);
  const ropeBase = settings.rope_theta ?? settings.rope_parameters?.rope_theta ?? 10_000;
  const scaling = settings.rope_scaling ?? settings.rope_parameters ?? undefined;
  const shape: DecoderConfig = {
    architecture,
    layers: settings.num_hidden_layers,
    hidden: settings.hidden_size,
    ffn: settings.intermediate_size,
    heads,
    kvHeads: settings.num_key_value_heads ?? (architecture === 'llama' ? heads : 32),
    headSize,
    vocabulary: settings.vocab_size,
    ropeBase,
    rmsEpsilon: settings.rms_norm_eps,
    contextLength: settings.max_position_embeddings,
    attentionBias: architecture === 'qwen2',
    headNorm: architecture === 'qwen3',
    tiedEmbedding: settings.tie_word_embeddings,
  };
  // Before factors are made for heads of an absurd size.
  const ropeFactors = findConfigFault(shape) ? undefined : llama3RopeFactors(scaling, ropeBase, headSize);
  const config = { ...shape, ...(ropeFactors && { ropeFactors }) };
  const problem = findConfigFault(config);
  if (problem !== undefined) {
    throw fault(path, problem);
  }
  return config;
}

/** Tensors that other programs leave in checkpoints and that nothing is computed with: they follow from the rest. */
const derivedTensor = /\.rotary_emb\.inv_freq$|\.attn\.(?:masked_)?bias$/;

/** A tensor that this decoder does not compute with, in words that follow the folder's path. */
function findStrayTensor(config: DecoderConfig, names: Iterable<string>): string | undefined {
  const known = expectedTensors(config);
  for (const name of names) {
    // A tied head may be stored beside the embedding; transformers takes the embedding.
    if (!known.has(name) && name !== 'lm_head.weight' && !derivedTensor.test(name)) {
      return `holds ${name}, which a ${config.architecture} model of this configuration does not compute with`;
    }
  }
  return undefined;
}

/** Settings under a known architecture that ask for another computation. */
function refuseVariants(path: string, architecture: string, settings: HfConfig): void {
  if (settings.hidden_act !== 'silu') {
    throw fault(path, `uses the activation ${settings.hidden_act}; only silu can be run`);
  }
  if (settings.mlp_bias || (architecture !== 'qwen2' && settings.attention_bias)) {
    throw fault(path, `has biases on linear layers that ${architecture} models do not have`);
  }
  if (settings.use_sliding_window || settings.layer_types?.some((kind) => kind !== 'full_attention')) {
    throw fault(path, 'uses sliding-window attention; only full attention can be run');
  }
  if ((settings.partial_rotary_factor ?? 1) !== 1) {
    throw fault(path, 'rotates a part of each head (partial_rotary_factor); only whole heads can be run');
  }
  if (settings.quantization_config) {
    const method = settings.quantization_config.quant_method ?? 'quantization_config';
    throw fault(path, `is quantised (${method}); only weights in F32, F16 and BF16, or GGUF files, can be run`);
  }
  for (const scaling of [settings.rope_scaling, settings.rope_parameters]) {
    const problem = scaling ? findScalingFault(scaling) : undefined;
    if (problem !== undefined) {
      throw fault(path, problem);
    }
  }
}

/** One hash for the folder: of the hashes of its weights and of what decides their meaning. */
async function hashFolder(path: string, shards: readonly string[], cacheDir: string | undefined): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [...shards, join(path, 'config.json'), join(path, 'tokenizer.json')]) {
    hash.update(`${await fileHash(file, cacheDir)}\n`);
  }
  return hash.digest('hex');
}
