import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEvaluations, readRun } from '../../src/run/folder.ts';
import { createWorkplace, environment, type Workplace } from '../support/whole-program.ts';
import { type Editor, openEditor } from './editor.ts';
import { leave, runsOf, settingsOf, tellFailure, until } from './tiny-runs.ts';
import {
  acceptQuickInput,
  changeSettings,
  chooseByTyping,
  notification,
  picture,
  quickInput,
  runCommand,
  startWithDefaults,
  webview,
} from './window.ts';

describe('a run in a real window, with the real engine, sandbox and a tiny model', function () {
  this.timeout(600_000);
  let place: Workplace;
  let editor: Editor;
  let dir: string;

  before(async () => {
    place = await createWorkplace();
    editor = await openEditor({
      env: environment(place),
      settings: settingsOf(place, 3),
    });
  });
  after(() => leave(editor, place));
  afterEach(async function () {
    await tellFailure(this.currentTest, editor);
  });

  it('begins in an empty view that says what to do', async () => {
    const { page } = editor;
    await page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
    await page.locator('.welcome-view', { hasText: 'Start Self-Questioning' }).first().waitFor();
    await picture(page, 'empty');
  });

  it('starts from the command palette by typing a topic, with Back, and keeping the other defaults', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Start Self-Questioning');
    await acceptQuickInput(page, 'question itself');
    await quickInput(page, 'Free text').waitFor();
    await page.keyboard.type('arrays of integers');
    await page.keyboard.press('Enter');
    await quickInput(page, 'Which model should learn').waitFor();
    await picture(page, 'start-model');
    await page.locator('.quick-input-widget:visible [aria-label^="Back"]').first().click();
    await acceptQuickInput(page, 'Free text');
    await acceptQuickInput(page, place.model);
    await acceptQuickInput(page, 'How large');
    await acceptQuickInput(page, 'Where should the model run');
    await quickInput(page, 'No measurement of this machine').waitFor();
    await acceptQuickInput(page, 'Start it now');
    await webview(page).locator('h1', { hasText: 'Coding' }).waitFor();
    [dir = ''] = runsOf(editor);
    assert.equal(readRun(dir).config['topic'], 'arrays of integers');
  });

  it('shows progress while it comes, and the end', async () => {
    const { page } = editor;
    const inside = webview(page);
    await notification(page, 'all 3 steps are done');
    await inside.locator('.pill', { hasText: 'finished' }).waitFor();
    await inside.locator('header', { hasText: 'step 3 of 3' }).waitFor();
    await inside.locator('.feed tbody tr').first().waitFor();
    assert.match(await inside.locator('#reward-summary').innerText(), /solver .* → .*proposer/);
    assert.match(
      await inside.locator('#held-out-functions-test-summary').innerText(),
      /6 problems of functions \(test\)/,
    );
    await picture(page, 'dashboard');
  });

  it('lists the run with its state and result', async () => {
    const row = editor.page.locator('.monaco-list-row', { hasText: 'finished · 3/3' });
    await row.waitFor();
  });

  it('shows a problem with its tests, answers and verdicts', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Inspect Problems');
    const inside = webview(page);
    await inside.getByText('Tests against the answers').waitFor();
    await inside.getByRole('tab').first().waitFor();
    assert.equal(await inside.getByRole('tab').count(), 4);
    await picture(page, 'problem');
  });

  it('opens an answer, and the difference of two, as documents', async () => {
    const { page } = editor;
    await webview(page)
      .getByRole('button', { name: /^Diff with/ })
      .click();
    await page.locator('.tab', { hasText: '↔' }).waitFor();
    await page.locator('.monaco-diff-editor').waitFor();
  });

  it('lets a person solve a problem, judged by the real sandbox', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Solve a Problem Yourself');
    await acceptQuickInput(page, 'step 3');
    await page.locator('.tab', { hasText: 'solution.js' }).waitFor();
    await page.locator('.codelens-decoration a', { hasText: 'Run tests' }).click();
    await page.locator('.activitybar a[aria-label^="Testing"]').first().click();
    await page.locator('.test-explorer .monaco-list-row .codicon-testing-failed-icon').first().waitFor();
    await picture(page, 'solve');
  });

  it('starts again like last time in one action', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Start Again Like Last Time');
    await until('a second run', () => runsOf(editor).length === 2);
    const again = runsOf(editor).at(-1) ?? '';
    await until('the second run ended', () => readRun(again).state === 'finished');
    assert.deepEqual(readRun(again).config, readRun(dir).config);
  });

  it('is found again in mid-run after a reload of the window', async () => {
    const { page } = editor;
    await changeSettings(editor, { 'selfQuestioning.steps': 500 });
    await startWithDefaults(page, place.model);
    await until('a third run', () => runsOf(editor).length === 3);
    dir = runsOf(editor).at(-1) ?? '';
    await page.locator('.statusbar-item', { hasText: /\d\/500/ }).waitFor();
    await editor.reload();
    await page.locator('.statusbar-item', { hasText: /\d\/500/ }).waitFor();
    await page.locator('.tab', { hasText: 'Coding' }).first().waitFor();
    assert.doesNotThrow(() => process.kill(readRun(dir).engine.pid, 0));
  });

  it('pauses, goes on, stops from the palette with what was finished, and resumes', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Pause Run');
    await until('paused', () => readRun(dir).state === 'paused');
    await runCommand(page, 'Self-Questioning: Resume Run');
    await until('running again', () => readRun(dir).state === 'running');
    await runCommand(page, 'Self-Questioning: Stop Run');
    await until('stopped', () => readRun(dir).state === 'stopped');
    const { step } = readRun(dir);
    await runCommand(page, 'Self-Questioning: Resume Run');
    await until('a further step', () => readRun(dir).state === 'running' && readRun(dir).step > step);
  });

  it('says so once when an engine was killed, and goes on from there', async () => {
    const { page } = editor;
    const { step, engine } = readRun(dir);
    process.kill(engine.pid, 'SIGKILL');
    await notification(page, 'ended unexpectedly', 'Resume');
    await until('a further step', () => readRun(dir).engine.pid !== engine.pid && readRun(dir).step > step);
    await runCommand(page, 'Self-Questioning: Stop Run');
    await until('stopped', () => readRun(dir).state === 'stopped');
  });

  it('evaluates before and after and shows both beside each other', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Evaluate on Held-Out Problems');
    await acceptQuickInput(page, 'On which problems');
    await acceptQuickInput(page, 'Which model');
    await page.locator('.tab', { hasText: 'Comparison:' }).waitFor();
    assert.equal(readdirSync(join(editor.storage, 'evaluations')).length, 2);
    assert.ok(readEvaluations(dir).length >= 2);
    await webview(page).locator('.outcome').waitFor();
    await webview(page).getByText('heldout/').first().waitFor();
    await picture(page, 'evaluation');
  });

  it('exports the data set', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Export');
    await chooseByTyping(page, 'Export as', 'dataset');
    const path = page.locator('.quick-input-widget:visible input').first();
    await until('a file is proposed', async () => (await path.inputValue()).endsWith('dataset.jsonl'));
    await page.keyboard.press('Enter');
    await notification(page, 'Exported to');
    const written = runsOf(editor).map((run) => join(run, 'export', 'dataset.jsonl'));
    const lines = readFileSync(written.find((file) => existsSync(file)) ?? '', 'utf8')
      .trim()
      .split('\n');
    assert.ok(lines.every((line) => 'problem' in (JSON.parse(line) as object)));
  });
});
