import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Editor, openEditor } from './editor.ts';
import { picture, runCommand, webview } from './window.ts';

/** Three steps of two ranks of verl, as `npm test -- scale` leaves them. */
const recorded = resolve(import.meta.dirname, '..', 'golden', 'run-verl');

describe('a run of the trainer on verl, in a real window', function () {
  this.timeout(600_000);
  let editor: Editor;

  before(async () => {
    editor = await openEditor({ viewport: { width: 1500, height: 1100 } });
    cpSync(recorded, join(editor.folders.workspace, 'runs', 'verl'), { recursive: true });
    await editor.reload();
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await picture(editor.page, 'failed-verl');
    }
  });

  it('is listed and opened in the dashboard like any other', async () => {
    const { page } = editor;
    await page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
    await page.locator('.monaco-list-row', { hasText: '3/3' }).waitFor();
    await runCommand(page, 'Self-Questioning: Open Dashboard');
    const inside = webview(page);
    await inside.locator('#reward-summary', { hasText: '→' }).waitFor();
    await picture(page, 'verl-dashboard');
    assert.ok((await inside.locator('.card').count()) > 4);
    await inside.locator('header', { hasText: 'verl 0.9.1' }).waitFor();
    await inside.locator('vscode-button', { hasText: 'Export…' }).waitFor();
    assert.equal(
      await inside.locator('vscode-button', { hasText: 'More steps…' }).count(),
      0,
      'that is for its trainer to do',
    );
  });
});
