import { readSmallFile } from '../../base/small-file.ts';
import { join } from 'node:path';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { TimeLimitError, withinTime } from '../../base/time-limit.ts';
import { loraScale, type Adapter, type LoraPair } from '../decoder/adapter.ts';

/** Name of the settings in the folder of an adapter. */
export const configFile = 'adapter_config.json';

/** No adapter has a larger rank than the widest matrices of these models. */
const largestRank = 4096;
/** Patterns are regular expressions of unknown origin; those of a real adapter take less than a millisecond. */
const patternLimitMs = 500;

const Rank = z.number().int().min(1).max(largestRank);

/** The part of PEFT's LoraConfig that decides what an adapter computes. */
const AdapterConfig = z.looseObject({
  peft_type: z.literal('LORA'),
  r: Rank,
  lora_alpha: z.number(),
  use_rslora: z.boolean().nullish(),
  rank_pattern: z.record(z.string(), Rank).nullish(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
});
type AdapterConfig = z.infer<typeof AdapterConfig>;

/** Options that are read, or that change nothing of what a saved adapter computes. */
const harmless: ReadonlySet<string> = new Set([
  ...Object.keys(AdapterConfig.shape),
  ...['task_type', 'base_model_name_or_path', 'revision', 'peft_version', 'auto_mapping', 'inference_mode'],
  ...['lora_dropout', 'target_modules', 'exclude_modules', 'layers_to_transform', 'layers_pattern'],
  // Of how it was initialised and sharded.
  ...['eva_config', 'corda_config', 'loftq_config', 'lora_ga_config', 'megatron_config', 'megatron_core'],
  // On linear layers PEFT turns the first off; the others qualify options that are refused themselves.
  ...['fan_in_fan_out', 'qalora_group_size', 'ensure_weight_tying', 'runtime_config'],
]);

/** Ways to initialise an adapter that leave the base weights as they are. */
const plainInitialisations = ['gaussian', 'orthogonal', 'eva'];

function isEmpty(value: unknown): boolean {
  return !value || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** The first option that makes the adapter another computation than those that are known here. */
function foreignOption(config: AdapterConfig): string | undefined {
  return Object.keys(config).find((name) => {
    const value = config[name];
    switch (name) {
      case 'bias':
        return value !== 'none' && !isEmpty(value);
      case 'init_lora_weights':
        return typeof value === 'string' && !plainInitialisations.includes(value);
      default:
        return !harmless.has(name) && !isEmpty(value);
    }
  });
}

/** Rank, alpha and scale of each linear layer, as PEFT's settings say. */
export interface AdapterSettings extends Omit<Adapter, 'pairs'> {
  pairSettings(linear: string): Pick<LoraPair, 'rank' | 'alpha' | 'scale'>;
}

/**
 * The settings of the adapter in `dir`, for the linear layers of these names. Throws BoundaryError('model') when they are
 * missing, or ask for what is not computed here, by name.
 */
export async function readAdapterSettings(dir: string, linears: readonly string[]): Promise<AdapterSettings> {
  const path = join(dir, configFile);
  const config = parseConfig(path, await readText(path));
  const foreign = foreignOption(config);
  if (foreign !== undefined) {
    throw fault(
      `${path} sets ${foreign} to ${JSON.stringify(config[foreign]).slice(0, 200)}, which is not computed here.`,
      'Use an adapter of plain LoRA or rsLoRA without this option, or merge it into its model with PEFT.',
    );
  }
  const { r: rank, lora_alpha: alpha } = config;
  const rankStabilized = config.use_rslora ?? false;
  const ranks = matchPattern(path, 'rank_pattern', config.rank_pattern ?? {}, linears);
  const alphas = matchPattern(path, 'alpha_pattern', config.alpha_pattern ?? {}, linears);
  return {
    ...{ rank, alpha, rankStabilized },
    pairSettings(linear) {
      const pair = { rank: ranks.get(linear) ?? rank, alpha: alphas.get(linear) ?? alpha };
      return { ...pair, scale: loraScale(pair.alpha, pair.rank, rankStabilized) };
    },
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readSmallFile(path);
  } catch (error) {
    throw notAnAdapter(path, 'is missing or cannot be read', error);
  }
}

function parseConfig(path: string, text: string): AdapterConfig {
  try {
    return AdapterConfig.parse(JSON.parse(text));
  } catch (error) {
    const where = error instanceof z.ZodError ? error.issues.map((issue) => issue.path.join('.')).join(', ') : 'syntax';
    throw notAnAdapter(path, `does not describe a LoRA adapter (${where})`, error);
  }
}

/**
 * What a pattern of PEFT says of each linear layer: its keys are regular expressions for the end of a layer's name, of
 * which the first that matches counts.
 */
function matchPattern(
  path: string,
  name: string,
  pattern: Readonly<Record<string, number>>,
  linears: readonly string[],
): Map<string, number> {
  // Nearly always: then a busy machine cannot exceed the limit of time.
  if (Object.keys(pattern).length === 0) {
    return new Map();
  }
  try {
    const keys = Object.entries(pattern).map(([key, value]) => ({ key: new RegExp(`^(?:.*\\.)?(?:${key})$`), value }));
    return withinTime(patternLimitMs, () => {
      const matches = linears.map((linear): [string, number | undefined] => [
        linear,
        keys.find(({ key }) => key.test(linear))?.value,
      ]);
      return new Map(matches.filter((match): match is [string, number] => match[1] !== undefined));
    });
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TimeLimitError)) {
      throw error;
    }
    throw fault(
      `${path} has a ${name} that cannot be used: ${error.message}.`,
      'Write its keys as names of layers, for example "q_proj".',
      error,
    );
  }
}

/** adapter_config.json as PEFT reads it. */
export function adapterConfigJson({ rank, alpha, rankStabilized, pairs }: Adapter, baseModel: string): string {
  const pattern = (key: 'rank' | 'alpha', usual: number) =>
    Object.fromEntries(pairs.filter((pair) => pair[key] !== usual).map((pair) => [pair.name, pair[key]]));
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseModel,
    r: rank,
    lora_alpha: alpha,
    rank_pattern: pattern('rank', rank),
    alpha_pattern: pattern('alpha', alpha),
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    use_rslora: rankStabilized,
    use_dora: false,
    target_modules: [...new Set(pairs.map(({ name }) => name.slice(name.lastIndexOf('.') + 1)))],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function notAnAdapter(path: string, problem: string, cause: unknown): BoundaryError {
  return fault(
    `${path} ${problem}.`,
    'Give a folder with adapter_config.json and adapter_model.safetensors, for example runs/NAME/checkpoints/000010.',
    cause,
  );
}

function fault(message: string, remedy: string, cause?: unknown): BoundaryError {
  return new BoundaryError('model', message, remedy, { cause });
}
