import { BoundaryError } from '../base/errors.ts';
import type { SettingValue } from '../base/setting.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { Config } from '../config/tables.ts';
import type { SweepDefinition } from './definition.ts';

/** One run of a sweep. */
export interface GridRun {
  /** `<sweep>.<variant>.s<seed>`: its folder below the folder of runs. */
  name: string;
  variant: string;
  seed: number;
  config: Config;
}

/**
 * All runs of a sweep in the order in which they are made: every variant with the first seed, then with the next one, so
 * that an unfinished sweep compares its variants evenly. Throws BoundaryError('usage') that names the variant with a
 * setting that does not exist or cannot have its value, and two variants that are equal.
 */
export function gridOf(definition: SweepDefinition): GridRun[] {
  const { name, domain, preset, settings, steps, seeds, variants } = definition;
  const configs = Object.entries(variants).map(([variant, own]) => {
    const overrides = { ...settings, ...own, domain, steps };
    return { variant, config: named(variant, () => resolveConfig(preset, overrides)) };
  });
  refuseEqual(configs);
  return seeds.flatMap((seed) =>
    configs.map(({ variant, config }) => ({
      name: `${name}.${variant}.s${seed}`,
      variant,
      seed,
      config: { ...config, seed },
    })),
  );
}

function refuseEqual(configs: readonly { variant: string; config: Config }[]): void {
  const seen = new Map<string, string>();
  for (const { variant, config } of configs) {
    const key = JSON.stringify(Object.entries(config).sort(([a], [b]) => a.localeCompare(b)));
    const other = seen.get(key);
    if (other !== undefined) {
      throw new BoundaryError(
        'usage',
        `The variants ${other} and ${variant} of the sweep are equal: all their settings are the same.`,
        'Remove one of them, or set what is to differ.',
      );
    }
    seen.set(key, variant);
  }
}

function named<T>(variant: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof BoundaryError) {
      throw new BoundaryError(error.boundary, `Variant ${variant}: ${error.message}`, error.remedy, { cause: error });
    }
    throw error;
  }
}

/** The settings in which variants differ from each other, by variant; of a single variant those that its file names. */
export function differingSettings(runs: readonly GridRun[]): Map<string, Record<string, SettingValue>> {
  const byVariant = new Map(runs.map(({ variant, config }) => [variant, config]));
  const all = [...byVariant.values()].map((config): Record<string, SettingValue> => ({ ...config }));
  const names = [...new Set(all.flatMap((config) => Object.keys(config)))].filter(
    (name) => name !== 'seed' && new Set(all.map((config) => config[name])).size > 1,
  );
  return new Map(
    [...byVariant].map(([variant, config]) => {
      const values: Record<string, SettingValue> = { ...config };
      return [variant, Object.fromEntries(names.map((name) => [name, values[name] ?? '']))];
    }),
  );
}
