import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Frame, Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The document inside the visible webview. */
export async function innerFrame(page: Page): Promise<Frame> {
  const handle = await page.frameLocator('iframe.webview.ready:visible').locator('#active-frame').elementHandle();
  const frame = await handle.contentFrame();
  assert.ok(frame);
  return frame;
}

/** What axe finds wrong in the visible webview. */
export async function findings(page: Page): Promise<string[]> {
  const frame = await innerFrame(page);
  await frame.evaluate(source);
  const results = await frame.evaluate<AxeResults>('axe.run()');
  assert.ok(results.passes.length > 10, 'axe looked at nothing');
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}
