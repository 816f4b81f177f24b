import type { DomainDefault, SettingTable } from '../base/setting.ts';
import { algebraDefaults, algebraSettings } from './algebra/settings.ts';
import { arithmeticDefaults, arithmeticSettings } from './arithmetic/settings.ts';
import { codingDefaults, codingSettings } from './coding/settings.ts';
import { workspaceDefaults, workspaceSettings } from './workspace/settings.ts';
import { userDefaults, userSettings } from './user/settings.ts';

/** What a domain says of the settings of its runs. */
export interface DomainSettings {
  /** Settings that only this domain has. */
  settings: SettingTable;
  /** Defaults of other owners' settings in runs of this domain, by name. */
  defaults?: Readonly<Record<string, DomainDefault>>;
}

/** Every domain by name; `user` is whichever one a person wrote. */
export const domainSettings = {
  coding: { settings: codingSettings, defaults: codingDefaults },
  arithmetic: { settings: arithmeticSettings, defaults: arithmeticDefaults },
  algebra: { settings: algebraSettings, defaults: algebraDefaults },
  workspace: { settings: workspaceSettings, defaults: workspaceDefaults },
  user: { settings: userSettings, defaults: userDefaults },
} as const satisfies Readonly<Record<string, DomainSettings>>;

/** Names of the domains. */
export type DomainName = keyof typeof domainSettings;

/** Names of the domains that come with the program. */
export const shippedDomains = (Object.keys(domainSettings) as DomainName[]).filter((name) => name !== 'user');
