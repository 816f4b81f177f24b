import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPaths, stepName, writeEvaluation, writeRun } from '../../src/run/folder.ts';
import { exampleRun } from '../../src/view/example-records.ts';
import { examplePair, exampleResult } from '../../src/view/example-results.ts';
import { createWorkplace, environment, type Workplace } from '../support/whole-program.ts';
import { findings } from './axe.ts';
import { type Editor, openEditor } from './editor.ts';
import { leave, tellFailure } from './tiny-runs.ts';
import { changeSettings, picture, runCommand, themes, webview } from './window.ts';

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
    editor = await openEditor({ env: environment(place) });
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

  for (const theme of ['contrast', 'light', 'dark'] as const) {
    it(`show their table (${theme})`, async () => {
      const { page } = editor;
      await changeSettings(editor, { 'workbench.colorTheme': themes[theme].name });
      await webview(page).locator(`body.${themes[theme].body}`).waitFor();
      assert.deepEqual(await findings(page), []);
      await picture(page, `runs-${theme}`);
    });
  }
});
