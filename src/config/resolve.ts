import { BoundaryError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';
import { defaultIn, parseSetting, type Preset, type Setting, type SettingValue } from '../base/setting.ts';
import { findSetting, runSettings, sectionsOf, settingNames, tables, type Config, type Tables } from './tables.ts';

/** Values by the names of settings, as text or as they are. */
export type SettingValues = Readonly<Record<string, SettingValue>>;

/**
 * Every setting of a run: the preset's values, those that the domain has instead, then `overrides`. Throws
 * BoundaryError('usage') that names an unknown setting with a near miss, one of another domain, or a value's range.
 */
export function resolveConfig(preset: Preset, overrides: SettingValues): Config {
  return resolveIn(tables, preset, overrides) as Config;
}

/** {@link resolveConfig} over given tables. */
export function resolveIn(all: Tables, preset: Preset, overrides: SettingValues): Record<string, SettingValue> {
  const domain = domainOf(all, overrides['domain'] ?? runSettings.domain.default);
  const settings = settingsOf(all, domain);
  const config: Record<string, SettingValue> = {};
  for (const [name, setting] of Object.entries(settings)) {
    config[name] = defaultIn(preset, setting.default);
  }
  for (const [name, value] of Object.entries(overrides)) {
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (!setting) {
      throw notOf(all, domain, name);
    }
    config[name] = name === 'domain' ? domain : parseSetting(name, setting, value);
  }
  return { ...config, domain };
}

/** All settings of a run of `domain` by name. */
export function settingsOf(all: Tables, domain: string): Record<string, Setting> {
  return Object.assign({}, ...sectionsOf(domain, all).map(({ settings }) => settings)) as Record<string, Setting>;
}

/** A domain by its name. Throws BoundaryError('usage') that names the nearest one. */
export function domainOf({ domains }: Tables, given: SettingValue): string {
  const name = String(given);
  if (Object.hasOwn(domains, name)) {
    return name;
  }
  const known = Object.keys(domains);
  const nearest = nearestName(name, known);
  throw new BoundaryError(
    'usage',
    `There is no domain "${name}".`,
    nearest === undefined ? `Choose one of ${known.join(', ')}.` : `Did you mean "${nearest}"?`,
  );
}

function notOf(all: Tables, domain: string, name: string): BoundaryError {
  const elsewhere = findSetting(name, all);
  if (elsewhere) {
    return new BoundaryError(
      'usage',
      `${name} is a setting of ${elsewhere.owner}, and the domain of this run is ${domain}.`,
      `Leave it away, or set domain=${elsewhere.owner}.`,
    );
  }
  const nearest = nearestName(name, settingNames(all));
  return new BoundaryError(
    'usage',
    `There is no setting "${name}".`,
    nearest === undefined ? '`selfq run --settings` lists every setting.' : `Did you mean "${nearest}"?`,
  );
}
