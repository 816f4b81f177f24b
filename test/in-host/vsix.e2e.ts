import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readRun } from '../../src/run/folder.ts';
import { createWorkplace, environment } from '../support/whole-program.ts';
import { openEditor, projectRoot } from './editor.ts';
import { runsOf, settingsOf } from './tiny-runs.ts';
import { notification, startWithDefaults, webview } from './window.ts';

describe('the VSIX, installed into a fresh VS Code with an empty home', function () {
  this.timeout(900_000);

  it('runs the main job with its own Node', async () => {
    execFileSync(process.execPath, [join(projectRoot, 'scripts', 'vsix.mjs')], { stdio: 'pipe' });
    const vsix = join(projectRoot, 'dist-vsix', `self-questioning-${process.platform}-${process.arch}.vsix`);
    const place = await createWorkplace();
    const home = join(place.dir, 'home');
    mkdirSync(home);
    const editor = await openEditor({
      vsix,
      env: { ...environment(place), HOME: home },
      settings: settingsOf(place, 2),
    });
    try {
      const { page } = editor;
      // The window finds its extensions a while after it is shown.
      await page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().waitFor();
      await startWithDefaults(page, place.model);
      await webview(page).locator('h1', { hasText: 'Coding' }).waitFor();
      const [dir = ''] = runsOf(editor);
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
