import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { readMetrics, readRun } from '../../src/run/folder.ts';
import { createWorkplace, environment, type Workplace } from '../support/whole-program.ts';
import { type Editor, openEditor } from './editor.ts';
import { leave, runsOf, settingsOf, tellFailure, until } from './tiny-runs.ts';
import {
  changeSettings,
  notification,
  picture,
  runCommand,
  startWithDefaults,
  typeCommand,
  webview,
} from './window.ts';

describe('faults of a run in a real window', function () {
  this.timeout(600_000);
  let place: Workplace;
  let editor: Editor;
  let other: Page;
  let dir: string;

  before(async () => {
    place = await createWorkplace();
    // A palette stays open while the other window is used.
    const settings = { ...settingsOf(place, 50_000), 'workbench.quickOpen.closeOnFocusLost': false };
    editor = await openEditor({ env: environment(place), settings });
    await startWithDefaults(editor.page, place.model);
    await webview(editor.page).locator('h1', { hasText: 'Coding' }).waitFor();
    [dir = ''] = runsOf(editor);
    other = await editor.openWindow();
    await other.locator('.statusbar-item', { hasText: /\d\/50000/ }).waitFor();
  });
  after(() => leave(editor, place));
  afterEach(async function () {
    await tellFailure(this.currentTest, editor);
    if (this.currentTest?.state === 'failed') {
      await picture(other, 'failed-other-window');
    }
  });

  it('lets a second window pause and stop the run, and the first one sees it', async () => {
    const { page } = editor;
    await runCommand(other, 'Self-Questioning: Pause Run');
    await page.locator('.statusbar-item[id*="selfQuestioning"] .codicon-debug-pause').waitFor();
    await runCommand(other, 'Self-Questioning: Stop Run');
    await until('stopped', () => readRun(dir).state === 'stopped');
    await webview(page).locator('.pill', { hasText: 'stopped' }).waitFor();
  });

  it('is resumed by one of two windows; the other one is told that nothing is left to resume', async () => {
    const { page } = editor;
    await typeCommand(other, 'Self-Questioning: Resume Run');
    await runCommand(page, 'Self-Questioning: Resume Run');
    await until('running again', () => readRun(dir).state === 'running');
    const { pid } = readRun(dir).engine;
    await other.locator('.statusbar-item', { hasText: /\d\/50000/ }).waitFor();
    await other.keyboard.press('Enter');
    await notification(other, /There is no run to do this with|already/);
    assert.equal(readRun(dir).engine.pid, pid);
    assert.doesNotThrow(() => process.kill(pid, 0));
  });

  it('says that a living engine cannot be reached when its socket is gone, and how to end it', async () => {
    const { engine } = readRun(dir);
    rmSync(engine.socket);
    await editor.reload();
    await runCommand(editor.page, 'Self-Questioning: Stop Run');
    await notification(editor.page, new RegExp(`process ${engine.pid}.* cannot be reached`));
    process.kill(engine.pid, 'SIGTERM');
    await until('stopped', () => readRun(dir).state === 'stopped');
  });

  it('says which model is missing when its files were deleted under a run, and goes on when they are back', async () => {
    const { page } = editor;
    const { step } = readRun(dir);
    renameSync(place.model, `${place.model}-away`);
    await runCommand(page, 'Self-Questioning: Resume Run');
    await notification(page, `There is no model "${place.model}"`);
    assert.equal(readRun(dir).step, step);
    renameSync(`${place.model}-away`, place.model);
    await runCommand(page, 'Self-Questioning: Resume Run');
    await until('a further step', () => readRun(dir).state === 'running' && readRun(dir).step > step);
  });

  it('ends with the window that started its engine where the setting says so', async () => {
    await changeSettings(editor, { 'selfQuestioning.whenWindowCloses': 'stop' });
    await editor.reload();
    await until('stopped', () => readRun(dir).state === 'stopped');
  });
});

describe('a disk that is full, in a real window', function () {
  this.timeout(600_000);

  before(function () {
    try {
      execFileSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt'], { stdio: 'ignore' });
    } catch {
      process.stderr.write('    skipped: a small file system needs Linux with user namespaces\n');
      this.skip();
    }
  });

  it('stops the run with what is finished, and Resume goes on when there is room', async () => {
    const place = await createWorkplace();
    const editor = await openEditor({
      env: environment(place),
      settings: settingsOf(place, 3),
      smallDisk: 1_600_000,
    });
    const { page } = editor;
    const filler = join(editor.folders.disk, 'filler');
    try {
      // What it leaves holds the beginning of a run, but not all of it.
      writeFileSync(filler, Buffer.alloc(1_300_000));
      mkdirSync(join(editor.folders.disk, 'runs'));
      await startWithDefaults(page, place.model);
      await notification(page, /disk is full/);
      const [dir = ''] = runsOf({ storage: editor.folders.disk });
      assert.equal(readRun(dir).state, 'failed');
      const finished = readMetrics(dir).length;
      rmSync(filler);
      await notification(page, /disk is full/, 'Resume');
      await notification(page, 'all 3 steps are done');
      assert.ok(finished < 3);
      assert.deepEqual(
        readMetrics(dir).map(({ step }) => step),
        [1, 2, 3],
      );
    } finally {
      await editor.close();
      place.remove();
    }
  });
});
