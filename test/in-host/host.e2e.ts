import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createWorkplace, environment } from '../support/whole-program.ts';
import { bundleHostTests } from './host/bundle.mjs';
import { openEditor, projectRoot } from './editor.ts';

describe('the extension host', function () {
  this.timeout(300_000);

  it('passes the tests that run inside it', async () => {
    await bundleHostTests();
    const entry = join(projectRoot, 'dist', 'in-host', 'index.cjs');
    const place = await createWorkplace();
    const { model, overrides } = place;
    const env = { ...environment(place), SELFQ_TEST_START: JSON.stringify({ model, overrides }) };
    const editor = await openEditor({ hostTests: entry, env });
    try {
      assert.equal(await editor.hostExit, 0);
    } finally {
      await editor.close();
      place.remove();
    }
  });
});
