import { defaultIn, presets, type Setting } from '../base/setting.ts';
import { domainOf } from '../config/resolve.ts';
import { sectionsOf, tables } from '../config/tables.ts';
import { table } from './terminal.ts';

/** Every setting of a run of `domain` for a person, a table for each owner. Throws for an unknown domain. */
export function settingsText(domain: string): string {
  const head = [...['setting', ...presets], 'unit or choices', 'meaning'];
  const name = domainOf(tables, domain);
  return sectionsOf(name)
    .map(({ owner, settings }) => {
      const rows = Object.entries(settings).map(([setting, row]) => [setting, ...describe(row)]);
      return `${owner === name ? `only ${owner}` : owner}\n\n${table([head, ...rows])}`;
    })
    .join('\n\n');
}

/** The same as data. */
export function settingsData(domain: string): object[] {
  return sectionsOf(domainOf(tables, domain)).flatMap(({ owner, settings }) =>
    Object.entries(settings).map(([name, { default: value, ...setting }]: [string, Setting]) => ({
      ...{ owner, name, ...setting },
      defaults: Object.fromEntries(presets.map((preset) => [preset, defaultIn(preset, value)])),
    })),
  );
}

function describe(setting: Setting): string[] {
  const { kind, unit = '', description, source } = setting;
  return [
    ...presets.map((preset) => String(defaultIn(preset, setting.default))),
    kind.type === 'choice' ? kind.choices.join(' | ') : unit,
    source === undefined ? description : `${description} (${source})`,
  ];
}
