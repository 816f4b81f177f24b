import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleMetrics, exampleRun } from '../../src/view/example-records.ts';
import { runPaths } from '../../src/run/folder.ts';
import { type Editor, openEditor } from './editor.ts';
import { until } from './tiny-runs.ts';
import {
  changeSettings,
  notification,
  picture,
  quickInput,
  runAndChoose,
  runCommand,
  startWithDefaults,
  webview,
} from './window.ts';

describe('bad input and faults, in a real window', function () {
  this.timeout(600_000);
  let editor: Editor;

  before(async () => {
    editor = await openEditor();
    const runs = join(editor.folders.workspace, 'runs');
    for (const name of ['newer', 'torn', 'dead']) {
      mkdirSync(join(runs, name), { recursive: true });
    }
    writeFileSync(runPaths(join(runs, 'newer')).run, JSON.stringify({ ...exampleRun(), version: 99 }));
    writeFileSync(
      runPaths(join(runs, 'torn')).run,
      JSON.stringify(exampleRun({ state: 'finished', step: 2, steps: 2 })),
    );
    const metrics = [1, 2].map((step) => JSON.stringify(exampleMetrics(step))).join('\n');
    writeFileSync(runPaths(join(runs, 'torn')).metrics, `${metrics}\n{"step":3,"solv`);
    writeFileSync(runPaths(join(runs, 'dead')).run, JSON.stringify(exampleRun({ state: 'running', step: 1 })));
    await editor.reload();
    await editor.page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await picture(editor.page, `failed-faults-${this.currentTest.title.replaceAll(/\W+/g, '-').slice(0, 40)}`);
    }
  });

  it('lists a run folder of a newer version as one that cannot be read', async () => {
    await editor.page.locator('.monaco-list-row', { hasText: 'newer' }).getByText('cannot be read').waitFor();
  });

  it('tells a run whose engine is gone from one that goes on', async () => {
    await editor.page.locator('.monaco-list-row', { hasText: 'interrupted · 1/6' }).waitFor();
    assert.equal(await editor.page.locator('.statusbar-item', { hasText: '/6' }).count(), 0);
  });

  it('shows what is whole of a run with a torn file', async () => {
    const { page } = editor;
    await page.locator('.monaco-list-row', { hasText: 'finished · 2/2' }).click();
    await webview(page).locator('#reward-summary', { hasText: 'solver 0.4 → 0.4' }).waitFor();
    await webview(page).getByText('This run has no records of its steps.').waitFor();
  });

  it('saves the values of a chart where the person says, and says that it did', async () => {
    const { page, folders } = editor;
    const card = webview(page).locator('sq-figure', { has: page.locator('#reward-heading') });
    await card.locator('summary', { hasText: 'Data' }).click();
    await card.getByRole('button', { name: 'Save as CSV' }).click();
    const path = page.locator('.quick-input-widget:visible input').first();
    await until('a file is proposed', async () => (await path.inputValue()).endsWith('reward.csv'));
    await page.keyboard.press('Enter');
    await notification(page, 'Saved reward.csv.');
    assert.match(readFileSync(join(folders.workspace, 'reward.csv'), 'utf8'), /^step,/);
  });

  it('says of a run without steps that there is nothing to search', async () => {
    const { page } = editor;
    await page.locator('.monaco-list-row', { hasText: 'interrupted · 1/6' }).click();
    await runCommand(page, 'Self-Questioning: Search Problems');
    await notification(page, /has no problems yet\. They appear when the first step is finished/);
  });

  it('renames a run, and deletes one when that is confirmed', async () => {
    const { page, folders } = editor;
    const torn = join(folders.workspace, 'runs', 'torn');
    await runAndChoose(page, 'Self-Questioning: Rename Run', 'Choose a run', 'finished');
    await quickInput(page, 'Rename Run').waitFor();
    await page.keyboard.type('No longer needed');
    await page.keyboard.press('Enter');
    await page.getByRole('treeitem', { name: /^No longer needed/ }).waitFor();
    await runAndChoose(page, 'Self-Questioning: Delete Run', 'Choose a run', 'No longer');
    const dialog = page.locator('.monaco-dialog-box', { hasText: 'Delete the run "No longer needed"' });
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    assert.ok(existsSync(torn));
    await runAndChoose(page, 'Self-Questioning: Delete Run', 'Choose a run', 'No longer');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('treeitem', { name: /^No longer needed/ }).waitFor({ state: 'detached' });
    assert.ok(!existsSync(torn));
  });

  it('says where a model is missing and how to choose another', async () => {
    await changeSettings(editor, { 'selfQuestioning.model': '/nowhere/model.gguf' });
    await startWithDefaults(editor.page, '/nowhere/model.gguf');
    await notification(editor.page, /There is no model at \/nowhere\/model\.gguf\. Choose another/);
  });

  it('says that the folder for runs cannot be made, and which setting to change', async () => {
    const file = join(editor.folders.workspace, 'file');
    writeFileSync(file, '');
    await changeSettings(editor, { 'selfQuestioning.model': '', 'selfQuestioning.runsFolder': join(file, 'runs') });
    await startWithDefaults(editor.page, 'Which model should learn');
    await notification(editor.page, /cannot be made.*selfQuestioning\.runsFolder/);
  });

  it('says that a folder below /proc cannot be made, and goes on', async () => {
    await changeSettings(editor, { 'selfQuestioning.runsFolder': '/proc/nowhere/runs' });
    await startWithDefaults(editor.page, 'Which model should learn');
    await notification(editor.page, /The folder for runs \/proc\/nowhere\/runs cannot be made/);
    await editor.page.locator('.monaco-list-row', { hasText: 'interrupted · 1/6' }).waitFor();
  });

  it('checks the machine although the chosen Node is not there, and says so among what it found', async () => {
    const { page } = editor;
    await changeSettings(editor, { 'selfQuestioning.runsFolder': '', 'selfQuestioning.nodePath': '/nowhere/node' });
    await runCommand(page, 'Self-Questioning: Doctor');
    const report = webview(page);
    await report.getByText('There is no Node at /nowhere/node').waitFor();
    await report.getByText('isolated-vm sandbox').waitFor();
    await picture(page, 'doctor-wrong-node');
    await runCommand(page, 'Self-Questioning: Evaluate on Held-Out Problems');
    await notification(page, /There is no Node at \/nowhere\/node/);
  });
});

describe('a workspace that is not trusted', function () {
  this.timeout(300_000);

  it('shows runs, and starts none', async () => {
    const editor = await openEditor({
      askForTrust: true,
      settings: { 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.enabled': true },
    });
    try {
      const { page } = editor;
      await page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
      const welcome = page.locator('.welcome-view', { hasText: 'trusted workspaces only' });
      await until('every view says so', async () => (await welcome.count()) === 3);
      await picture(page, 'untrusted');
      assert.equal(await page.locator('.welcome-view').getByText('Start Self-Questioning').count(), 0);
      await page.keyboard.press('F1');
      const input = page.locator('.quick-input-widget:visible input').first();
      const offered = (title: string) => page.locator('.quick-input-list .monaco-list-row', { hasText: title });
      await input.fill('>Self-Questioning: Doctor');
      await offered('Doctor: Check This Machine').waitFor();
      await input.fill('>Self-Questioning: Start Self-Questioning');
      // The palette filters a moment later, and then lists similar commands as well.
      await page.waitForTimeout(2000);
      assert.equal(await offered(': Start Self-Questioning').count(), 0);
      await page.keyboard.press('Escape');
    } finally {
      await editor.close();
    }
  });
});
