import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exampleRun } from '../../test/support/run-examples.ts';
import { BoundaryError } from '../base/errors.ts';
import { runPaths } from './folder.ts';
import { claimRun, isAlive, ownIdentity, shownState } from './ownership.ts';
import { processStartTime } from './process-identity.ts';

const module = fileURLToPath(new URL('./ownership.ts', import.meta.url));

/** A process that claims `dir` and says whether it got it, then waits to be ended. */
function claimant(dir: string): ChildProcess {
  const program = `
    import { claimRun } from ${JSON.stringify(module)};
    try { claimRun(${JSON.stringify(dir)}); process.send('owner'); } catch { process.send('refused'); }
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const [answer] = (await once(child, 'message')) as unknown[];
  return answer;
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

describe('ownership of a run folder', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'selfq-own-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('is refused while the owner lives, and names its pid', async () => {
    const child = claimant(dir);
    try {
      assert.equal(await answerOf(child), 'owner');
      assert.throws(
        () => claimRun(dir),
        (error) =>
          error instanceof BoundaryError && error.boundary === 'run' && error.message.includes(String(child.pid)),
      );
    } finally {
      await end(child);
    }
  });

  it('passes to the next after kill -9 of the owner', async () => {
    const child = claimant(dir);
    assert.equal(await answerOf(child), 'owner');
    await end(child);
    const claim = claimRun(dir);
    assert.ok(claim.holds());
    claim.release();
    assert.ok(!claim.holds());
    assert.ok(!existsSync(runPaths(dir).lock));
  });

  it('goes to exactly one of several that come at once, a dead lock lying there', async () => {
    writeFileSync(runPaths(dir).lock, JSON.stringify({ ...ownIdentity(), pid: 2 ** 22 + 1 }));
    const children = Array.from({ length: 6 }, () => claimant(dir));
    const answers = await Promise.all(children.map(answerOf));
    await Promise.all(children.map(end));
    assert.equal(answers.filter((answer) => answer === 'owner').length, 1);
  });

  it('is not kept alive by another process that got the same pid', function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    const startTime = `${processStartTime(process.pid)}1`;
    assert.equal(isAlive(ownIdentity()), true);
    assert.equal(isAlive({ ...ownIdentity(), startTime }), false);
  });

  it('shows a run whose engine died as interrupted', () => {
    const run = exampleRun();
    assert.equal(shownState(run), 'running');
    const dead = { ...run, engine: { ...run.engine, pid: 2 ** 22 + 1 } };
    assert.equal(shownState(dead), 'interrupted');
    assert.equal(shownState({ ...dead, state: 'finished' }), 'finished');
  });
});
