import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorkplace, type Workplace } from '../support/whole-program.ts';
import { assertAlike } from './alike.ts';
import { comparableMetrics } from './make-step.ts';
import { command, copyRun, metricsOf, nextFile, resume, steps } from './make-run.ts';

interface Row {
  id: string;
  problem: { tests: unknown[] };
  answers: { reward: number; verdict: string }[];
}

describe('a run that commit e85492e made', function () {
  this.timeout(240_000);
  let place: Workplace;
  let run: string;

  before(async () => {
    place = await createWorkplace();
    run = copyRun(place);
  });
  after(() => place.remove());

  const read = (...path: string[]): string => readFileSync(join(run, ...path), 'utf8');
  const jsonLines = (text: string): object[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);

  it('is shown by status', async () => {
    const shown = await command(place, 'status', run);
    assert.match(shown, /^run-e85492e: finished, step 2 of 2\n/);
    assert.match(shown, /^1 +8\/12 +0\.260 +0\.583 /m);
    assert.match(shown, /^coding +2 +\d+ of 24 /m);
    const told = JSON.parse(await command(place, 'status', run, '--json')) as Record<string, unknown>;
    assert.deepEqual({ state: told['state'], step: told['step'] }, { state: 'finished', step: steps.done });
    const [first, last] = [told['last'], metricsOf(run).at(-1)].map((line) => comparableMetrics(line as object));
    assert.deepEqual(first, last);
    assert.equal((told['evaluations'] as unknown[]).length, 2);
  });

  it('is exported as an adapter', async () => {
    const told = JSON.parse(await command(place, 'export', run, '--format', 'peft', '--json')) as { step: number };
    assert.equal(told.step, steps.done);
    for (const name of ['adapter_model.safetensors', 'adapter_config.json']) {
      const [exported, kept] = [join(run, 'export', 'peft', name), join(run, 'checkpoints', '000002', name)];
      assert.ok(readFileSync(exported).equals(readFileSync(kept)), name);
    }
    assert.match(read('export', 'peft', 'README.md'), /after 2 steps/);
  });

  it('is exported as a data set', async () => {
    await command(place, 'export', run, '--format', 'dataset');
    const recorded = readdirSync(join(run, 'steps')).flatMap((name) => jsonLines(read('steps', name)));
    const rows = jsonLines(read('export', 'dataset.jsonl')) as Row[];
    assert.deepEqual(
      rows.map(({ id }) => id),
      recorded.flatMap((line) => ('type' in line && line.type === 'question' && 'id' in line ? [line.id] : [])),
    );
    for (const { problem, answers } of rows) {
      assert.equal(problem.tests.length, 3);
      assert.equal(answers.length, 4);
      answers.forEach(({ reward, verdict }) => assert.equal(reward === 1, verdict === 'AC'));
    }
  });

  it('is resumed and computes what that commit computed then', async () => {
    const before = metricsOf(run);
    const next = JSON.parse(readFileSync(nextFile, 'utf8')) as object[];
    for (const [index, step] of steps.resumed.entries()) {
      assertAlike(await resume(place, run, step), next[index]);
    }
    assert.deepEqual(metricsOf(run).slice(0, steps.done).map(comparableMetrics), before.map(comparableMetrics));
    assert.deepEqual(readdirSync(join(run, 'steps')), ['000001.jsonl', '000002.jsonl', '000003.jsonl', '000004.jsonl']);
    assert.match(await command(place, 'status', run), /^run-e85492e: finished, step 4 of 4\n/);
  });
});
