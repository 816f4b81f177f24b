import assert from 'node:assert/strict';
import { type Editor, openEditor, picture, runCommand } from './editor.ts';

describe('the extension in a real window', function () {
  this.timeout(120_000);
  let editor: Editor;

  before(async () => {
    editor = await openEditor();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await picture(editor.page, 'failed');
    }
  });
  after(() => editor.close());

  it('offers its start in the empty view of runs', async () => {
    const { page } = editor;
    await page.locator('.activitybar [aria-label="Self-Questioning"]').first().click();
    await page.getByRole('button', { name: 'Start Self-Questioning' }).first().waitFor();
    await picture(page, 'empty');
    await runCommand(page, 'Self-Questioning: Start Self-Questioning');
    await page.locator('.quick-input-widget:visible').waitFor();
    await page.waitForTimeout(500);
    await picture(page, 'start');
    assert.ok(true);
  });
});
