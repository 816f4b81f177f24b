import {
  adaptDefault,
  choice,
  text,
  textLike,
  type Setting,
  type SettingTable,
  type SettingValue,
  type ValuesOf,
} from '../base/setting.ts';
import { domainSettings, type DomainName, type DomainSettings } from '../domains/settings.ts';
import { defaultModelId } from '../model/catalogue.ts';
import { runtimeSettings, type RuntimeSettings } from '../runtime/settings.ts';
import { sandboxSettings, type SandboxSettings } from '../sandbox/settings.ts';
import { selfPlaySettings, type SelfPlaySettings } from '../selfplay/settings.ts';

export { shippedDomains } from '../domains/settings.ts';

/** What decides which domain and which model a run has, and when it works. */
export const runSettings = {
  domain: {
    kind: choice(...(Object.keys(domainSettings) as DomainName[])),
    description: 'Field in which the model questions itself.',
    default: 'coding',
  },
  model: {
    kind: text,
    description: 'Name in the catalogue or on the hub (ORG/NAME), or the path of a model.',
    default: defaultModelId,
  },
  runWhen: {
    kind: textLike(
      /^(?:always|onMainsPower|(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d)$/,
      'Give always, onMainsPower, or hours of the day such as 22:00-07:00.',
    ),
    description:
      'When the run works: always, onMainsPower (it is paused on battery), or between hours of the day such as 22:00-07:00. It is paused between two stages, and continues by itself.',
    default: 'always',
  },
} as const satisfies SettingTable;

/** The settings of one owner. */
export interface Section {
  owner: string;
  settings: SettingTable;
}

/** All tables: those that every run has, and those of one domain each. */
export interface Tables {
  shared: readonly Section[];
  domains: Readonly<Record<string, DomainSettings>>;
}

/** All tables of settings, by owner; those of the domains apart. */
export const tables: Tables = {
  shared: [
    { owner: 'run', settings: runSettings },
    { owner: 'self-play', settings: selfPlaySettings },
    { owner: 'runtime', settings: runtimeSettings },
    { owner: 'sandbox', settings: sandboxSettings },
  ],
  domains: domainSettings,
};

type SharedConfig = Omit<ValuesOf<typeof runSettings>, 'domain'> & SelfPlaySettings & RuntimeSettings & SandboxSettings;

/** Every setting of a run with its value; `domain` tells which domain's settings are among them. */
export type Config = {
  [Name in DomainName]: SharedConfig & { readonly domain: Name } & ValuesOf<(typeof domainSettings)[Name]['settings']>;
}[DomainName];

/** The sections of a run of `domain`, with its own last; defaults are those that the domain wants. */
export function sectionsOf(domain: string, { shared, domains }: Tables = tables): Section[] {
  const own = domains[domain];
  if (!own) {
    throw new RangeError(`there is no domain ${domain}`);
  }
  const { defaults = {}, settings } = own;
  const adapted = shared.map((section) => ({
    ...section,
    settings: Object.fromEntries(
      Object.entries(section.settings).map(([name, setting]): [string, Setting] => [
        name,
        { ...setting, default: adaptDefault(setting.default, defaults[name]) },
      ]),
    ),
  }));
  return [...adapted, { owner: domain, settings }];
}

/** Owner and meaning of a setting by name, in whichever domain it is; undefined for a name that is not known. */
export function findSetting(
  name: string,
  { shared, domains }: Tables = tables,
): (Setting & { owner: string }) | undefined {
  const own = Object.entries(domains).map(([owner, { settings }]) => ({ owner, settings }));
  for (const { owner, settings } of [...shared, ...own]) {
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (setting) {
      return { ...setting, owner };
    }
  }
  return undefined;
}

/** What a run of another domain can take over of a run's settings: those that are no domain's own, but for its name. */
export function sharedSettings(config: Config): Readonly<Record<string, SettingValue>> {
  const { domain: _, ...names } = Object.assign({}, ...tables.shared.map(({ settings }) => settings)) as SettingTable;
  return Object.fromEntries(Object.entries(config).filter(([name]) => Object.hasOwn(names, name)));
}

/** The names of all settings of all domains. */
export function settingNames({ shared, domains }: Tables = tables): string[] {
  const all = [...shared, ...Object.values(domains)];
  return [...new Set(all.flatMap(({ settings }) => Object.keys(settings)))];
}
