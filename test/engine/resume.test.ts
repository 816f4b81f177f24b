import assert from 'node:assert/strict';
import { join } from 'node:path';
import { attach, type RunClient, startEngine, type StartOptions } from '../../src/engine/client.ts';
import type { RunEvent } from '../../src/protocol/control.ts';
import type { RunRecord } from '../../src/protocol/records.ts';
import type { Stage } from '../../src/protocol/stages.ts';
import { readRun } from '../../src/run/folder.ts';
import { shownState } from '../../src/run/ownership.ts';
import { childrenOf, computed, createWorkplace, environment, selfq, type Workplace } from '../support/whole-program.ts';

/** Starts the engine of `dir` and does `act` at the first event that fits; resolves when the engine has gone. */
async function watch(
  dir: string,
  options: StartOptions,
  when: (event: RunEvent) => boolean = () => false,
  act: (client: RunClient) => void = () => undefined,
): Promise<{ run: RunRecord; events: RunEvent[] }> {
  await startEngine(dir, options);
  const client = await attach(dir);
  const events: RunEvent[] = [];
  let acted = false;
  client.onEvent((event) => {
    events.push(event);
    if (!acted && when(event)) {
      acted = true;
      act(client);
    }
  });
  await client.closed;
  client.dispose();
  return { run: readRun(dir), events };
}

const atStage = (step: number, stage: Stage) => (event: RunEvent) =>
  event.type === 'stage' && event.step === step && event.stage === stage;

const places: [number, Stage][] = [
  [0, 'load'],
  [0, 'evaluate'],
  ...(['propose', 'verify', 'solve', 'judge', 'update', 'record'] as const).map((stage): [number, Stage] => [2, stage]),
  [1, 'evaluate'],
];

