import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { attach, lastLines } from '../../src/engine/client.ts';
import { readRun, runPaths } from '../../src/run/folder.ts';
import type { Workplace } from '../support/whole-program.ts';
import type { Editor } from './editor.ts';
import { patience, picture } from './window.ts';

/** Settings with which a run of the tiny model takes seconds. */
export function settingsOf(place: Workplace, steps: number): Record<string, unknown> {
  return {
    'selfQuestioning.model': place.model,
    'selfQuestioning.overrides': place.overrides,
    'selfQuestioning.steps': steps,
  };
}

/** Folders that hold a run, oldest first: one without run.json is about to become one. */
export function runsOf({ storage }: Pick<Editor, 'storage'>): string[] {
  const root = join(storage, 'runs');
  const folders = existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : [];
  return folders.filter((dir) => existsSync(runPaths(dir).run)).sort();
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + patience;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Closes the window and what it worked on. Engines outlive their window: they are asked to stop. */
export async function leave(editor: Editor, place: Workplace): Promise<void> {
  for (const dir of runsOf(editor)) {
    await attach(dir).then((client) => client.stop(), () => undefined); // prettier-ignore
  }
  await editor.close();
  place.remove();
}

/** What there is to say of the runs when a test has failed. */
function tellRuns(editor: Pick<Editor, 'storage'>): void {
  for (const dir of runsOf(editor)) {
    const { state, step, error } = readRun(dir);
    console.log(dir, state, step, error, lastLines(dir));
  }
}

/** Shows the window and the runs where a test has failed. */
export async function tellFailure(test: Mocha.Test | undefined, editor: Editor): Promise<void> {
  if (test?.state === 'failed') {
    tellRuns(editor);
    await picture(editor.page, `failed-${test.title.replaceAll(/\W+/g, '-').slice(0, 40)}`);
  }
}
