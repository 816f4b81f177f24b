import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evaluation } from '../../src/protocol/records.ts';
import { runPaths, writeEvaluation } from '../../src/run/folder.ts';
import { exampleRun } from '../../src/view/example-records.ts';
import { type ExampleProblem, examplePair, exampleResult } from '../../src/view/example-results.ts';
import { createWorkplace, environment, selfq, type Workplace } from '../support/whole-program.ts';
import { findings, innerFrame } from './axe.ts';
import { type Editor, openEditor } from './editor.ts';
import { leave } from './tiny-runs.ts';
import {
  acceptQuickInput,
  changeSettings,
  chooseByTyping,
  notification,
  picture,
  quickInput,
  runCommand,
  themes,
  webview,
} from './window.ts';

/** A finished run with these evaluations. */
function writeRun(dir: string, createdAt: string, evaluations: readonly Evaluation[]): void {
  const { run, evals } = runPaths(dir);
  mkdirSync(evals, { recursive: true });
  const config = { domain: 'coding', topic: '', device: 'cpu' };
  writeFileSync(run, JSON.stringify(exampleRun({ state: 'finished', step: 30, steps: 30, createdAt, config })));
  evaluations.forEach((evaluation) => writeEvaluation(dir, evaluation));
}

/** Names as the shipped problems have them, in place of those of the counts. */
function named(problems: readonly ExampleProblem[]): ExampleProblem[] {
  const names = ['count-vowels', 'rotate-list', 'sum-digits', 'merge-ranges', 'is-palindrome', 'flatten', 'chunk'];
  return problems.map((problem, i) => ({ ...problem, id: `functions/${names[i % names.length] ?? ''}-${i + 1}` }));
}

function writeRuns(root: string): void {
  const [greedy, trained] = examplePair({ won: 41, lost: 17, both: 92, neither: 150 }).map(named);
  const [few, more] = examplePair({ won: 30, lost: 26, both: 30, neither: 37 }, 4).map(named);
  assert.ok(greedy && trained && few && more);
  writeRun(join(root, 'first'), '2026-01-04T10:00:00.000Z', [
    exampleResult(greedy),
    exampleResult(trained, { step: 30, precision: 'balanced', time: '2026-01-04T12:00:00.000Z' }),
  ]);
  const programs = { benchmark: 'codeforces-style', time: '2026-01-03T12:00:00.000Z' };
  writeRun(join(root, 'second'), '2026-01-03T10:00:00.000Z', [
    exampleResult(few, programs),
    exampleResult(more, { ...programs, step: 30 }),
  ]);
}

