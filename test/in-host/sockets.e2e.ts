import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { newSocketPath } from '../../src/engine/socket-path.ts';
import { runPaths } from '../../src/run/folder.ts';
import { ownIdentity } from '../../src/run/ownership.ts';
import { exampleRun } from '../../src/view/example-records.ts';
import { type Editor, openEditor } from './editor.ts';
import { until } from './tiny-runs.ts';

/** A socket that whoever wrote a run folder listens on. */
interface Trap {
  path: string;
  /** What came in, as text: a client shows the run's token first. */
  heard: string[];
  close: () => void;
}

async function setTrap(path: string): Promise<Trap> {
  const heard: string[] = [];
  const server: Server = createServer((socket) => {
    heard.push('');
    socket.on('data', (data) => heard.push(data.toString()));
    socket.on('error', () => undefined);
  }).listen(path);
  await once(server, 'listening');
  return { path, heard, close: () => server.close() };
}

/** A run folder as a cloned repository may bring one: it says that it goes on, and where its engine listens. */
function lure(editor: Editor, name: string, { path }: Trap): void {
  const dir = join(editor.folders.workspace, 'runs', name);
  mkdirSync(dir, { recursive: true });
  const engine = { ...ownIdentity(), token: 'secret', socket: path };
  writeFileSync(
    runPaths(dir).run,
    JSON.stringify(
      exampleRun({ state: 'running', step: 1, config: { domain: 'coding', topic: name, device: 'cpu' }, engine }),
    ),
  );
}

describe('control sockets that run folders name, in a real window', function () {
  this.timeout(600_000);
  let foreign: Trap;
  let own: Trap;

  beforeEach(async () => {
    foreign = await setTrap(join('/tmp', `other-${randomBytes(8).toString('hex')}.sock`));
    own = await setTrap(newSocketPath());
  });
  afterEach(() => {
    foreign.close();
    own.close();
  });

  async function show(editor: Editor): Promise<void> {
    lure(editor, 'foreign', foreign);
    lure(editor, 'own', own);
    const { page } = editor;
    await editor.reload();
    await page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
    for (const name of ['foreign', 'own']) {
      await page
        .getByRole('treeitem', { name: new RegExp(name) })
        .first()
        .waitFor();
    }
  }

  it('are spoken to only where an engine of this user makes them', async () => {
    const editor = await openEditor();
    try {
      await show(editor);
      await until('the socket that is one of ours is asked', () => own.heard.join('').includes('attach'));
      await editor.page.waitForTimeout(3000);
      assert.deepEqual(foreign.heard, []);
    } finally {
      await editor.close();
    }
  });

  it('come with runs that are listed when they appear in a folder that had none', async () => {
    const editor = await openEditor();
    try {
      const { page } = editor;
      await page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
      await page.locator('.welcome-view').first().waitFor();
      lure(editor, 'late', foreign);
      await page.getByRole('treeitem', { name: /late/ }).waitFor();
    } finally {
      await editor.close();
    }
  });

  it('are not spoken to at all from a workspace that is not trusted', async () => {
    const editor = await openEditor({
      askForTrust: true,
      settings: { 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.enabled': true },
    });
    try {
      await show(editor);
      await editor.page.waitForTimeout(10_000);
      assert.deepEqual([foreign.heard, own.heard], [[], []]);
    } finally {
      await editor.close();
    }
  });
});
