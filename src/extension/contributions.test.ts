import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findSetting, settingNames } from '../config/tables.ts';
import { extensionPage } from '../../scripts/page.mjs';
import {
  commands,
  contextKeys,
  internalCommands,
  panels,
  settingDeclarations,
  views,
  walkthrough,
} from './contributions.ts';
import type { SettingDeclaration } from './contributions.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const json = (name: string): unknown => JSON.parse(read(name));

interface Manifest {
  main: string;
  activationEvents: string[];
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
  contributes: {
    commands: { command: string; enablement?: string }[];
    configuration: { properties: Record<string, Property> };
    views: Record<string, { id: string; icon: string; size: number }[]>;
    viewsWelcome: { view: string; contents: string; when?: string }[];
    menus: Record<string, { command: string; when?: string }[]>;
    walkthroughs: { id: string; steps: { media: { image: Record<string, string> }; completionEvents: string[] }[] }[];
  };
}
interface Property {
  type: string;
  default: unknown;
  scope: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  markdownDescription: string;
  properties?: Record<string, unknown>;
  additionalProperties?: unknown;
}

const manifest = json('package.json') as Manifest;
const { contributes } = manifest;
const sources = globSync('src/extension/**/*.ts', { cwd: root }).filter((name) => !name.endsWith('.test.ts'));
const sorted = (values: Iterable<string>): string[] => [...values].sort();

describe('the contributions of package.json', () => {
  it('declare exactly the commands of the table', () => {
    assert.deepEqual(sorted(contributes.commands.map(({ command }) => command)), sorted(Object.values(commands)));
  });

  it('are registered, every one, in the sources', () => {
    const code = sources
      .filter((name) => !name.endsWith('contributions.ts'))
      .map(read)
      .join('\n');
    for (const name of Object.keys(commands)) {
      assert.match(code, new RegExp(`\\bcommands\\.${name}\\b`), `${name} is never registered`);
    }
    for (const name of Object.keys(internalCommands)) {
      assert.match(code, new RegExp(`\\binternalCommands\\.${name}\\b`), `${name} is never registered`);
    }
  });

  it('declare exactly the settings of the table, with the same type, default, scope, choices and range', () => {
    const declared = Object.entries<SettingDeclaration>(settingDeclarations).map(([name, setting]) => [
      `selfQuestioning.${name}`,
      setting,
    ]);
    const found = Object.entries(contributes.configuration.properties).map(([name, property]) => [
      name,
      {
        type: property.type === 'integer' ? 'number' : property.type,
        default: property.default,
        scope: property.scope,
        ...(property.enum ? { choices: property.enum } : {}),
        ...(property.minimum === undefined ? {} : { minimum: property.minimum }),
        ...(property.maximum === undefined ? {} : { maximum: property.maximum }),
      },
    ]);
    assert.deepEqual(Object.fromEntries(found), Object.fromEntries(declared));
  });

  it('complete the names of `overrides` with range and meaning, and mark others, for every setting of a run', () => {
    // Domain, model, steps and the like have settings of their own; those of a user's domain are set by choosing it.
    const elsewhere = new Set([...Object.keys(settingDeclarations), 'domainFolder', 'domainName', 'domainHash']);
    const names = settingNames().filter((name) => !elsewhere.has(name));
    const wanted = Object.fromEntries(names.map((name) => [name, schemaOf(findSetting(name))]));
    const overrides = contributes.configuration.properties['selfQuestioning.overrides'];
    assert.equal(overrides?.additionalProperties, false);
    assert.deepEqual(overrides.properties, wanted, `package.json wants ${JSON.stringify(wanted)}`);
  });

  it('offer in a workspace that is not trusted neither what starts something nor a button for it', () => {
    const needTrust = [commands.start, commands.startAgain, commands.moreSteps, commands.evaluate, commands.startQueue];
    const enablementOf = (name: string): string =>
      contributes.commands.find(({ command }) => command === name)?.enablement ?? '';
    assert.deepEqual(needTrust.map(enablementOf), needTrust.map(() => 'isWorkspaceTrusted')); // prettier-ignore
    const texts = json('package.nls.json') as Record<string, string>;
    for (const { contents, when = '' } of contributes.viewsWelcome) {
      const offered = [...(texts[contents.replaceAll('%', '')] ?? '').matchAll(/command:(selfQuestioning\.\w+)/g)];
      const isOffered = offered.some(([, command = '']) => enablementOf(command) !== '');
      assert.ok(!isOffered || /(^|[^!])\bisWorkspaceTrusted/.test(when), contents);
    }
    for (const view of Object.values(views)) {
      assert.ok(contributes.viewsWelcome.some((entry) => entry.view === view && entry.when?.includes('!isWorkspaceTrusted'))); // prettier-ignore
    }
  });

  it('tick a step of the walkthrough when it has come about, and not when its command was called', () => {
    const events = contributes.walkthroughs.flatMap(({ steps }) => steps).flatMap((step) => step.completionEvents);
    assert.deepEqual(events.filter((event) => !event.startsWith('onContext:')), []); // prettier-ignore
  });

  it('keep settings that name programs, paths and models from untrusted workspaces', () => {
    const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    for (const [name, { scope }] of Object.entries(settingDeclarations)) {
      assert.ok(scope !== 'machine' || restricted.includes(`selfQuestioning.${name}`), name);
    }
    assert.ok(restricted.every((name) => name in contributes.configuration.properties));
  });

  it('declare exactly the views of the table', () => {
    const declared = Object.values(contributes.views).flat();
    assert.deepEqual(sorted(declared.map(({ id }) => id)), sorted(Object.values(views)));
    assert.ok(declared.every(({ icon }) => existsSync(join(root, icon))));
  });

  it('welcome in every view', () => {
    assert.deepEqual(sorted(new Set(contributes.viewsWelcome.map(({ view }) => view))), sorted(Object.values(views)));
  });

  it('name in menus only commands, views and context keys that exist', () => {
    const known = new Set<string>([...Object.values(commands), ...Object.values(views), ...Object.values(contextKeys)]);
    const texts = [...Object.values(contributes.menus).flat(), ...contributes.viewsWelcome];
    for (const entry of texts) {
      const names =
        `${'command' in entry ? entry.command : ''} ${entry.when ?? ''}`.match(/selfQuestioning\.\w+/g) ?? [];
      assert.deepEqual(names.filter((name) => !known.has(name)), []); // prettier-ignore
    }
  });

  it('wake the extension for every kind of panel that a window restores', () => {
    for (const panel of Object.values(panels)) {
      assert.ok(manifest.activationEvents.includes(`onWebviewPanel:${panel}`));
    }
  });

  it('walk through four to six steps with pictures that exist', () => {
    const [tour] = contributes.walkthroughs;
    assert.equal(tour?.id, walkthrough);
    assert.ok(tour.steps.length >= 4 && tour.steps.length <= 6);
    for (const { completionEvents } of tour.steps) {
      const known = [
        ...Object.values(commands).map((name) => `onCommand:${name}`),
        ...Object.values(contextKeys).map((key) => `onContext:${key}`),
      ];
      assert.ok(completionEvents.every((event) => known.includes(event)));
    }
  });
});

