import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPaths, stepName, writeEvaluation, writeRun } from '../../src/run/folder.ts';
import { readNotes } from '../../src/run/notes.ts';
import { exampleRun } from '../../src/view/example-records.ts';
import { examplePair, exampleResult } from '../../src/view/example-results.ts';
import { createWorkplace, environment, selfq, type Workplace } from '../support/whole-program.ts';
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
/** More than a test waits for. */
const endless = 1000;
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
    editor = await openEditor({ env: environment(place), settings: settingsOf(place, endless) });
    writeRuns(join(editor.folders.workspace, 'runs'));
    await editor.page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
    await editor.page.locator('.monaco-list-row', { hasText: 'binary trees' }).waitFor();
  });
  after(() => leave(editor, place));
  afterEach(function () {
    return tellFailure(this.currentTest, editor);
  });

  const rows = () => webview(editor.page).locator('table.runs tbody tr');
  /** Chooses what is to be done with the one run whose name has these words. */
  const act = async (words: string, action: string) => {
    await webview(editor.page)
      .getByRole('button', { name: new RegExp(`^Actions for .*${words}`) })
      .click();
    await chooseByTyping(editor.page, words, action);
  };
  const listed = (words: string) => editor.page.getByRole('treeitem').filter({ hasText: words });

  it('are in a table, newest first, that is sorted by any column and stays so behind another page', async () => {
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
    await inside.getByRole('button', { name: /^Coding · strings/ }).click();
    await inside.locator('.pill', { hasText: 'finished' }).waitFor();
    await runCommand(page, 'Self-Questioning: Table of Runs');
    await inside.locator('th[aria-sort="descending"]', { hasText: 'held-out problems' }).waitFor();
  });

  it('get tags and a note, which the table shows, also after a reload', async () => {
    for (const [action, question, words] of [
      ['Edit Tags', 'Separated by commas', 'night, keep'],
      ['Edit Note', 'What to remember', 'twice the steps of the first'],
    ] as const) {
      await act('binary trees', action);
      const input = quickInput(editor.page, question).locator('input.input');
      await input.fill(words);
      await input.press('Enter');
      await rows()
        .filter({ hasText: words.split(',')[0] ?? '' })
        .waitFor();
    }
    const dir = join(editor.folders.workspace, 'runs', 'run-3');
    assert.deepEqual(readNotes(dir), { tags: ['night', 'keep'], note: 'twice the steps of the first' });
    await editor.reload();
    const inside = webview(editor.page);
    await inside.getByRole('heading', { name: 'Runs' }).waitFor();
    await inside.getByRole('searchbox').fill('night');
    await until('the tag is searched for', async () => (await rows().count()) === 1);
    assert.match(await rows().innerText(), /binary trees.*night\s+keep.*twice the steps of the first/s);
    await inside.getByRole('searchbox').fill('');
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
    const measure = async (what: string) => (await innerFrame(page)).evaluate<number>(what);
    await until('the page is narrow', async () => (await measure('innerWidth')) < 700);
    const overflow = await measure('document.documentElement.scrollWidth - innerWidth');
    assert.ok(overflow <= 0, `${overflow} pixels stick out`);
    await picture(page, 'runs-narrow');
    await webview(page)
      .getByRole('button', { name: /^Actions for .*binary trees/ })
      .scrollIntoViewIfNeeded();
    await picture(page, 'runs-narrow-scrolled');
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('give up old checkpoints, and are deleted, when that is confirmed', async () => {
    const { page } = editor;
    const root = join(editor.folders.workspace, 'runs');
    await act('binary trees', 'Remove Old Checkpoints');
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.filter({ hasText: 'Remove 4 checkpoints' }).getByRole('button', { name: 'Remove' }).click();
    await rows()
      .filter({ hasText: /binary trees.*\b4 MB/s })
      .waitFor();
    assert.deepEqual(readdirSync(runPaths(join(root, 'run-3')).checkpoints), [stepName(20)]);
    await act('strings', 'Delete Run');
    await dialog.filter({ hasText: 'Delete the run' }).getByRole('button', { name: 'Delete' }).click();
    await webview(page).getByText('4 runs').waitFor();
    assert.equal(await rows().filter({ hasText: 'strings' }).count(), 0);
    assert.ok(!existsSync(join(root, 'run-2')));
  });

  it('wait for their hours and for each other, which is said, until a person starts or stops them', async () => {
    const { page } = editor;
    const hour = (offset: number): string => String((new Date().getHours() + offset) % 24).padStart(2, '0');
    const runWhen = `${hour(2)}:00-${hour(3)}:00`;
    const waits = `waits for its hours, ${runWhen}`;
    const pill = (words: string) => webview(page).locator('.pill', { hasText: words });
    await changeSettings(editor, { 'selfQuestioning.runWhen': runWhen });
    await startWithDefaults(page, place.model);
    await listed(waits).waitFor();
    await pill(waits).waitFor();
    // It has done nothing, and no step is in progress.
    const done = `0 of ${endless} steps done`;
    await webview(page).locator('header', { hasText: done }).waitFor();
    await listed(waits)
      .filter({ hasText: `0/${endless}` })
      .waitFor();
    const item = page.locator('.statusbar-item[id$="selfQuestioning.run"]');
    await item.getByRole('button', { name: `${waits}, ${done}` }).waitFor();
    await picture(page, 'waits');
    const [dir = ''] = runsOf(editor);
    const told = await selfq(place, ['status', dir]).finished;
    assert.match(told.stdout, new RegExp(`: ${waits}, ${done}\n`));

    await runCommand(page, 'Self-Questioning: Start Self-Questioning');
    for (const question of ['question itself', 'Free text', place.model, 'How large', 'Where should the model']) {
      await acceptQuickInput(page, question);
    }
    await quickInput(page, 'Start it now').getByText('It starts when those before it have ended: 1.').waitFor();
    await picture(page, 'start-queue');
    await chooseByTyping(page, 'Start it now', 'Add to Queue');
    await notification(page, 'The run is in the queue');
    await listed('waits for the run before it').waitFor();
    const out = join(editor.storage, 'runs', 'from-a-terminal');
    const queued = await selfq(place, ['run', ...place.options(), '--queue', '--out', out]).finished;
    assert.equal(queued.code, 0, queued.stderr);
    await listed('waits for the run before it').nth(1).waitFor();
    await picture(page, 'queue');
    await listed('waits for the run before it').nth(1).hover();
    await listed('waits for the run before it').nth(1).locator('[aria-label^="Take a Run out of the Queue"]').click();
    await listed('waits for the run before it').nth(1).waitFor({ state: 'detached' });

    await webview(page).getByRole('button', { name: 'Resume' }).click();
    await pill('running').waitFor();
    await webview(page).getByRole('button', { name: 'Stop' }).click();
    await pill('stopped').waitFor();
    await listed(waits).waitFor();
    assert.equal(await listed('waits for the run before it').count(), 0);
    assert.equal(runsOf(editor).length, 2);
    await runCommand(page, 'Self-Questioning: Stop Run');
    await listed('stopped').nth(1).waitFor();
    await until('the queue is empty', () => readdirSync(join(place.dir, 'cache', 'queue')).length === 0);
  });
});
