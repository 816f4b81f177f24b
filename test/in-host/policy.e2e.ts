import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { readPreferences } from '../../src/run/preferences.ts';
import { createWorkplace, environment, selfq, type Workplace } from '../support/whole-program.ts';
import { findings, innerFrame } from './axe.ts';
import { type Editor, openEditor } from './editor.ts';
import { leave, tellFailure, until } from './tiny-runs.ts';
import {
  changeSettings,
  chooseByTyping,
  notification,
  picture,
  quickInput,
  runAndChoose,
  runCommand,
  themes,
  webview,
} from './window.ts';

/** Processes that serve the run of a folder, or a base model. */
function servers(path: string): number[] {
  return execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('--owned') && line.includes(path))
    .map((line) => Number.parseInt(line, 10));
}

describe('the trained model in the editor', function () {
  this.timeout(600_000);
  let place: Workplace;
  let editor: Editor;
  let dir: string;

  before(async () => {
    place = await createWorkplace({ fillsGaps: true });
    editor = await openEditor({ env: environment(place) });
    dir = join(editor.folders.workspace, 'runs', 'taught');
    const { code, stderr } = await selfq(place, ['run', ...place.options({ steps: 1 }), '--out', dir]).finished;
    assert.equal(code, 0, stderr);
    // A command that comes before the extension is there is answered by a dialog that waits.
    const { page } = editor;
    await page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
    await page.locator('.monaco-list-row', { hasText: 'Coding' }).first().waitFor();
    await runCommand(page, 'View: Show Explorer');
  });
  afterEach(function () {
    return tellFailure(this.currentTest, editor);
  });
  after(() => leave(editor, place));

  const statusItem = (page: Page) => page.locator('.statusbar-item[id$="selfQuestioning.model"]');
  const answers = () => webview(editor.page).locator('.sides pre');

  it('is taken into use by command, and the status bar says so', async () => {
    const { page } = editor;
    await runAndChoose(page, 'Self-Questioning: Use This Model', 'Which model should answer', 'after step 1');
    await notification(page, /is in use: it is in the list of chat models/);
    await statusItem(page).filter({ hasText: 'Coding' }).waitFor();
    assert.equal(servers(dir).length, 1);
    await statusItem(page).locator('a').click();
    await quickInput(page, 'Coding').getByText('Use the Base Model Instead').waitFor();
    await picture(page, 'use-menu');
    await page.keyboard.press('Escape');
  });

  it('answers beside the base model, as it writes', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Try the Model');
    const inside = webview(page);
    await inside.getByRole('textbox').fill('Write a function that adds numbers.');
    await inside.getByRole('textbox').press('Control+Enter');
    await inside.getByRole('heading', { name: 'Which is better?' }).waitFor();
    assert.equal(await answers().count(), 2);
    assert.match(await answers().first().innerText(), /function solve/);
    await inside.locator('.sides').getByText('before training').waitFor();
    await inside.locator('.sides').getByText('after step 1').waitFor();
  });

  it('answers a problem, is judged by its tests, and a blind choice is kept in the folder of the run', async () => {
    const { page } = editor;
    const inside = webview(page);
    await inside.getByRole('checkbox').check();
    await inside.getByRole('button', { name: 'Choose a Problem' }).click();
    await quickInput(page, 'Which problem, or of which benchmark').waitFor();
    await picture(page, 'try-choose');
    await chooseByTyping(page, 'Which problem, or of which benchmark', 'step 1');
    await inside.getByText('Both answers are run against its tests').waitFor();
    await inside.getByRole('spinbutton').fill('1');
    await inside.getByRole('spinbutton').press('Tab');
    await inside.getByRole('button', { name: 'Ask both' }).click();
    await inside.getByRole('heading', { name: 'Which is better?' }).waitFor();
    assert.equal(await inside.getByText(/\d+ of \d+ tests passed/).count(), 2);
    assert.equal(await inside.locator('.sides').getByText('before training').count(), 0);
    await inside.getByRole('button', { name: 'B is better' }).click();
    await inside.getByText('Kept in preferences.jsonl').waitFor();
    await inside.locator('.sides').getByText('before training').waitFor();
    const [kept, ...more] = readPreferences(dir);
    assert.deepEqual(more, []);
    assert.ok(kept?.blind && kept.base.verdict && kept.trained.verdict && kept.prefill?.includes('solve('));
    assert.equal(kept.preferred, kept.left === 'base' ? 'trained' : 'base');
  });

  for (const theme of ['contrast', 'light', 'dark'] as const) {
    it(`shows both answers, their tests and the choice (${theme})`, async () => {
      const { page } = editor;
      await changeSettings(editor, { 'workbench.colorTheme': themes[theme].name });
      await webview(page).locator(`body.${themes[theme].body}`).waitFor();
      assert.deepEqual(await findings(page), []);
      await picture(page, `try-${theme}`);
    });
  }

  it('keeps question, answers and choice over a reload, and asks again', async () => {
    await editor.reload();
    const inside = webview(editor.page);
    await inside.getByText('Kept in preferences.jsonl').waitFor();
    assert.equal(await answers().count(), 2);
    await statusItem(editor.page).waitFor();
    await inside.getByRole('button', { name: 'Ask again' }).click();
    await inside.getByRole('button', { name: 'Both alike', pressed: false }).waitFor();
    await inside.getByRole('button', { name: 'Both alike' }).click();
    await until('the second choice', () => readPreferences(dir).length === 2);
  });

  it('is started again after its process was killed, which is said', async () => {
    const { page } = editor;
    servers(dir).forEach((pid) => process.kill(pid, 'SIGKILL'));
    await notification(page, 'The process of the model ended unexpectedly.');
    assert.deepEqual(servers(dir), []);
    await webview(page).getByRole('button', { name: 'Ask again' }).click();
    await webview(page).getByRole('button', { name: 'Both alike', pressed: false }).waitFor();
    assert.equal(servers(dir).length, 1);
  });

  it('is stopped by a button', async () => {
    const inside = webview(editor.page);
    servers(dir).forEach((pid) => process.kill(pid, 'SIGSTOP'));
    await inside.getByRole('button', { name: 'Ask again' }).click();
    await inside.getByRole('button', { name: 'Stop' }).click();
    await inside.locator('.sides').getByText('stopped').nth(1).waitFor();
    servers(dir).forEach((pid) => process.kill(pid, 'SIGCONT'));
    assert.equal(await inside.getByRole('heading', { name: 'Which is better?' }).count(), 0);
  });

  it('says that a question is too long for it', async () => {
    const inside = webview(editor.page);
    await inside.getByRole('button', { name: 'Own Prompt' }).click();
    await inside.getByRole('textbox').fill('long '.repeat(2000));
    await inside.getByRole('button', { name: 'Ask both' }).click();
    await inside.getByRole('alert').filter({ hasText: 'does not fit' }).nth(1).waitFor();
    await picture(editor.page, 'try-too-long');
    await inside.getByRole('textbox').fill('Short.');
    await inside.getByRole('button', { name: 'Ask again' }).click();
    await inside.getByRole('heading', { name: 'Which is better?' }).waitFor();
  });

  it('fits a narrow editor', async () => {
    const { page } = editor;
    await page.setViewportSize({ width: 640, height: 1000 });
    await page.waitForTimeout(1000);
    const overflow = await (
      await innerFrame(page)
    ).evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    assert.ok(overflow <= 0, `${overflow} pixels stick out`);
    await picture(page, 'try-narrow');
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('completes at the cursor, once that is turned on', async () => {
    const { page } = editor;
    const file = join(editor.folders.workspace, 'sum.js');
    writeFileSync(file, 'function count(nums) {\n  return\n}\n');
    await runCommand(page, 'View: Close All Editors');
    await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'sum.js' }).dblclick();
    await page.locator('.monaco-editor .view-line', { hasText: 'return' }).click();
    await page.keyboard.press('End');
    await page.keyboard.type(' ');
    await page.waitForTimeout(2000);
    const completed = page.locator('.monaco-editor .view-line', { hasText: 'nums.length' });
    assert.equal(await completed.count(), 0);
    await changeSettings(editor, { 'selfQuestioning.inlineCompletion': true });
    await page.keyboard.press('Backspace');
    await page.keyboard.type(' ');
    await completed.waitFor();
    await picture(page, 'completion');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Control+S');
    await until('the completion is in the file', () => readFileSync(file, 'utf8').includes('return  nums.length;\n}'));
  });

  it('is said to be gone with its run, whose base model then answers in its place', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Try the Model');
    const trial = page.locator('.tab', { hasText: 'Try the Model' });
    await trial.waitFor();
    await runCommand(page, 'Self-Questioning: Delete Run');
    await page.locator('.monaco-dialog-box').getByRole('button', { name: 'Delete' }).click();
    await statusItem(page).getByRole('button', { name: 'The run whose model is in use is gone' }).waitFor();
    await until('no process serves it', () => servers(dir).length === 0);
    await trial.waitFor({ state: 'detached' });
    // Before anything is typed: the click takes the focus from the editor, which ends what it has asked for.
    await page.locator('.statusbar-item[id="status.notifications"] a').first().click();
    await page.locator('.notifications-center.visible').waitFor();
    await page.locator('.monaco-editor .view-line').last().click();
    await page.keyboard.type('\n  const a =');
    await notification(page, 'The run whose model is in use is gone');
    await statusItem(page).locator('a').click();
    await picture(page, 'use-gone');
    await chooseByTyping(page, 'taught', 'Use the Base Model Instead');
    const item = statusItem(page).getByRole('button', { name: 'base model, before training' });
    await item.and(page.getByRole('button', { name: 'It is loaded.' })).waitFor();
    assert.equal(servers(place.model).length, 1);
    await runCommand(page, 'Self-Questioning: Stop Using the Model');
    await statusItem(page).waitFor({ state: 'detached' });
    await until('no process is left', () => servers(place.model).length === 0);
  });
});
