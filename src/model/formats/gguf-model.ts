import { open, type FileHandle } from 'node:fs/promises';
import { BoundaryError } from '../../base/errors.ts';
import { blockFormats } from './dequantize.ts';
import { fileHash } from '../../base/file-hash.ts';
import { readGgufHeader, type GgufHeader, type GgufTensor, type GgufValue } from './gguf.ts';
import { elementsOf, expectedTensors, findConfigFault, findLayoutFault } from '../layout.ts';
import { architectures, type DecoderConfig, type ModelFile } from '../model.ts';
import { permutedHeads, readTensor, splitRotaryHalves, tensorNames } from './gguf-tensors.ts';
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
  const names = tensorNames(config);
  const find = (name: string): GgufTensor | undefined => header.tensors.get(names.get(name) ?? name);
  const problem = findLayoutFault(config, find, Object.keys(blockFormats)) ?? findStrayTensor(config, header, names);
  if (problem !== undefined) {
    throw fault(path, problem);
  }
  const heads = permutedHeads(config);
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
        throw fault(path, `has no tensor ${name}`);
      }
      const values = await readTensor(path, file, stored);
      const permuted = heads.get(name);
      return permuted === undefined ? values : splitRotaryHalves(values, permuted, stored.shape);
    },
    close: () => file.close(),
  };
}

/** What a file may hold besides the decoder: divisors of rotary frequencies, which are read with the configuration. */
const sideTensors = ['rope_freqs.weight'];

/** A tensor that would change the result, and that this decoder does not compute with. */
function findStrayTensor(
  config: DecoderConfig,
  header: GgufHeader,
  names: ReadonlyMap<string, string>,
): string | undefined {
  const known = new Set(sideTensors);
  for (const name of expectedTensors(config).keys()) {
    known.add(names.get(name) ?? name);
  }
  const stray = [...header.tensors.keys()].find((name) => !known.has(name));
  return stray === undefined
    ? undefined
    : `holds ${stray}, which a ${config.architecture} model of this configuration does not compute with`;
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
  const config: DecoderConfig = {
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
  const problem = findConfigFault(config);
  if (problem !== undefined) {
    throw metadata.fault(problem);
  }
  return config;
}

/** Llama 3 files bring the divisors of their rotary frequencies as a tensor. */
async function withRopeFactors(
  path: string,
  file: FileHandle,
  header: GgufHeader,
  config: DecoderConfig,
): Promise<DecoderConfig> {
  const stored = header.tensors.get('rope_freqs.weight');
  if (stored === undefined) {
    return config;
  }
  if (elementsOf(stored.shape) !== config.headSize / 2) {
    throw fault(path, `has rope_freqs.weight of shape [${stored.shape.join(', ')}], not [${config.headSize / 2}]`);
  }
  const scaled = { ...config, ropeFactors: [...(await readTensor(path, file, stored))] };
  const problem = findConfigFault(scaled);
  if (problem !== undefined) {
    throw fault(path, problem);
  }
  return scaled;
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
  for (const [key, neutral] of neutralValues) {
    const value = metadata.number(`${architecture}.${key}`, neutral[0] ?? 0);
    if (!neutral.includes(value)) {
      throw metadata.fault(`sets ${architecture}.${key} to ${value}, which cannot be run`);
    }
  }
  if (!metadata.flag(`${architecture}.attention.causal`, true)) {
    throw metadata.fault('lets tokens see those that follow; only causal attention can be run');
  }
  const sizes = ['key_length', 'value_length'].map((key) => metadata.number(`${architecture}.attention.${key}`, 0));
  if (sizes[1] !== 0 && sizes[0] !== sizes[1]) {
    throw metadata.fault(`has keys of ${sizes[0]} numbers and values of ${sizes[1]}; only equal ones can be run`);
  }
}

/** Numbers that change the computation, with the values that do not. */
const neutralValues: readonly (readonly [key: string, neutral: readonly number[]])[] = [
  // Without a type, llama.cpp scales linearly by the factor.
  ['rope.scaling.factor', [1, 0]],
  ['rope.scale_linear', [1, 0]],
  ['rope.scaling.attn_factor', [1, 0]],
  ['attention.scale', [0]],
  ['attention.clamp_kqv', [0]],
  ['attn_logit_softcapping', [0]],
  ['final_logit_softcapping', [0]],
  ['logit_scale', [1, 0]],
  ['embedding_scale', [1, 0]],
  ['residual_scale', [1, 0]],
];

function fault(path: string, problem: string): BoundaryError {
  return new BoundaryError('model', `${path} ${problem}.`, otherModel);
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
    return fault(this.#path, problem);
  }

  number(key: string, absent?: number): number {
    const value = this.#values.get(key) ?? absent;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw this.fault(value === undefined ? `lacks ${key}` : `has a ${key} that is not a number`);
    }
    return value;
  }

  flag(key: string, absent: boolean): boolean {
    const value = this.#values.get(key) ?? absent;
    if (typeof value !== 'boolean') {
      throw this.fault(`has a ${key} that is not true or false`);
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
