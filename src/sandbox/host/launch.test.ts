import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describeFences, launchPlan, probeFences } from './launch.ts';
import { WorkerProcess } from './worker-process.ts';

describe('starting a worker', function () {
  this.timeout(60_000);
  const root = resolve(import.meta.dirname, '../../..');
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-test-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  for (const [name, links] of Object.entries({
    'the folder of the program is a link': { program: '.' },
    'node_modules and the sources are links': { node_modules: 'node_modules', src: 'src' },
  })) {
    it(`works where ${name}`, async () => {
      const place = mkdtempSync(join(dir, 'place-'));
      for (const [link, target] of Object.entries(links)) {
        symlinkSync(resolve(root, target), join(place, link));
      }
      const workerPath = join(place, 'program' in links ? 'program/src' : 'src', 'sandbox/worker/worker.ts');
      const plan = launchPlan({ nodePath: process.execPath, workerPath, cwd: dir, fences: await probeFences() });
      const worker = new WorkerProcess(plan);
      assert.equal(await worker.ready, undefined);
      worker.kill('retired');
      await worker.exited;
    });
  }

  it('works where node_modules alone is a link', async () => {
    // The sources lie elsewhere really: a bundle of the worker beside a linked node_modules.
    const { build } = await import('esbuild');
    const place = mkdtempSync(join(dir, 'place-'));
    const workerPath = join(place, 'dist', 'sandbox-worker.mjs');
    await build({
      entryPoints: [join(root, 'src/sandbox/worker/worker.ts')],
      outfile: workerPath,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['isolated-vm'],
      logLevel: 'error',
    });
    symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
    const plan = launchPlan({ nodePath: process.execPath, workerPath, cwd: dir, fences: await probeFences() });
    const worker = new WorkerProcess(plan);
    assert.equal(await worker.ready, undefined);
    worker.kill('retired');
    await worker.exited;
  });

  it('tells its fences in words', () => {
    const none = describeFences({ network: false, dataLimit: false, vitals: false });
    const all = describeFences({ network: true, dataLimit: true, vitals: true });
    assert.equal(none.missing.length, 3);
    assert.deepEqual(all.missing, []);
    assert.equal(all.active.length, none.active.length + 3);
  });
});
