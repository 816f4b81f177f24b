import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { integer, type Setting } from '../base/setting.ts';
import { resolveConfig } from '../config/resolve.ts';
import { sectionsOf, settingNames } from '../config/tables.ts';
import { loadRequestOf } from '../engine/load-request.ts';
import { runtimeSettings } from '../runtime/settings.ts';
import { settingsData, settingsText } from './settings-text.ts';

const root = resolve(import.meta.dirname, '../..');

describe('the list of settings', () => {
  it('has a table for each owner, that of the domain last, with every setting once', () => {
    for (const domain of ['coding', 'arithmetic', 'algebra']) {
      const listed = settingsText(domain);
      const owners = [...listed.matchAll(/^([\w -]+)\n\nsetting /gm)].map(([, owner]) => owner);
      assert.deepEqual(owners, ['run', 'self-play', 'runtime', 'sandbox', `only ${domain}`]);
      for (const name of sectionsOf(domain).flatMap(({ settings }) => Object.keys(settings))) {
        assert.equal([...listed.matchAll(new RegExp(`^${name} `, 'gm'))].length, 1, name);
      }
    }
    const text = settingsText('coding');
    assert.match(text, /^steps +6 +60 +100 +steps +Steps of self-play\.$/m);
    assert.match(text, /^testsMode +executed +executed +written +executed \| written /m);
    assert.throws(() => settingsText('codng'), { boundary: 'usage', remedy: /"coding"/ });
  });

  it('is the same as data', () => {
    const names = settingsData('algebra').map((row) => ('name' in row ? row.name : undefined));
    assert.deepEqual(names, sectionsOf('algebra').flatMap(({ settings }) => Object.keys(settings))); // prettier-ignore
    const steps = settingsData('coding').find((row) => 'name' in row && row.name === 'steps');
    assert.partialDeepStrictEqual(steps, { owner: 'self-play', unit: 'steps', defaults: { quick: 6, laptop: 60 } });
  });

  it('grows by one row, which reaches the configuration and the runtime process', () => {
    const rows: Record<string, Setting> = runtimeSettings;
    rows['toy'] = { kind: integer(1, 9), unit: 'toys', description: 'A toy.', default: { quick: 2, paper: 3 } };
    try {
      assert.match(settingsText('coding'), /^toy +2 +2 +3 +toys +A toy\.$/m);
      const config = resolveConfig('quick', { toy: '5' });
      assert.deepEqual(Object.entries(config).filter(([name]) => name === 'toy'), [['toy', 5]]); // prettier-ignore
      const request = loadRequestOf(config, { modelPath: 'model', cacheDir: 'cache' });
      assert.deepEqual(Object.entries(request).filter(([name]) => name === 'toy'), [['toy', 5]]); // prettier-ignore
      assert.throws(() => resolveConfig('quick', { toy: 10 }), { remedy: /from 1 to 9 \(toys\)/ });
    } finally {
      delete rows['toy'];
    }
  });

  it('knows every setting that documents and messages tell people to set', () => {
    const documents = ['*.md', 'docs/performance.md', 'package.nls*.json', 'l10n/*.json', '{src,bench}/**/*.ts'];
    const texts = globSync(documents, { cwd: root }).map((name) => readFileSync(join(root, name), 'utf8'));
    const named = texts.flatMap((text) => [...text.matchAll(/--set ([a-z]\w*)=/gi)].map(([, name]) => name ?? ''));
    assert.ok(named.length > 5, `${named.length} found`);
    const known = [...settingNames(), 'key', 'KEY', 'NAME'];
    assert.deepEqual([...new Set(named)].filter((name) => !known.includes(name)), []); // prettier-ignore
  });
});
