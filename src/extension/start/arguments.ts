import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { type Preset, presets } from '../../base/setting.ts';
import { resolveConfig } from '../../config/resolve.ts';
import type { Config } from '../../config/tables.ts';

/**
 * Argument of the command `selfQuestioning.start`, for other extensions, keybindings and tasks. What is not given is
 * taken from the settings; `ask: true` asks the questions all the same, with these answers to begin with.
 */
export const StartArguments = z.strictObject({
  domain: z.string().optional(),
  topic: z.string().optional(),
  /** Name in the catalogue, a GGUF file, or a folder with safetensors. */
  model: z.string().optional(),
  preset: z.enum(presets).optional(),
  /** Steps of self-play; 0 = as the preset says. */
  steps: z.number().int().min(0).max(100_000).optional(),
  device: z.string().optional(),
  /** Any other setting of a run by name. */
  overrides: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  /** Folder of the run; a new one in the folder for runs without it. */
  out: z.string().optional(),
  ask: z.boolean().optional(),
});
export type StartArguments = z.infer<typeof StartArguments>;

/** Every answer given. */
export interface StartAnswers {
  domain: string;
  topic: string;
  model: string;
  preset: Preset;
  steps: number;
  device: string;
  overrides: Readonly<Record<string, string | number>>;
  /** Of the domain `workspace`: the folder, and patterns of what is not used of it. */
  code?: { folder: string; exclude: readonly string[] };
}

/** Throws BoundaryError('usage') that names the wrong field. */
export function parseStartArguments(value: unknown): StartArguments {
  const result = StartArguments.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new BoundaryError(
      'usage',
      `The argument of selfQuestioning.start is wrong: ${field} ${issue?.message ?? ''}`.replaceAll('  ', ' ').trim(),
      `It may have the fields ${Object.keys(StartArguments.shape).join(', ')}.`,
    );
  }
  return result.data;
}

/** All settings of the run. Throws BoundaryError('usage') for a value out of its range. */
export function configOf(answers: StartAnswers): Config {
  const { code, domain } = answers;
  return resolveConfig(answers.preset, {
    ...(code && domain === 'workspace' ? { workspace: code.folder, exclude: code.exclude.join(',') } : {}),
    ...answers.overrides,
    domain,
    device: answers.device,
    ...(answers.topic === '' ? {} : { topic: answers.topic }),
    ...(answers.model === '' ? {} : { model: answers.model }),
    ...(answers.steps === 0 ? {} : { steps: answers.steps }),
  });
}

/** The default of a setting in a preset and a domain, as the engine would take it. */
export function presetValue(
  name: keyof Config,
  { preset, domain }: Pick<StartAnswers, 'preset' | 'domain'>,
): string | number {
  return resolveConfig(preset, { domain })[name];
}
