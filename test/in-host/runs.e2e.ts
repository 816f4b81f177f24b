import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPaths, stepName, writeEvaluation, writeRun } from '../../src/run/folder.ts';
import { readNotes } from '../../src/run/notes.ts';
import { exampleRun } from '../../src/view/example-records.ts';
import { examplePair, exampleResult } from '../../src/view/example-results.ts';
import { createWorkplace, environment, type Workplace } from '../support/whole-program.ts';
import { findings, innerFrame } from './axe.ts';
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
  themes,
  webview,
} from './window.ts';

const models = ['qwen2.5-coder-0.5b', 'qwen2.5-coder-1.5b', 'smollm2-135m'];
const topics = ['arrays of integers', '', 'strings', 'binary trees', ''];

/** Finished runs of several fields and models, each with results before and after, and checkpoints. */
function writeRuns(root: string): void {
  for (const [i, topic] of topics.entries()) {
    const dir = join(root, `run-${i}`);
    const { evals, checkpoints } = runPaths(dir);
    mkdirSync(evals, { recursive: true });
    for (const step of [0, 10, 18, 19, 20]) {
      mkdirSync(join(checkpoints, stepName(step)), { recursive: true });
      writeFileSync(join(checkpoints, stepName(step), 'state.json'), '{}');
      writeFileSync(join(checkpoints, stepName(step), 'adapter_model.safetensors'), Buffer.alloc((i + 1) * 1_000_000));
    }
    const model = models[i % models.length] ?? '';
    const [before, after] = examplePair({ won: 5 + 12 * i, lost: 12, both: 30, neither: 60 });
    const config = { domain: i % 2 === 0 ? 'coding' : 'arithmetic', topic, device: 'cpu', model };
    writeRun(
      dir,
      exampleRun({
        ...{ id: `run-${i}`, state: 'finished', step: 20, steps: 20, config },
        ...{ createdAt: `2026-02-0${i + 1}T10:00:00.000Z`, model: { id: model, path: '', hash: '' } },
      }),
    );
    writeEvaluation(dir, exampleResult(before));
    writeEvaluation(dir, exampleResult(after, { step: 20 }));
  }
}

