import { pickSettings } from '../base/setting.ts';
import type { Config } from '../config/tables.ts';
import type { LoadRequest } from '../runtime/process/calls.ts';
import { runtimeSettings } from '../runtime/settings.ts';

/** Longest prompt plus completion of a run, tokens. */
export function contextTokensOf(config: Config): number {
  return config.maxPromptTokens + Math.max(config.maxProposalTokens, config.maxAnswerTokens);
}

/** What the runtime process of a run is loaded with. */
export function loadRequestOf(
  config: Config,
  { modelPath, cacheDir }: Pick<LoadRequest, 'modelPath' | 'cacheDir'>,
): LoadRequest {
  return {
    ...pickSettings(runtimeSettings, config),
    modelPath,
    cacheDir,
    contextTokens: contextTokensOf(config),
    seed: config.seed,
  };
}
