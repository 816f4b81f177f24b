import assert from 'node:assert/strict';
import { join } from 'node:path';
import { bundledPackages, thirdPartyNotices } from '../scripts/notices.mjs';

describe('notices of third parties', function () {
  this.timeout(60_000);

  it('name every package of the bundles with the text of its licence', async () => {
    const packages = await bundledPackages(join(import.meta.dirname, '..'));
    const names = packages.map(({ name }) => name);
    for (const known of [
      'zod',
      'lit-html',
      'vscode-jsonrpc',
      'hono',
      '@huggingface/jinja',
      'node-inspect-extracted',
      'assert',
    ]) {
      assert.ok(names.includes(known), `${known} is not among ${names.join(', ')}`);
    }
    const text = thirdPartyNotices(packages);
    for (const { name, version, texts } of packages) {
      assert.ok(text.includes(`${name} ${version}`));
      assert.ok(texts.join('').length > 300, name);
    }
  });
});
