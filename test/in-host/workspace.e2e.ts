import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRun } from '../../src/run/folder.ts';
import { createWorkplace, environment, type Workplace } from '../support/whole-program.ts';
import { type Editor, openEditor } from './editor.ts';
import { leave, runsOf, settingsOf, tellFailure, until } from './tiny-runs.ts';
import { acceptQuickInput, chooseByTyping, picture, quickInput, runCommand, webview } from './window.ts';

const functions = {
  'lists.ts': [
    '/** Sum of all numbers. */',
    'export const total = (nums: number[]): number => nums.reduce((sum, value) => sum + value, 0);',
    'export function spread(nums: number[]): number {',
    '  return nums.length === 0 ? 0 : Math.max(...nums) - Math.min(...nums);',
    '}',
  ],
  'text.js': [
    '/** @param {string} text */',
    'export function shout(text) {',
    '  return `${text.toUpperCase()}!`;',
    '}',
    'export const vowels = (text) => [...text.toLowerCase()].filter((c) => "aeiou".includes(c)).length;',
  ],
};

describe('a start about the open folder', function () {
  this.timeout(600_000);
  let editor: Editor;
  let place: Workplace;

  before(async () => {
    place = await createWorkplace();
    editor = await openEditor({ env: environment(place), settings: settingsOf(place, 1) });
    for (const [name, lines] of Object.entries(functions)) {
      writeFileSync(join(editor.folders.workspace, name), `${lines.join('\n')}\n`);
    }
  });
  after(() => leave(editor, place));
  afterEach(async function () {
    await tellFailure(this.currentTest, editor);
  });

  it('shows its functions by file, and leaves out those that are unticked', async () => {
    const { page, folders } = editor;
    await runCommand(page, 'Self-Questioning: Start Self-Questioning');
    await chooseByTyping(page, 'question itself', 'Your own code');
    const list = quickInput(page, 'untick what shall not be used');
    await list.locator('.monaco-list-row', { hasText: 'shout(text)' }).first().waitFor();
    await picture(page, 'start-functions');
    const names = await list.locator('.monaco-list-row .label-name').allInnerTexts();
    assert.deepEqual(
      ['total(nums)', 'spread(nums)', 'shout(text)', 'vowels(text)'].filter((name) => !names.includes(name)),
      [],
    );
    await list.locator('.monaco-list-row', { hasText: 'shout(text)' }).first().click();
    await picture(page, 'start-functions-unticked');
    await page.keyboard.press('Enter');
    await acceptQuickInput(page, 'Free text');
    await acceptQuickInput(page, place.model);
    await acceptQuickInput(page, 'How large');
    await acceptQuickInput(page, 'Where should the model run');
    await quickInput(page, 'No measurement of this machine').waitFor();
    await acceptQuickInput(page, 'Start it now');
    await until('the run begins', () => runsOf(editor).length === 1);
    const [dir = ''] = runsOf(editor);
    const { config } = readRun(dir);
    assert.deepEqual(
      [config['domain'], config['workspace'], config['exclude']],
      ['workspace', folders.workspace, '/text.js#shout'],
    );
    await webview(page).locator('h1', { hasText: 'Your own code' }).waitFor();
    await until('the run is over', () => ['finished', 'failed'].includes(readRun(dir).state));
    assert.equal(readRun(dir).state, 'finished', readRun(dir).error?.message);
    await picture(page, 'own-code-dashboard');
  });
});
