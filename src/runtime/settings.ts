import { choice, integer, real, type SettingTable, type ValuesOf } from '../base/setting.ts';

/** What the runtime process can be told; it has no defaults besides these. */
export const runtimeSettings = {
  device: {
    kind: choice('cpu', 'webgpu', 'cuda', 'dml', 'coreml'),
    description: 'Where the model runs; `selfq doctor` says which work here.',
    default: 'cpu',
  },
  threads: { kind: integer(0, 256), unit: 'threads', description: '0 = physical cores.', default: 0 },
  slots: { kind: integer(1, 64), unit: 'rows', description: 'Completions generated at once.', default: 32 },
  samplerPrecision: {
    kind: choice('strict', 'balanced'),
    description:
      'Frozen matrices in sampling: strict: 8 bit in blocks of 32; balanced: integer products of rotated rows, faster. Greedy decoding is exact but for evaluations. Where a processor has no exact integer products, strict is computed.',
    default: 'balanced',
  },
  evalPrecision: {
    kind: choice('exact', 'balanced', 'strict'),
    description:
      "Frozen matrices in evaluations, greedy or sampled: exact: fp32; balanced and strict: the sampler's, about four times as fast. Results name what was computed.",
    default: 'balanced',
  },
  trainPrecision: {
    kind: choice('exact', 'half', 'balanced'),
    description:
      'Frozen matrices in training: exact: fp32; half: fp16, for graphics cards; balanced: integer products, forward of rotated rows. Where integer products are asked for, processors without exact ones compute exact, and other devices than cpu fp16 if they can.',
    default: 'balanced',
  },
  microBatchTokens: {
    kind: integer(128, 65_536),
    unit: 'tokens',
    description:
      'Tokens of one pass of training. Answers that fit beside each other share their prompt; memory grows by about 0.7 MB a token with the default model.',
    default: 1400,
  },
  gradientCheckpointing: {
    kind: choice('none', 'selective', 'full'),
    description:
      'What the backward pass computes again to save memory: none: nothing; selective: what is cheap; full: whole layers from their input, 10 to 20 % slower.',
    default: { quick: 'selective', paper: 'full' },
  },
  sleepMode: {
    kind: choice('on', 'off'),
    description:
      'on: sampler and trainer give their memory back while the other one works; off: both stay, which saves seconds in every step (6 of 19 with the default model) and takes a third more memory.',
    default: { quick: 'on', laptop: 'off', paper: 'on' },
  },
  trainedWeights: {
    kind: choice('lora', 'full'),
    description:
      'lora: an adapter beside frozen weights; full: every weight, for small models: in fp32 whatever trainPrecision says, with some 25 bytes of memory a weight and 12 of disk for each checkpoint. Take a learningRate of 1e-6 or so.',
    default: 'lora',
  },
  loraRank: { kind: integer(1, 256), description: 'Rank of the adapter on all linear layers.', default: 16 },
  loraAlpha: { kind: real(0.01, 4096), description: 'The adapter is scaled by alpha / rank.', default: 32 },
} as const satisfies SettingTable;

/** Every setting of the runtime with its value. */
export type RuntimeSettings = ValuesOf<typeof runtimeSettings>;

/** Where a model runs; what each means stands in devices/devices.ts. */
export type Device = RuntimeSettings['device'];
/** Precision of the frozen matrices in sampling; what each means stands in weights/precision.ts. */
export type SamplerPrecision = RuntimeSettings['samplerPrecision'];
/** Precision of the frozen matrices in evaluations. */
export type EvalPrecision = RuntimeSettings['evalPrecision'];
/** Precision of the frozen matrices in training. */
export type TrainPrecision = RuntimeSettings['trainPrecision'];
/** Precisions of the frozen matrices in sampling, in evaluations and in training. */
export type Precisions = Pick<RuntimeSettings, 'samplerPrecision' | 'evalPrecision' | 'trainPrecision'>;
/** What the backward pass of an update computes again instead of keeping it: see training/recomputation.ts. */
export type GradientCheckpointing = RuntimeSettings['gradientCheckpointing'];
