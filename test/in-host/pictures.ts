import { cpSync, mkdirSync, renameSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { BoundaryError } from '../../src/base/errors.ts';
import { defaultModelId } from '../../src/model/catalogue.ts';
import { readRun } from '../../src/run/folder.ts';
import { type Editor, openEditor, projectRoot } from './editor.ts';
import { runsOf } from './tiny-runs.ts';
import { acceptQuickInput, changeSettings, quickInput, runCommand, themes, webview } from './window.ts';

const folder = join(projectRoot, 'media', 'walkthrough');
/** Minutes that the run may take. */
const patience = 60;

async function inThemes(
  editor: Editor,
  name: string,
  shown: (theme: keyof typeof themes) => Promise<void>,
): Promise<void> {
  for (const theme of ['contrast', 'light', 'dark'] as const) {
    await changeSettings(editor, { 'workbench.colorTheme': themes[theme].name });
    await shown(theme);
    await editor.page.screenshot({ path: join(folder, `${name}-${theme}.png`) });
  }
}

const inPage = (editor: Editor) => (theme: keyof typeof themes) =>
  webview(editor.page).locator(`body.${themes[theme].body}`).waitFor();
const anywhere = (): Promise<void> => Promise.resolve();

/** Throws BoundaryError('usage') for a folder whose run is not what the pictures are said to show. */
function assertShowable(dir: string): void {
  const { state, model, config, trainer } = readRun(dir);
  const isReal = model.id === defaultModelId && model.hash !== '' && trainer === undefined;
  if (state !== 'finished' || config['domain'] !== 'coding' || !isReal) {
    throw new BoundaryError(
      'usage',
      `${dir} holds no finished run of ${defaultModelId} on coding, which the pictures show.`,
      'Make one with `selfq run`, or leave --run out: then one is made.',
    );
  }
}

/** The run as if it had been made in this window's workspace: all of its files are there at once. */
function bringRun(dir: string, workspace: string): void {
  const partial = join(workspace, '.runs');
  cpSync(dir, join(partial, basename(dir)), { recursive: true });
  renameSync(partial, join(workspace, 'runs'));
}

async function makeRun(): Promise<void> {
  for (const question of ['Which model should learn', 'How large', 'Where should the model', 'Start it now']) {
    await acceptQuickInput(page, question);
  }
  await webview(page).locator('h1').waitFor();
  const [dir = ''] = runsOf(editor);
  for (let minutes = 0; readRun(dir).state !== 'finished' && minutes < patience; minutes++) {
    await page.waitForTimeout(60_000);
    process.stdout.write(`${readRun(dir).state}, step ${readRun(dir).step} of ${readRun(dir).steps}\n`);
  }
}

async function showRun(dir: string): Promise<void> {
  await page.keyboard.press('Escape');
  bringRun(dir, editor.folders.workspace);
  await page.getByRole('treeitem').filter({ hasText: 'finished' }).waitFor();
  await runCommand(page, 'Self-Questioning: Open Dashboard');
  await webview(page).locator('h1').waitFor();
}

const [first, second] = process.argv.slice(2);
const existing = first === '--run' ? resolve(second ?? '') : undefined;
if (existing !== undefined) {
  assertShowable(existing);
}
mkdirSync(folder, { recursive: true });
const editor = await openEditor({
  viewport: { width: 1240, height: 780 },
  settings: { 'selfQuestioning.steps': existing === undefined ? Number(first ?? 0) : 0 },
});
const { page } = editor;
try {
  await page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
  await runCommand(page, 'Self-Questioning: Doctor');
  await page.locator('.tab', { hasText: 'Preview' }).waitFor();
  await inThemes(editor, 'doctor', anywhere);
  await runCommand(page, 'View: Close All Editors');
  await runCommand(page, 'Self-Questioning: Start Self-Questioning');
  await acceptQuickInput(page, 'question itself');
  await acceptQuickInput(page, 'Free text');
  await quickInput(page, 'Which model should learn').waitFor();
  await inThemes(editor, 'start', anywhere);
  await (existing === undefined ? makeRun() : showRun(existing));
  await inThemes(editor, 'dashboard', inPage(editor));
  await runCommand(page, 'Self-Questioning: Inspect Problems');
  await webview(page).getByRole('tab').first().waitFor();
  await inThemes(editor, 'problem', inPage(editor));
  await runCommand(page, 'Self-Questioning: Open Dashboard');
  await webview(page).getByRole('button', { name: 'Per problem' }).first().click();
  await webview(page).locator('.outcome').waitFor();
  await inThemes(editor, 'benchmark', inPage(editor));
  await runCommand(page, 'Self-Questioning: Open Dashboard');
  await page.setViewportSize({ width: 760, height: 900 });
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(folder, 'dashboard-narrow.png') });
} finally {
  await editor.close();
}