describe('results beside each other', function () {
  this.timeout(600_000);
  let place: Workplace;
  let editor: Editor;

  before(async () => {
    place = await createWorkplace();
    editor = await openEditor({ viewport: { width: 1500, height: 1250 }, env: environment(place) });
    const runs = join(editor.folders.workspace, 'runs');
    writeRuns(runs);
    // Newest: a real run of the tiny model, whose adapter can be evaluated.
    const made = await selfq(place, ['run', '--out', join(runs, 'tiny'), ...place.options({ steps: 1, evalEvery: 0 })])
      .finished;
    assert.equal(made.code, 0, made.stderr);
    await editor.page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
    await editor.page.locator('.monaco-list-row', { hasText: 'finished · 1/1' }).waitFor();
  });
  after(() => leave(editor, place));
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await picture(editor.page, `failed-compare-${this.currentTest.title.replaceAll(/\W+/g, '-').slice(0, 40)}`);
    }
  });

  it('come from the palette in three actions: evaluate, the shipped Codeforces-style set, before and after', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Evaluate on Held-Out Problems');
    await chooseByTyping(page, 'On which problems', 'codeforces-style');
    await acceptQuickInput(page, 'Which model');
    await page.locator('.tab', { hasText: 'Comparison: codeforces-style' }).waitFor();
    const inside = webview(page);
    await inside.getByText(/^No difference can be told: 0\.0, −\d/).waitFor();
    await inside.getByText('123 problems', { exact: true }).waitFor();
    assert.equal(readdirSync(join(editor.storage, 'evaluations')).length, 2);
    await picture(page, 'compare-codeforces-style');
  });

  it('are offered when an adapter alone was evaluated', async () => {
    const { page } = editor;
    await runCommand(page, 'View: Close All Editors');
    await runCommand(page, 'Self-Questioning: Evaluate on Held-Out Problems');
    await chooseByTyping(page, 'On which problems', 'codeforces-style');
    await chooseByTyping(page, 'Which model', 'after step 1');
    await notification(page, /codeforces-style: \d+ of 123 solved/, 'Compare With Before Training');
    await webview(page).locator('.outcome').waitFor();
    await page.locator('.tab', { hasText: 'Comparison: codeforces-style' }).waitFor();
  });

  it('are chosen by command, the second of the same benchmark alone, the one before training first', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Compare Results');
    await picture(page, 'compare-first');
    await chooseByTyping(page, 'Which result?', 'functions · 44');
    const second = quickInput(page, 'Compared with which result on functions').locator('.monaco-list-row');
    await second.first().waitFor();
    await second.first().filter({ hasText: 'functions · 36 %' }).filter({ hasText: 'before training' }).waitFor();
    assert.equal(await second.filter({ hasText: 'codeforces-style' }).count(), 0);
    await acceptQuickInput(page, 'Compared with which result on functions');
    await webview(page).getByText('Better: +8.0 points, 95 % +3.0 to +12.9.').waitFor();
    await webview(page).getByText('precision exact and balanced').waitFor();
  });

  for (const theme of ['contrast', 'light', 'dark'] as const) {
    it(`show the sentence, its interval, what was won and lost, and both answers (${theme})`, async () => {
      const { page } = editor;
      await changeSettings(editor, { 'workbench.colorTheme': themes[theme].name });
      const inside = webview(page);
      await inside.locator(`body.${themes[theme].body}`).waitFor();
      await inside.locator('.sides pre').nth(1).waitFor();
      assert.equal(await inside.locator('.sides pre').count(), 2);
      assert.equal(await inside.locator('.pairs tbody tr').count(), 58);
      assert.deepEqual(await findings(page), []);
      await (await innerFrame(page)).evaluate('scrollTo(0, 0)');
      await picture(page, `compare-${theme}`);
    });
  }

  it('list problems by what became of them, by name and by tag', async () => {
    const inside = webview(editor.page);
    const rows = inside.locator('.pairs tbody tr');
    await inside.getByRole('button', { name: /^Lost/ }).click();
    assert.equal(await rows.count(), 17);
    await inside.getByRole('searchbox').fill('strings');
    assert.equal(await rows.count(), 9);
    await inside.getByRole('searchbox').fill('nothing of that name');
    await inside.getByText('No problem passes the filter.').waitFor();
    await inside.getByRole('searchbox').fill('');
    await inside.getByRole('button', { name: /^All/ }).click();
    assert.equal(await rows.count(), 300);
    await rows.nth(2).getByRole('button').click();
    await inside.locator('.sides').getByText('3, 1').first().waitFor({ state: 'attached' });
    await inside.getByRole('heading', { name: 'functions/sum-digits-3' }).waitFor();
  });

  it('open both answers as a difference, come back as they were, and again after a reload', async () => {
    const { page } = editor;
    await webview(page).getByRole('button', { name: 'Open Difference' }).click();
    await page.locator('.monaco-diff-editor').waitFor();
    await page.locator('.tab', { hasText: 'Comparison: functions' }).click();
    const inside = webview(page);
    await inside.getByRole('heading', { name: 'functions/sum-digits-3' }).waitFor();
    await editor.reload();
    await inside.getByText('Better: +8.0 points').waitFor();
    await inside.getByRole('button', { name: 'Swap A and B' }).click();
    await inside.getByText('Worse: −8.0 points, 95 % −12.9 to −3.0.').waitFor();
  });

  it('of several samples show one pair of answers at a time', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Compare Results');
    await chooseByTyping(page, 'Which result?', '4 samples');
    await quickInput(page, 'Compared with which result').locator('.monaco-list-row').first().waitFor();
    await chooseByTyping(page, 'Compared with which result', '4 samples');
    const inside = webview(page);
    await inside.getByText(/samples would be needed for 2 points/).waitFor();
    await inside.getByRole('button', { name: 'Sample 2' }).click();
    await inside.locator('.sides').getByText(/, 2$/).first().waitFor({ state: 'attached' });
    assert.deepEqual(await findings(page), []);
    await picture(page, 'compare-samples');
  });

  it('fit a narrow editor', async () => {
    const { page } = editor;
    await page.setViewportSize({ width: 760, height: 1400 });
    await page.waitForTimeout(1000);
    const overflow = await (
      await innerFrame(page)
    ).evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    assert.ok(overflow <= 0, `${overflow} pixels stick out`);
    await picture(page, 'compare-narrow');
  });
});
