import { defaultsOf } from '../../src/base/setting.ts';
import { runtimeSettings, type RuntimeSettings } from '../../src/runtime/settings.ts';

/** Defaults but for the precisions, which are those whose results are compared with other programs', and one thread. */
export const exactRuntime: RuntimeSettings = {
  ...defaultsOf(runtimeSettings, 'quick'),
  threads: 1,
  samplerPrecision: 'strict',
  evalPrecision: 'exact',
  trainPrecision: 'exact',
};
