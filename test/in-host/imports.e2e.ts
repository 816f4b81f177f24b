import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { type Editor, openEditor, projectRoot } from './editor.ts';
import { chooseFromMenu, picture } from './window.ts';

/** A problem of our own shape. */
function problem(id: string, statement: string): object {
  return {
    ...{ id, statement, kind: 'program', limits: { timeMs: 1000, memoryMb: 64 }, tags: [], source: 'test' },
    tests: [{ input: '2\n', output: '4\n' }],
  };
}

describe('imported problems, in a real window', function () {
  this.timeout(600_000);
  let home = '';
  let editor: Editor;

  function importSet(name: string, count: number): void {
    const file = join(home, `${name}.jsonl`);
    const lines = Array.from({ length: count }, (_, index) =>
      JSON.stringify(problem(`${name}-${index}`, `Read a number and print ${index + 2} times it, for ${name}.`)),
    );
    writeFileSync(file, lines.join('\n'));
    const env = { ...process.env, SELFQ_HOME: home };
    execFileSync(process.execPath, [join(projectRoot, 'dist', 'cli.js'), 'import', file, '--name', name, '--json'], {
      env,
    });
  }
  const row = (name: string) =>
    editor.page.locator('.monaco-list-row', { hasText: name }).filter({ hasText: /problems/ });

  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'selfq-imports-'));
    importSet('first-set', 3);
    importSet('second-set', 2);
    editor = await openEditor({ env: { SELFQ_HOME: home } });
    await editor.page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
  });
  after(async () => {
    await editor.close();
    rmSync(home, { recursive: true, force: true });
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await picture(editor.page, `failed-imports-${this.currentTest.title.replaceAll(/\W+/g, '-').slice(0, 40)}`);
    }
  });

  it('lie beside each other under Benchmarks, with their number and that nobody has tried them', async () => {
    await row('first-set').getByText('3 problems · imported · not evaluated yet').waitFor();
    await row('second-set').getByText('2 problems · imported · not evaluated yet').waitFor();
    await picture(editor.page, 'imported-sets');
  });

  it('can be read, and offer an evaluation where they are listed', async () => {
    const { page } = editor;
    const text = page.locator('.editor-instance:visible .view-lines', { hasText: 'for first-set' }).first();
    await chooseFromMenu(page, row('first-set'), 'Open Problems', text);
    await row('first-set').hover();
    await row('first-set').getByRole('button', { name: 'Evaluate on Held-Out Problems' }).waitFor();
  });

  it('are deleted when that is confirmed, and nothing else with them', async () => {
    const { page } = editor;
    const dialog = page.locator('.monaco-dialog-box', { hasText: 'Delete the imported problems "first-set"' });
    await chooseFromMenu(page, row('first-set'), 'Delete', dialog);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await row('first-set').count(), 1);
    await chooseFromMenu(page, row('first-set'), 'Delete', dialog);
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await row('first-set').waitFor({ state: 'detached' });
    assert.equal(await row('second-set').count(), 1);
  });
});
