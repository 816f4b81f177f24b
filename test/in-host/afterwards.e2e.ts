import assert from 'node:assert/strict';
import { readRun } from '../../src/run/folder.ts';
import { createWorkplace, environment, type Workplace } from '../support/whole-program.ts';
import { innerFrame } from './axe.ts';
import { type Editor, openEditor } from './editor.ts';
import { leave, runsOf, settingsOf, tellFailure, until } from './tiny-runs.ts';
import { notification, picture, quickInput, runCommand, startWithDefaults, webview } from './window.ts';

describe('what a person does with a finished run, in a real window', function () {
  this.timeout(600_000);
  let place: Workplace;
  let editor: Editor;
  let dir: string;

  before(async () => {
    place = await createWorkplace();
    editor = await openEditor({ env: environment(place), settings: settingsOf(place, 2) });
    await editor.page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
    await editor.page.locator('.welcome-view', { hasText: 'Start Self-Questioning' }).first().waitFor();
    await startWithDefaults(editor.page, place.model);
    await until('the run is finished', () => {
      [dir = ''] = runsOf(editor);
      return dir !== '' && readRun(dir).state === 'finished';
    });
  });
  after(() => leave(editor, place));
  afterEach(async function () {
    await tellFailure(this.currentTest, editor);
  });

  it('fits its figures into cards that fill every row, at one, two and three columns', async () => {
    const { page } = editor;
    await webview(page).locator('.row .card').first().waitFor();
    for (const width of [760, 1280, 1920]) {
      await page.setViewportSize({ width, height: 1400 });
      await page.waitForTimeout(1000);
      await picture(page, `dashboard-${width}`);
      const frame = await innerFrame(page);
      assert.deepEqual(await frame.evaluate<string[]>(misplaced), [], `${width} pixels wide`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('is reported by a document that holds versions and no path', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: Write Issue Report');
    const text = page.locator('.editor-instance:visible .view-lines').first();
    await text.getByText('Issue report').waitFor();
    await until('the versions are there', async () => /VS.Code.*\d+\.\d+/.test(await text.innerText()));
    assert.ok(!(await text.innerText()).includes(editor.folders.data));
  });

  it('has a folder that is shown by its path where the editor runs in a browser', async () => {
    await runCommand(editor.page, 'Self-Questioning: Reveal Run Folder');
    await notification(editor.page, dir, 'Copy Path');
  });

  it('says at once that it will pause, though its engine does not answer yet', async () => {
    const { page } = editor;
    await runCommand(page, 'Self-Questioning: More Steps for a Finished Run');
    await quickInput(page, 'Up to which step').waitFor();
    await quickInput(page, 'Up to which step').locator('input').first().fill('50000');
    await page.keyboard.press('Enter');
    await until('further steps', () => readRun(dir).state === 'running' && readRun(dir).step > 2);
    const { pid } = readRun(dir).engine;
    process.kill(pid, 'SIGSTOP');
    try {
      await runCommand(page, 'Self-Questioning: Pause Run');
      await page.locator('.monaco-list-row', { hasText: /pausing · \d+\/50000/ }).waitFor();
      await picture(page, 'pausing');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('paused', () => readRun(dir).state === 'paused');
    await runCommand(page, 'Self-Questioning: Stop Run');
    await until('stopped', () => readRun(dir).state === 'stopped');
  });
});

/** Runs in the page: what sticks out of its card, and rows of the grid that end before the grid does. */
const misplaced = `(() => {
  const faults = [];
  for (const grid of document.querySelectorAll('.grid:not(.small), .row')) {
    const edge = grid.getBoundingClientRect().right;
    const ends = new Map();
    for (const card of grid.querySelectorAll(':scope > *')) {
      const box = card.getBoundingClientRect();
      const row = Math.round(box.top);
      ends.set(row, Math.max(ends.get(row) ?? 0, box.right));
      for (const inner of card.querySelectorAll('*')) {
        const { right, width } = inner.getBoundingClientRect();
        if (width > 0 && right > box.right + 1) {
          faults.push((inner.textContent || inner.tagName).trim().slice(0, 60) + ' sticks out by ' + (right - box.right));
        }
      }
    }
    for (const [row, end] of ends) {
      if (end < edge - 2) {
        faults.push('the row at ' + row + ' ends ' + (edge - end) + ' pixels early');
      }
    }
  }
  return faults;
})()`;
