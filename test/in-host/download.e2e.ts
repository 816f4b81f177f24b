import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { readRun } from '../../src/run/folder.ts';
import { type HubServer, startHub } from '../support/hub-server.ts';
import { createWorkplace, environment, type Workplace } from '../support/whole-program.ts';
import { type Editor, openEditor } from './editor.ts';
import { leave, runsOf, settingsOf, until } from './tiny-runs.ts';
import { acceptQuickInput, chooseByTyping, notification, picture, quickInput, runCommand, webview } from './window.ts';

/** Through the questions of the start, with a model of the hub by its name. */
async function startWithModelOfTheHub(page: Page, name: string): Promise<void> {
  await runCommand(page, 'Self-Questioning: Start Self-Questioning');
  await acceptQuickInput(page, 'question itself');
  await acceptQuickInput(page, 'Free text');
  await chooseByTyping(page, 'Which model should learn', 'Hugging Face hub');
  await quickInput(page, 'Its name').waitFor();
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await acceptQuickInput(page, 'How large');
  await acceptQuickInput(page, 'Where should the model');
  await acceptQuickInput(page, 'Start it now');
}

describe('a model that is not here', function () {
  this.timeout(600_000);
  let place: Workplace;
  let hub: HubServer;
  let editor: Editor;

  before(async () => {
    place = await createWorkplace();
    hub = await startHub();
    const files = readdirSync(place.model).map((name) => [name, readFileSync(join(place.model, name))] as const);
    hub.repos['someone/tiny'] = { commit: 'c0ffee', licence: 'mit', files: Object.fromEntries(files) };
    const settings = { ...settingsOf(place, 2), 'selfQuestioning.model': '' };
    editor = await openEditor({ env: { ...environment(place), HF_ENDPOINT: hub.url }, settings });
  });
  after(async () => {
    await leave(editor, place);
    await hub.close();
  });

  it('is fetched with progress, and Cancel starts nothing', async () => {
    const { page } = editor;
    // Every connection ends early, so that the download takes its time.
    hub.breakAfter = 5_000;
    await startWithModelOfTheHub(page, 'someone/tiny');
    await until('a part of the weights is here', () => /model\.safetensors [1-9]/.test(hub.fetched.join()));
    await notification(page, 'Fetching someone/tiny', 'Cancel');
    await page.locator('.notification-list-item', { hasText: 'Fetching' }).waitFor({ state: 'detached' });
    assert.deepEqual(runsOf(editor), []);
    await picture(page, 'download-cancelled');
  });

  it('goes on where it was cancelled, and then the run starts', async () => {
    const { page } = editor;
    hub.breakAfter = undefined;
    hub.fetched.length = 0;
    await startWithModelOfTheHub(page, 'someone/tiny');
    await webview(page).locator('h1', { hasText: 'Coding' }).waitFor();
    const [dir = ''] = runsOf(editor);
    assert.equal(readRun(dir).model.id, 'someone/tiny');
    assert.ok(
      hub.fetched.some((request) => /^model\.safetensors [1-9]/.test(request)),
      hub.fetched.join(),
    );
    await until('the run ended', () => readRun(dir).state === 'finished');
  });
});
