import { open, type FileHandle } from 'node:fs/promises';
import { BoundaryError } from '../../base/errors.ts';
import { blockFormats, byteLength, dequantize } from './dequantize.ts';
import { fileHash } from '../../base/file-hash.ts';
import { isReadable, readGgufHeader, type GgufHeader, type GgufTensor, type GgufValue } from './gguf.ts';
import { elementsOf, findLayoutFault } from '../layout.ts';
import { architectures, type DecoderConfig, type ModelFile } from '../model.ts';
import { ggufTokenizer } from './gguf-tokenizer.ts';

const otherModel = 'Use another model: `selfq models list` names those that work.';

/** Opens a GGUF file of a known architecture. See {@link ModelFile}; tensors are read from disk when asked. */
export async function openGguf(path: string, cacheDir: string | undefined): Promise<ModelFile> {
  const [header, hash] = await Promise.all([readGgufHeader(path), fileHash(path, cacheDir)]);
  const metadata = new Metadata(path, header.metadata);
  const shape = readConfig(header, metadata);
  const file = await open(path, 'r');
  try {
    const config = await withRopeFactors(path, file, header, shape);
    return modelOf(path, hash, config, header, file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Shape of the model in a GGUF file, from its header alone; without rotary factors. Throws as {@link openGguf} does. */
export async function readGgufConfig(path: string): Promise<DecoderConfig> {
  const header = await readGgufHeader(path);
  return readConfig(header, new Metadata(path, header.metadata));
}

function modelOf(path: string, hash: string, config: DecoderConfig, header: GgufHeader, file: FileHandle): ModelFile {
  const find = (name: string): GgufTensor | undefined => header.tensors.get(ggufName(name));
  const fault = findLayoutFault(config, find, Object.keys(blockFormats));
  if (fault !== undefined) {
    throw new BoundaryError('model', `${path} ${fault}.`, otherModel);
  }
  const tokenizer = ggufTokenizer(path, header.metadata);
  return {
    path,
    hash,
    config,
    tokenizer,
    has: (name) => find(name) !== undefined,
    async tensor(name) {
      const stored = find(name);
      if (stored === undefined) {
        throw new BoundaryError('model', `${path} has no tensor ${name}.`, otherModel);
      }
      const values = await readTensor(path, file, stored);
      const heads = permutedHeads(config, name);
      return heads === 0 ? values : splitRotaryHalves(values, heads, stored.shape);
    },
    close: () => file.close(),
  };
}

const layerNames: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};

const globalNames: Readonly<Record<string, string>> = {
  'model.embed_tokens.weight': 'token_embd.weight',
  'model.norm.weight': 'output_norm.weight',
  'lm_head.weight': 'output.weight',
};

/** Hugging Face's name of a tensor -> llama.cpp's; a name of neither kind stays as it is. */
export function ggufName(name: string): string {
  const match = /^model\.layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(name);
  if (match === null) {
    return globalNames[name] ?? name;
  }
  const [, layer = '', part = '', kind = ''] = match;
  return `blk.${layer}.${layerNames[part] ?? part}.${kind}`;
}

function readConfig(header: GgufHeader, metadata: Metadata): DecoderConfig {
  const named = metadata.text('general.architecture');
  const architecture = architectures.find((known) => known === named);
  if (architecture === undefined) {
    throw metadata.fault(`has the architecture ${JSON.stringify(named)}; ${architectures.join(', ')} can be run`);
  }
  refuseVariants(architecture, metadata);
  const hidden = metadata.number(`${architecture}.embedding_length`);
  const heads = metadata.number(`${architecture}.attention.head_count`);
  const headSize = metadata.number(`${architecture}.attention.key_length`, hidden / heads);
  const vocabulary = header.tensors.get('token_embd.weight')?.shape[0];
  if (vocabulary === undefined) {
    throw metadata.fault('has no tensor token_embd.weight');
  }
  const rotated = metadata.number(`${architecture}.rope.dimension_count`, headSize);
  if (rotated !== headSize) {
    throw metadata.fault(`rotates ${rotated} of ${headSize} dimensions of a head; only whole heads can be run`);
  }
  return {
    architecture,
    layers: metadata.number(`${architecture}.block_count`),
    hidden,
    ffn: metadata.number(`${architecture}.feed_forward_length`),
    heads,
    kvHeads: metadata.number(`${architecture}.attention.head_count_kv`, heads),
    headSize,
    vocabulary,
    ropeBase: metadata.number(`${architecture}.rope.freq_base`, 10_000),
    rmsEpsilon: metadata.number(`${architecture}.attention.layer_norm_rms_epsilon`),
    contextLength: metadata.number(`${architecture}.context_length`),
    attentionBias: header.tensors.has('blk.0.attn_q.bias'),
    headNorm: architecture === 'qwen3',
    tiedEmbedding: !header.tensors.has('output.weight'),
  };
}

/** Llama 3 files bring the divisors of their rotary frequencies as a tensor. */
async function withRopeFactors(
  path: string,
  file: FileHandle,
  header: GgufHeader,
  config: DecoderConfig,
): Promise<DecoderConfig> {
  const stored = header.tensors.get('rope_freqs.weight');
  return stored === undefined ? config : { ...config, ropeFactors: [...(await readTensor(path, file, stored))] };
}

/** Files whose architecture has a known name but another computation would load and then answer nonsense. */
function refuseVariants(architecture: string, metadata: Metadata): void {
  if (metadata.number('split.count', 1) > 1) {
    throw metadata.fault(
      "is one part of a split model; join the parts first with llama.cpp's `llama-gguf-split --merge`",
    );
  }
  if (metadata.number(`${architecture}.expert_count`, 0) > 0) {
    throw metadata.fault('is a mixture of experts; only dense models can be run');
  }
  const scaling = metadata.text(`${architecture}.rope.scaling.type`, 'none');
  if (scaling !== 'none') {
    throw metadata.fault(`scales its rotary positions (${scaling}); only unscaled ones can be run`);
  }
}

/** Typed look-ups that name the file when a value is missing or of another kind. */
class Metadata {
  readonly #path: string;
  readonly #values: ReadonlyMap<string, GgufValue>;

  constructor(path: string, values: ReadonlyMap<string, GgufValue>) {
    this.#path = path;
    this.#values = values;
  }

  fault(problem: string): BoundaryError {
    return new BoundaryError('model', `${this.#path} ${problem}.`, otherModel);
  }

  number(key: string, absent?: number): number {
    const value = this.#values.get(key) ?? absent;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw this.fault(value === undefined ? `lacks ${key}` : `has a ${key} that is not a number`);
    }
    return value;
  }

  text(key: string, absent?: string): string {
    const value = this.#values.get(key) ?? absent;
    if (typeof value !== 'string') {
      throw this.fault(value === undefined ? `lacks ${key}` : `has a ${key} that is not text`);
    }
    return value;
  }
}

/** Bytes decoded at a time: bounds the raw copy beside the fp32 result. */
const chunkBytes = 8 * 2 ** 20;

async function readTensor(path: string, file: FileHandle, stored: GgufTensor): Promise<Float32Array> {
  if (!isReadable(stored.type)) {
    throw new BoundaryError(
      'model',
      `${path} stores ${stored.name} as ${stored.type}, which cannot be read.`,
      otherModel,
    );
  }
  const format = blockFormats[stored.type];
  const elements = elementsOf(stored.shape);
  const total = byteLength(stored.type, elements);
  const chunk = Math.floor(chunkBytes / format.bytes) * format.bytes;
  const values = new Float32Array(elements);
  const buffer = Buffer.allocUnsafe(Math.min(chunk, total));
  for (let at = 0; at < total; at += chunk) {
    const length = Math.min(chunk, total - at);
    const { bytesRead } = await file.read(buffer, 0, length, stored.offset + at);
    if (bytesRead < length) {
      throw new BoundaryError(
        'model',
        `${path} is torn: it ends inside ${stored.name}.`,
        'Something shortened the file while it was open: fetch it again (`selfq models pull NAME`).',
      );
    }
    const done = (at / format.bytes) * format.elements;
    dequantize(stored.type, buffer.subarray(0, length), values.subarray(done));
  }
  return values;
}

/**
 * llama.cpp's converter interleaves the two rotary halves of q and k for architecture llama (its kernel rotates
 * neighbours there), but not for the others. Returns the number of heads of such a tensor, 0 for any other.
 */
function permutedHeads(config: DecoderConfig, name: string): number {
  if (config.architecture !== 'llama') {
    return 0;
  }
  return name.includes('.self_attn.q_proj.') ? config.heads : name.includes('.self_attn.k_proj.') ? config.kvHeads : 0;
}

/** Rows 0 1 2 3 … of a head (interleaved pairs) -> 0 2 4 … 1 3 5 … (halves), as Hugging Face stores them. */
function splitRotaryHalves(values: Float32Array, heads: number, shape: readonly number[]): Float32Array {
  const [rows = 0, width = 1] = shape;
  const headRows = rows / heads;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const inHead = row % headRows;
    const to = row - inHead + (inHead % 2) * (headRows / 2) + (inHead >> 1);
    result.set(values.subarray(row * width, (row + 1) * width), to * width);
  }
  return result;
}
