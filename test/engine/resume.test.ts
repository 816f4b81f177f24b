import assert from 'node:assert/strict';
import { join } from 'node:path';
import { attach } from '../../src/engine/client.ts';
import type { RunEvent, Stage } from '../../src/protocol/control.ts';
import { readRun } from '../../src/run/folder.ts';
import { childrenOf, computed, createWorkplace, eventsOf, selfq, type Workplace } from '../support/whole-program.ts';

const atStage = (step: number, stage: Stage) => (event: RunEvent) =>
  event.type === 'stage' && event.step === step && event.stage === stage;

describe('a run that is cut off', function () {
  this.timeout(60_000);
  let place: Workplace;
  /** What the same run computes when nothing disturbs it. */
  let undisturbed: object;

  before(async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    place = await createWorkplace();
    const { code, stderr } = await selfq(place, ['run', '--out', 'whole', '--json', ...place.options()]).finished;
    assert.equal(code, 0, stderr);
    undisturbed = computed(join(place.dir, 'whole'));
  });
  after(() => place.remove());

  it('has trained in both roles, or the comparisons below would say little', () => {
    const { metrics } = undisturbed as { metrics: { solver: { loss: number | null }; proposer: { loss: number | null } }[] };
    assert.ok(metrics.some(({ solver }) => solver.loss !== null));
    assert.ok(metrics.some(({ proposer }) => proposer.loss !== null));
  });

  const places: [number, Stage][] = [
    [0, 'load'],
    [0, 'evaluate'],
    ...(['propose', 'verify', 'solve', 'judge', 'update', 'record'] as const).map((stage): [number, Stage] => [2, stage]),
    [2, 'evaluate'],
  ];
  for (const [step, stage] of places) {
    it(`gives the same after kill -9 of the engine in stage ${stage} of step ${step} and a resume`, async () => {
      const name = `engine-${step}-${stage}`;
      const command = selfq(place, ['run', '--out', name, '--json', ...place.options()]);
      await command.event(atStage(step, stage));
      const dir = join(place.dir, name);
      process.kill(readRun(dir).engine.pid, 'SIGKILL');
      const cut = await command.finished;
      assert.equal(cut.code, 1);
      assert.match(cut.stderr, /selfq resume/);

      const resumed = await selfq(place, ['resume', name, '--json']).finished;
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.deepEqual(computed(dir), undisturbed);
    });
  }

  for (const [step, stage] of places) {
    it(`goes on by itself when the runtime is killed in stage ${stage} of step ${step}`, async () => {
      const name = `runtime-${step}-${stage}`;
      const dir = join(place.dir, name);
      const command = selfq(place, ['run', '--out', name, '--json', ...place.options()]);
      await command.event(atStage(step, stage));
      const [runtime] = childrenOf(readRun(dir).engine.pid, 'runtime');
      assert.ok(runtime, 'the engine has a runtime process');
      process.kill(runtime, 'SIGKILL');

      const { code, stdout, stderr } = await command.finished;
      assert.equal(code, 0, stderr);
      assert.deepEqual(computed(dir), undisturbed);
      // A process that was no longer needed when it died is not started again.
      const restarts = eventsOf(stdout).filter((event) => event.type === 'restart').length;
      assert.equal(readRun(dir).restarts, restarts);
      assert.ok(restarts === 1 || stage === 'evaluate' || stage === 'record', `${restarts} restarts`);
    });
  }

  for (const stage of ['propose', 'verify', 'judge'] as const) {
    it(`goes on by itself when a sandbox worker is killed in stage ${stage}`, async () => {
      const name = `sandbox-${stage}`;
      const dir = join(place.dir, name);
      const command = selfq(place, ['run', '--out', name, '--json', ...place.options()]);
      await command.event(atStage(2, stage));
      const workers = childrenOf(readRun(dir).engine.pid, 'sandbox');
      assert.ok(workers.length > 0, 'the engine has sandbox workers');
      workers.forEach((pid) => process.kill(pid, 'SIGKILL'));
      const { code, stderr } = await command.finished;
      assert.equal(code, 0, stderr);
      assert.deepEqual(computed(dir), undisturbed);
    });
  }

  it('gives up with the last words of the runtime when it dies three times in a stage, and can be resumed', async () => {
    const dir = join(place.dir, 'three');
    const command = selfq(place, ['run', '--out', 'three', '--json', ...place.options()]);
    await command.event(atStage(1, 'propose'));
    const { pid } = readRun(dir).engine;
    const killer = setInterval(() => childrenOf(pid, 'runtime').forEach((child) => process.kill(child, 'SIGKILL')), 20);
    const { code, stderr } = await command.finished.finally(() => clearInterval(killer));
    assert.equal(code, 1);
    assert.match(stderr, /died 3 times in a row/);
    assert.match(stderr, /SIGKILL/);
    assert.match(stderr, /selfq resume/);
    assert.equal(readRun(dir).state, 'failed');
    assert.equal((await selfq(place, ['resume', 'three', '--json']).finished).code, 0);
    assert.deepEqual(computed(dir), undisturbed);
  });

  it('gives the same after a pause', async () => {
    const dir = join(place.dir, 'paused');
    const command = selfq(place, ['run', '--out', 'paused', '--json', ...place.options()]);
    await command.event(atStage(1, 'propose'));
    const client = await attach(dir);
    await client.pause();
    await command.event((event) => event.type === 'state' && event.run.state === 'paused');
    assert.equal(readRun(dir).state, 'paused');
    assert.equal((await selfq(place, ['resume', 'paused', '--detach']).finished).code, 0);
    assert.equal((await command.finished).code, 0);
    client.dispose();
    assert.deepEqual(computed(dir), undisturbed);
  });

  it('gives the same when Ctrl-C stopped it in mid-step, which exits with 130 and leaves nothing half-written', async () => {
    const dir = join(place.dir, 'stopped');
    const command = selfq(place, ['run', '--out', 'stopped', '--json', ...place.options()]);
    await command.event(atStage(2, 'solve'));
    command.kill('SIGINT');
    const { code, stderr } = await command.finished;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /selfq resume/);
    assert.equal(readRun(dir).state, 'stopped');
    assert.equal(readRun(dir).step, 1);
    assert.equal((await selfq(place, ['resume', 'stopped', '--json']).finished).code, 0);
    assert.deepEqual(computed(dir), undisturbed);
  });
});