describe('the runs of a person', function () {
  this.timeout(600_000);
  let place: Workplace;
  let editor: Editor;

  before(async () => {
    place = await createWorkplace();
    editor = await openEditor({ env: environment(place), settings: settingsOf(place, 60) });
    writeRuns(join(editor.folders.workspace, 'runs'));
    await editor.page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
    await editor.page.locator('.monaco-list-row', { hasText: 'binary trees' }).waitFor();
  });
  after(() => leave(editor, place));
  afterEach(function () {
    return tellFailure(this.currentTest, editor);
  });

  const rows = () => webview(editor.page).locator('table.runs tbody tr');

  it('are in a table, newest first, that is sorted by any column', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Table of Runs');
    const inside = webview(page);
    await inside.getByRole('heading', { name: 'Runs' }).waitFor();
    assert.equal(await rows().count(), topics.length);
    assert.match(await rows().first().innerText(), /2\/5\/26/);
    await inside.getByRole('button', { name: 'disk' }).click();
    assert.match(await rows().first().innerText(), /25 MB/);
    await inside.getByRole('button', { name: 'disk' }).click();
    assert.match(await rows().first().innerText(), /5 MB/);
    await inside.getByRole('button', { name: 'held-out problems' }).click();
    assert.match(await rows().first().innerText(), /\d+ % → \d+ % \(\+\d/);
    await inside.getByRole('searchbox').fill('smol');
    assert.equal(await rows().count(), 1);
    await inside.getByRole('searchbox').fill('');
  });

  it('get tags and notes, which the table shows', async () => {
    const { page } = editor;
    const inside = webview(page);
    const more = inside.getByRole('button', { name: /^Actions for .*binary trees/ });
    for (const [action, question, words] of [
      ['Edit Tags', 'Separated by commas', 'night, keep'],
      ['Edit Note', 'Edit Note', 'twice the steps of the first'],
    ] as const) {
      await more.click();
      await chooseByTyping(page, 'binary trees', action);
      await quickInput(page, question).locator('input').fill(words);
      await page.keyboard.press('Enter');
      await rows()
        .filter({ hasText: words.split(',')[0] ?? '' })
        .waitFor();
    }
    const dir = join(editor.folders.workspace, 'runs', 'run-3');
    assert.deepEqual(readNotes(dir), { tags: ['night', 'keep'], note: 'twice the steps of the first' });
  });

  for (const theme of ['contrast', 'light', 'dark'] as const) {
    it(`show their table (${theme})`, async () => {
      const { page } = editor;
      await changeSettings(editor, { 'workbench.colorTheme': themes[theme].name });
      await webview(page).locator(`body.${themes[theme].body}`).waitFor();
      assert.deepEqual(await findings(page), []);
      await picture(page, `runs-${theme}`);
    });
  }

  it('fit a narrow editor, where the table is scrolled', async () => {
    const { page } = editor;
    await page.setViewportSize({ width: 700, height: 800 });
    await page.waitForTimeout(1000);
    const overflow = await (
      await innerFrame(page)
    ).evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    assert.ok(overflow <= 0, `${overflow} pixels stick out`);
    await picture(page, 'runs-narrow');
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('keep the order of the table over a reload, and give up old checkpoints when that is confirmed', async () => {
    await editor.reload();
    const { page } = editor;
    const inside = webview(page);
    await inside.locator('th[aria-sort]', { hasText: 'held-out problems' }).waitFor();
    await inside.getByRole('button', { name: /^Actions for .*binary trees/ }).click();
    await chooseByTyping(page, 'binary trees', 'Remove Old Checkpoints');
    const dialog = page.locator('.monaco-dialog-box', { hasText: 'Remove 4 checkpoints' });
    await dialog.getByRole('button', { name: 'Remove' }).click();
    const { checkpoints } = runPaths(join(editor.folders.workspace, 'runs', 'run-3'));
    await until('the checkpoints are gone', () => readdirSync(checkpoints).length === 1);
    await rows().filter({ hasText: /4 MB/ }).first().waitFor();
  });

  it('are queued by the last question of the start, and taken out again', async () => {
    const { page } = editor;
    await startWithDefaults(page, place.model);
    await until('the first run begins', () => runsOf(editor).length === 1);
    await runCommand(page, 'Self-Questioning: Start Self-Questioning');
    for (const question of ['question itself', 'Free text', place.model, 'How large', 'Where should the model']) {
      await acceptQuickInput(page, question);
    }
    await quickInput(page, 'Start it now').getByText('It starts when those before it have ended: 1.').waitFor();
    await picture(page, 'start-queue');
    await chooseByTyping(page, 'Start it now', 'Add to Queue');
    await notification(page, 'The run is in the queue');
    const queued = page.locator('.monaco-list-row', { hasText: 'in the queue' });
    await queued.waitFor();
    await picture(page, 'queue');
    await queued.hover();
    await queued.locator('[aria-label^="Take a Run out of the Queue"]').click();
    await queued.waitFor({ state: 'detached' });
    assert.deepEqual(readdirSync(join(place.dir, 'cache', 'queue')), []);
  });

  it('wait for their hours, and say so', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Stop Run');
    await page.locator('.monaco-list-row', { hasText: 'stopped' }).first().waitFor();
    const now = new Date();
    const hour = (offset: number): string => String((now.getHours() + offset) % 24).padStart(2, '0');
    const runWhen = `${hour(2)}:00-${hour(3)}:00`;
    await changeSettings(editor, { 'selfQuestioning.runWhen': runWhen });
    await startWithDefaults(page, place.model);
    await page.locator('.monaco-list-row', { hasText: `paused: outside of ${runWhen}` }).waitFor();
    await webview(page)
      .locator('.pill', { hasText: `paused: outside of ${runWhen}` })
      .waitFor();
    await picture(page, 'held');
    await webview(page).getByRole('button', { name: 'Resume' }).click();
    await webview(page).locator('.pill', { hasText: 'running' }).waitFor();
    assert.ok(existsSync(runsOf(editor)[1] ?? ''));
  });
});
