import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRun } from '../../src/run/folder.ts';
import { type Editor, acceptQuickInput, openEditor, projectRoot, quickInput, runCommand, webview } from './editor.ts';

const folder = join(projectRoot, 'media', 'walkthrough');
const themes = { dark: 'Default Dark Modern', light: 'Default Light Modern', contrast: 'Default High Contrast' };
const bodies = { dark: 'vscode-dark', light: 'vscode-light', contrast: 'vscode-high-contrast' };

/** Minutes that the run may take. */
const patience = 60;

async function inThemes(
  editor: Editor,
  name: string,
  shown: (theme: keyof typeof themes) => Promise<void>,
): Promise<void> {
  const path = join(editor.folders.data, 'data', 'Machine', 'settings.json');
  for (const theme of ['contrast', 'light', 'dark'] as const) {
    const settings = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...settings, 'workbench.colorTheme': themes[theme] }));
    await editor.page.waitForTimeout(2500);
    await shown(theme);
    await editor.page.screenshot({ path: join(folder, `${name}-${theme}.png`) });
  }
}

const inPage = (editor: Editor) => (theme: keyof typeof themes) =>
  webview(editor.page).locator(`body.${bodies[theme]}`).waitFor();
const anywhere = (): Promise<void> => Promise.resolve();

mkdirSync(folder, { recursive: true });
const editor = await openEditor({
  viewport: { width: 1240, height: 780 },
  settings: { 'selfQuestioning.steps': Number(process.argv[2] ?? 0) },
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
  for (const question of ['Which model should learn', 'How large', 'Where should the model']) {
    await acceptQuickInput(page, question);
  }
  await webview(page).locator('h1').waitFor();
  const runs = join(editor.storage, 'runs');
  const dir = join(runs, readdirSync(runs)[0] ?? '');
  for (let minutes = 0; readRun(dir).state !== 'finished' && minutes < patience; minutes++) {
    await page.waitForTimeout(60_000);
    process.stdout.write(`${readRun(dir).state}, step ${readRun(dir).step} of ${readRun(dir).steps}\n`);
  }
  await inThemes(editor, 'dashboard', inPage(editor));
  await runCommand(page, 'Self-Questioning: Inspect Problems');
  await webview(page).getByRole('tab').first().waitFor();
  await inThemes(editor, 'problem', inPage(editor));
  await runCommand(page, 'Self-Questioning: Open Dashboard');
  await webview(page).getByRole('button', { name: 'Per problem' }).click();
  await page.locator('.tab', { hasText: 'Preview' }).waitFor();
  await inThemes(editor, 'benchmark', anywhere);
  await runCommand(page, 'Self-Questioning: Open Dashboard');
  await page.setViewportSize({ width: 760, height: 900 });
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(folder, 'dashboard-narrow.png') });
} finally {
  await editor.close();
}
