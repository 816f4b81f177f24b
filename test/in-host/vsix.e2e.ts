import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readRun } from '../../src/run/folder.ts';
import { createWorkplace, environment } from '../support/whole-program.ts';
import { acceptQuickInput, notification, openEditor, projectRoot, runCommand, webview } from './editor.ts';

describe('the VSIX, installed into a fresh VS Code with an empty home', function () {
  this.timeout(900_000);

  it('runs the main job with its own Node', async () => {
    execFileSync(process.execPath, [join(projectRoot, 'scripts', 'vsix.mjs')], { stdio: 'pipe' });
    const vsix = join(projectRoot, 'dist-vsix', `self-questioning-${process.platform}-${process.arch}.vsix`);
    const place = await createWorkplace();
    const home = join(place.dir, 'home');
    mkdirSync(home);
    const words = place.options().filter((word) => word.includes('='));
    const overrides = Object.fromEntries(
      words
        .map((word): [string, string] => [word.split('=')[0] ?? '', word.split('=')[1] ?? ''])
        .filter(([name]) => name !== 'steps'),
    );
    const editor = await openEditor({
      vsix,
      env: { ...environment(place), HOME: home },
      settings: {
        'selfQuestioning.model': place.model,
        'selfQuestioning.overrides': overrides,
        'selfQuestioning.steps': 2,
      },
    });
    try {
      const { page } = editor;
      // The window finds its extensions a while after it is shown.
      await page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().waitFor();
      await runCommand(page, 'Self-Questioning: Start Self-Questioning');
      for (const question of ['question itself', 'Free text', place.model, 'How large', 'Where should the model']) {
        await acceptQuickInput(page, question);
      }
      await webview(page).locator('h1', { hasText: 'Coding' }).waitFor();
      const runs = join(editor.storage, 'runs');
      const dir = join(runs, readdirSync(runs)[0] ?? '');
      const { pid } = readRun(dir).engine;
      if (existsSync(`/proc/${pid}/exe`)) {
        assert.match(readlinkSync(`/proc/${pid}/exe`), /extensions\/self-questioning[^/]*\/node\/node$/);
      }
      await notification(page, 'all 2 steps are done');
      assert.equal(readRun(dir).state, 'finished');
      assert.ok(readFileSync(join(dir, 'metrics.jsonl'), 'utf8').split('\n').length > 2);
    } finally {
      await editor.close();
      place.remove();
    }
  });
});