/** What the editor of settings.json completes and checks of a setting of a run. */
function schemaOf(setting: ReturnType<typeof findSetting>): object {
  assert.ok(setting);
  const { kind, unit, description } = setting;
  const words = unit === undefined ? description : `${description} (${unit})`;
  switch (kind.type) {
    case 'choice':
      return { type: 'string', enum: kind.choices, description: words };
    case 'text':
      return { type: 'string', description: words };
    case 'integer':
    case 'real':
      return {
        type: kind.type === 'integer' ? 'integer' : 'number',
        ...{ minimum: kind.minimum, maximum: kind.maximum, description: words },
      };
  }
}

describe('texts', () => {
  const english = json('package.nls.json') as Record<string, string>;
  const japanese = json('package.nls.ja.json') as Record<string, string>;
  const bundle = json('l10n/bundle.l10n.ja.json') as Record<string, string>;
  const placeholders = (text: string): string[] => sorted(new Set(text.match(/\{\d\}/g) ?? []));

  it('of the manifest exist in both languages and are all used', () => {
    const used = [...read('package.json').matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key ?? '');
    assert.deepEqual(sorted(Object.keys(english)), sorted(new Set(used)));
    assert.deepEqual(sorted(Object.keys(japanese)), sorted(Object.keys(english)));
  });

  it('of the extension and its pages are translated, each with its placeholders, and none is unused', () => {
    const pages = globSync(['webview/**/*.ts', 'src/view/**/*.ts'], { cwd: root });
    const found = [...sources, ...pages.filter((name) => !name.endsWith('.test.ts'))].flatMap((name) =>
      textsOf(read(name)),
    );
    assert.ok(found.length > 150, `only ${found.length} texts found`);
    assert.deepEqual(sorted(new Set(found)).filter((text) => !(text in bundle)), []); // prettier-ignore
    assert.deepEqual(Object.keys(bundle).filter((text) => !found.includes(text)), []); // prettier-ignore
    for (const [text, translation] of Object.entries(bundle)) {
      assert.deepEqual(placeholders(translation), placeholders(text), text);
      assert.ok(translation.trim() !== '');
    }
  });
});

/** Literals handed to `vscode.l10n.t(…)` and to the pages' `t(…)`. */
function textsOf(code: string): string[] {
  const call = /(?:l10n\.|[^\w.])t\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g;
  return [...code.matchAll(call)].map(([, single, double]) => (single ?? double ?? '').replaceAll(/\\(.)/g, '$1'));
}

describe('the page of the extension', () => {
  const page = read('docs/extension.md');

  it('links to nothing that a VSIX does not hold, and asks for no clone', () => {
    // Pictures are shown where the repository is known: test/release.test.ts.
    assert.deepEqual([...extensionPage(page, undefined).matchAll(/\]\((?!https:)[^)]*\)/g)].flat(), []);
    assert.doesNotMatch(page, /\bnpm\b|\.md\b/);
    assert.match(read('scripts/vsix.mjs'), /'docs', 'extension\.md'/);
  });

  it('names commands by the words that the palette has', () => {
    const titles = Object.values(json('package.nls.json') as Record<string, string>);
    const named = [...page.matchAll(/\*\*(?:Self-Questioning: )?([^*]+)\*\*/g)].map((match) => match[1] ?? '');
    assert.ok(named.length >= 5);
    assert.deepEqual(
      named.filter((name) => !titles.some((title) => title.startsWith(name))),
      [],
    );
  });
});
