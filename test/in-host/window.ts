import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import type { Editor } from './editor.ts';

/** Milliseconds to wait for anything in the window: machines of continuous integration are slow and shared. */
export const patience = 180_000;

/** Name in the settings, and the class that pages get. */
export const themes = {
  dark: { name: 'Default Dark Modern', body: 'vscode-dark' },
  light: { name: 'Default Light Modern', body: 'vscode-light' },
  contrast: { name: 'Default High Contrast', body: 'vscode-high-contrast' },
};

/** Changes machine settings while the window is open; it hears of them from a watcher. */
export async function changeSettings(
  { folders, page }: Editor,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  const path = join(folders.data, 'data', 'Machine', 'settings.json');
  const settings = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...settings, ...change }));
  await page.waitForTimeout(3000);
}

/** Opens the command palette and runs a command by typing its title, as a person does. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await typeCommand(page, title);
  await page.keyboard.press('Enter');
}

/** Opens the command palette with the command chosen, and leaves Enter to the caller. */
export async function typeCommand(page: Page, title: string): Promise<void> {
  const end = Date.now() + patience;
  const timeout = 5000;
  const input = page.locator('.quick-input-widget:visible input').first();
  const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
  for (;;) {
    try {
      await page.keyboard.press('F1');
      await input.fill(`>${title}`, { timeout });
      await row.waitFor({ timeout });
      return;
    } catch (error) {
      // A window that is not ready misses keys, and a palette lists what was known when it opened: it is asked again.
      if (Date.now() > end) {
        throw new Error(`The palette has no command ${title}.`, { cause: error });
      }
      await page.keyboard.press('Escape');
    }
  }
}

/** Through the questions of the start, keeping every default; `model` is what the list of models begins with. */
export async function startWithDefaults(page: Page, model: string): Promise<void> {
  await runCommand(page, 'Self-Questioning: Start Self-Questioning');
  for (const question of [
    'question itself',
    'Free text',
    model,
    'How large',
    'Where should the model',
    'Start it now',
  ]) {
    await acceptQuickInput(page, question);
  }
}

/** Accepts what a quick pick or input box offers, once it shows `text` (its placeholder, prompt or a row). */
export async function acceptQuickInput(page: Page, text: string): Promise<void> {
  const widget = quickInput(page, text);
  await widget.waitFor();
  const list = widget.locator('.quick-input-list');
  if (await list.isVisible()) {
    await list.locator('.monaco-list-row.focused').first().waitFor();
  }
  // By the field and not by the keyboard alone: a page that has just come up may have taken the focus.
  await widget.locator('input.input').first().press('Enter');
}

/** Filters the choices of a question by typing, and takes the first. */
export async function chooseByTyping(page: Page, question: string, words: string, timeout = patience): Promise<void> {
  const widget = quickInput(page, question);
  const input = widget.locator('input.input').first();
  await input.fill(words, { timeout });
  // Rows are filtered a moment later: Enter would take what was first before.
  await widget.locator('.monaco-list-row').first().filter({ hasText: words }).waitFor({ timeout });
  await input.press('Enter', { timeout });
}

/** Runs a command that asks `question`, and answers by typing. */
export async function runAndChoose(page: Page, command: string, question: string, words: string): Promise<void> {
  const end = Date.now() + patience;
  for (;;) {
    await runCommand(page, command);
    try {
      await chooseByTyping(page, question, words, 10_000);
      return;
    } catch (error) {
      // A page that comes up beside it takes the focus, and the question with it.
      if (Date.now() > end) {
        throw error;
      }
      await page.keyboard.press('Escape');
    }
  }
}

/** Chooses `item` from the context menu of `row`, until `shown` is there. */
export async function chooseFromMenu(page: Page, row: Locator, item: string, shown: Locator): Promise<void> {
  const end = Date.now() + patience;
  const timeout = 10_000;
  for (;;) {
    try {
      await row.click({ button: 'right', timeout });
      // A menu hears no button that is released within 100 ms after it came up.
      await page.getByRole('menuitem', { name: item }).click({ timeout, delay: 200 });
      await shown.waitFor({ timeout });
      return;
    } catch (error) {
      // A tree that is drawn again meanwhile takes its menu away, or no longer knows the row that it was opened for.
      if (Date.now() > end) {
        throw error;
      }
      await page.keyboard.press('Escape');
    }
  }
}

export function quickInput(page: Page, text: string): Locator {
  const widget = page.locator('.quick-input-widget:visible');
  return widget
    .filter({ has: page.locator(`input[placeholder*=${JSON.stringify(text)}]`) })
    .or(widget.filter({ hasText: text }));
}

/** The inside of the visible webview. */
export function webview(page: Page): FrameLocator {
  return page.frameLocator('iframe.webview.ready:visible').frameLocator('#active-frame');
}

/** Waits for a notification with this text, presses its button when one is named, and closes their center again. */
export async function notification(page: Page, text: RegExp | string, button?: string): Promise<void> {
  const center = page.locator('.notifications-center.visible');
  const item = center.locator('.notification-list-item', { hasText: text }).first();
  const bell = page.locator('.statusbar-item[id="status.notifications"] a').first();
  const end = Date.now() + patience;
  while (!(await item.isVisible())) {
    if (Date.now() > end) {
      throw new Error(
        `No notification came with ${String(text)}. There are: ${(await center.allInnerTexts()).join('; ')}`,
      );
    }
    if (!(await center.isVisible())) {
      await bell.click();
    }
    await page.waitForTimeout(300);
  }
  if (button !== undefined) {
    await item.getByRole('button', { name: button }).click();
  }
  if (await center.isVisible()) {
    await bell.click();
  }
}

/** A picture for those who look at them: only where SELFQ_SCREENSHOTS names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['SELFQ_SCREENSHOTS'];
  if (folder) {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`) });
  }
}
