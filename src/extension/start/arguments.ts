import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { type Preset, presets } from '../../base/setting.ts';
import { resolveConfig, type SettingValues } from '../../config/resolve.ts';
import type { Config } from '../../config/tables.ts';
import { settingsOfUserDomain } from '../../config/user-domain.ts';
import type { UserDomainRow } from '../../protocol/user-domain.ts';

/**
 * Argument of the command `selfQuestioning.start`, for other extensions, keybindings and tasks. What is not given is
 * taken from the settings; `ask: true` asks the questions all the same, with these answers to begin with.
 */
export const StartArguments = z.strictObject({
  /** A domain that comes with the program, or the absolute path of a folder with one of your own. */
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
  /** Start it when the runs before it in the queue have ended. */
  queue: z.boolean().optional(),
});
export type StartArguments = z.infer<typeof StartArguments>;

/** Every answer given. */
export interface StartAnswers {
  /** Name of a domain that comes with the program, or the absolute path of the folder of another one. */
  domain: string;
  /** What the domain in that folder says of itself. */
  own?: UserDomainRow;
  topic: string;
  model: string;
  preset: Preset;
  steps: number;
  device: string;
  /** Into the queue instead of at once. */
  queue?: boolean;
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
    ...domainSettingsOf(answers),
    ...answers.overrides,
    ...(answers.own ? {} : { domain }),
    device: answers.device,
    ...(answers.topic === '' ? {} : { topic: answers.topic }),
    ...(answers.model === '' ? {} : { model: answers.model }),
    ...(answers.steps === 0 ? {} : { steps: answers.steps }),
  });
}

/** The settings that follow from the choice of a domain. */
function domainSettingsOf({ domain, own }: Pick<StartAnswers, 'domain' | 'own'>): SettingValues {
  return own ? settingsOfUserDomain(own) : { domain };
}

/** The default of a setting in a preset and a domain, as the engine would take it. */
export function presetValue(
  name: keyof Config,
  { preset, ...answers }: Pick<StartAnswers, 'preset' | 'domain' | 'own'>,
): string | number {
  return resolveConfig(preset, domainSettingsOf(answers))[name];
}