describe('a run that is cut off', function () {
  this.timeout(240_000);
  let place: Workplace;
  let home: string | undefined;
  /** What the same run computes when nothing disturbs it. */
  let undisturbed: ReturnType<typeof computed>;

  before(async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    place = await createWorkplace();
    home = process.env['SELFQ_HOME'];
    process.env['SELFQ_HOME'] = environment(place)['SELFQ_HOME'];
    const dir = join(place.dir, 'whole');
    const { run } = await watch(dir, { config: place.config() });
    assert.equal(run.state, 'finished', run.error?.message);
    undisturbed = computed(dir);
  });
  after(() => {
    place.remove();
    if (home === undefined) {
      delete process.env['SELFQ_HOME'];
    } else {
      process.env['SELFQ_HOME'] = home;
    }
  });

  it('has trained in both roles in every step, or the comparisons below would say little', () => {
    assert.equal(undisturbed.metrics.length, 3);
    for (const { solver, proposer } of undisturbed.metrics) {
      assert.ok(solver.grad_norm !== null && proposer.grad_norm !== null);
    }
  });

  for (const [step, stage] of [...places, [3, 'evaluate'] as const]) {
    it(`gives the same after kill -9 of the engine in stage ${stage} of step ${step} and a resume`, async () => {
      const dir = join(place.dir, `engine-${step}-${stage}`);
      const kill = ({ run }: RunClient): boolean => process.kill(run.engine.pid, 'SIGKILL');
      const cut = await watch(dir, { config: place.config() }, atStage(step, stage), kill);
      assert.equal(shownState(cut.run), 'interrupted');
      const { run } = await watch(dir, {});
      assert.equal(run.state, 'finished', run.error?.message);
      assert.deepEqual(computed(dir), undisturbed);
    });
  }

  for (const [step, stage] of places) {
    it(`goes on by itself when the runtime is killed in stage ${stage} of step ${step}`, async () => {
      const dir = join(place.dir, `runtime-${step}-${stage}`);
      let known: number[] = [];
      let killed: number[] = [];
      const atPlace = atStage(step, stage);
      const when = (event: RunEvent): boolean => {
        // Looked up beforehand: the stages of this model are short.
        if (atStage(1, 'propose')(event)) {
          known = childrenOf(readRun(dir).engine.pid, 'runtime');
        }
        return atPlace(event);
      };
      const { run, events } = await watch(dir, { config: place.config() }, when, (client) => {
        killed = known.length > 0 ? known : childrenOf(client.run.engine.pid, 'runtime');
        killed.forEach((pid) => process.kill(pid, 'SIGKILL'));
      });
      assert.equal(killed.length, 1, 'the engine has one runtime process');
      assert.equal(run.state, 'finished', run.error?.message);
      assert.deepEqual(computed(dir), undisturbed);
      const restarts = events.filter(({ type }) => type === 'restart').length;
      assert.equal(run.restarts, restarts);
      assert.equal(restarts, 1);
    });
  }

  for (const stage of ['propose', 'verify', 'judge'] as const) {
    it(`goes on by itself when the sandbox workers are killed in stage ${stage}`, async () => {
      const dir = join(place.dir, `sandbox-${stage}`);
      let killed: number[] = [];
      const { run } = await watch(dir, { config: place.config() }, atStage(2, stage), (client) => {
        killed = childrenOf(client.run.engine.pid, 'sandbox');
        killed.forEach((pid) => process.kill(pid, 'SIGKILL'));
      });
      assert.ok(killed.length > 0, 'the engine has sandbox workers');
      assert.equal(run.state, 'finished', run.error?.message);
      assert.deepEqual(computed(dir), undisturbed);
    });
  }

  it('gives the same after kill -9 of engine or runtime in a further round of dynamic sampling', async () => {
    const config = place.config({ dynamicSampling: 3 });
    const whole = join(place.dir, 'rounds');
    const { run, events } = await watch(whole, { config });
    assert.equal(run.state, 'finished', run.error?.message);
    const { metrics } = computed(whole);
    assert.ok(metrics[1]!.proposals > undisturbed.metrics[1]!.proposals, 'step 2 had a further round');
    assert.ok(metrics.some(({ skipped }) => (skipped ?? 0) > 0));
    const perProposal = events.filter((event) => event.type === 'proposal').map(({ id }) => id);
    assert.equal(
      new Set(perProposal).size,
      metrics.reduce((sum, { proposals }) => sum + proposals, 0),
    );

    const inFurtherRound = (): ((event: RunEvent) => boolean) => {
      let judged = false;
      return (event) => {
        judged ||= atStage(2, 'judge')(event);
        return judged && atStage(2, 'solve')(event);
      };
    };
    const kill = ({ run: { engine } }: RunClient): boolean => process.kill(engine.pid, 'SIGKILL');
    const engineKilled = join(place.dir, 'rounds-engine');
    const cut = await watch(engineKilled, { config }, inFurtherRound(), kill);
    assert.equal(shownState(cut.run), 'interrupted');
    await watch(engineKilled, {});
    assert.deepEqual(computed(engineKilled), computed(whole));

    const runtimeKilled = join(place.dir, 'rounds-runtime');
    const healed = await watch(runtimeKilled, { config }, inFurtherRound(), (client) =>
      childrenOf(client.run.engine.pid, 'runtime').forEach((pid) => process.kill(pid, 'SIGKILL')),
    );
    assert.equal(healed.run.restarts, 1);
    assert.deepEqual(computed(runtimeKilled), computed(whole));
  });

  it('gives the same after kill -9 of the engine among the steps that train on questions made beforehand', async () => {
    const config = place.config({ questionsBeforehand: 1 });
    const whole = join(place.dir, 'beforehand');
    const { run } = await watch(whole, { config });
    assert.equal(run.state, 'finished', run.error?.message);
    const { metrics } = computed(whole);
    assert.deepEqual(
      metrics.map(({ proposals, solver }) => [proposals > 0, solver.grad_norm !== null]),
      [
        [true, false],
        [false, true],
        [false, true],
      ],
    );
    const killed = join(place.dir, 'beforehand-engine');
    const cut = await watch(killed, { config }, atStage(3, 'solve'), ({ run: { engine } }) =>
      process.kill(engine.pid, 'SIGKILL'),
    );
    assert.equal(shownState(cut.run), 'interrupted');
    await watch(killed, {});
    assert.deepEqual(computed(killed), computed(whole));
  });

  it('gives up with the last words of the runtime when it dies three times in a stage, and can be resumed', async () => {
    const dir = join(place.dir, 'three');
    let killer: NodeJS.Timeout | undefined;
    const cut = await watch(dir, { config: place.config() }, atStage(1, 'propose'), ({ run }) => {
      const kill = (): void => childrenOf(run.engine.pid, 'runtime').forEach((pid) => process.kill(pid, 'SIGKILL'));
      killer = setInterval(kill, 20);
    });
    clearInterval(killer);
    assert.equal(cut.run.state, 'failed');
    assert.match(cut.run.error?.message ?? '', /died 3 times in a row[\s\S]*SIGKILL/);
    assert.match(cut.run.error?.remedy ?? '', /selfq resume/);
    assert.equal(cut.run.restarts, 2);
    const { run } = await watch(dir, {});
    assert.equal(run.state, 'finished', run.error?.message);
    assert.deepEqual(computed(dir), undisturbed);
  });

  it('gives the same after a pause', async () => {
    const dir = join(place.dir, 'paused');
    const { run, events } = await watch(dir, { config: place.config() }, atStage(1, 'propose'), (client) => {
      client.onEvent((event) => {
        if (event.type === 'state' && event.run.state === 'paused') {
          assert.equal(readRun(dir).state, 'paused');
          void client.resume();
        }
      });
      void client.pause();
    });
    assert.equal(run.state, 'finished', run.error?.message);
    assert.ok(events.some((event) => event.type === 'state' && event.run.state === 'paused'));
    assert.deepEqual(computed(dir), undisturbed);
  });

  it('gives the same when Ctrl-C stopped it in mid-step, which exits with 130 and leaves nothing half-written', async () => {
    const dir = join(place.dir, 'stopped');
    const command = selfq(place, ['run', '--out', 'stopped', '--json', ...place.options()]);
    await command.event(atStage(2, 'propose'));
    command.kill('SIGINT');
    const { code, stderr } = await command.finished;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /selfq resume/);
    const { state, step } = readRun(dir);
    assert.deepEqual({ state, step, steps: computed(dir).metrics.length }, { state: 'stopped', step: 1, steps: 1 });
    const resumed = await selfq(place, ['resume', 'stopped']).finished;
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stdout, /functions \(test\)\s+0 \(before\)[\s\S]*functions \(validation\)\s+1 /);
    assert.deepEqual(computed(dir), undisturbed);
  });
});
