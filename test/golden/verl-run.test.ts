import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMetrics, readRun, readStep } from '../../src/run/folder.ts';
import { recompute } from '../support/recompute.ts';
import { createWorkplace, type Workplace } from '../support/whole-program.ts';
import { command } from './make-run.ts';

/** Three steps of two ranks of verl, as `npm test -- scale` leaves them, with the last adapter alone. */
const recorded = join(import.meta.dirname, 'run-verl');

describe('a run that the trainer on verl made', function () {
  this.timeout(240_000);
  let place: Workplace;
  const dir = mkdtempSync(join(tmpdir(), 'selfq-verl-'));
  const run = join(dir, 'run-verl');

  before(async () => {
    place = await createWorkplace();
    cpSync(recorded, run, { recursive: true });
  });
  after(() => {
    place.remove();
    rmSync(dir, { recursive: true });
  });

  it('has the rewards, advantages and losses that another program computes from its records', () => {
    const { config } = readRun(run);
    for (const { step } of readMetrics(run)) {
      const texts = readStep(run, step, ['answer', 'proposal', 'tokens']);
      // At the first update of a step the policy is still that of the old logprobs.
      const [update = assert.fail()] = readStep(run, step, ['update']);
      const sequences = update.sequences.map((sequence) => ({ ...sequence, logprobs: sequence.oldLogprobs }));
      const { rewards, advantages, losses } = recompute([...texts, { ...update, sequences }], config);
      assert.ok(rewards.count > 8 && rewards.worst < 1e-12, JSON.stringify(rewards));
      assert.ok(advantages.count > 8 && advantages.worst < 1e-9, JSON.stringify(advantages));
      assert.ok(losses.count === 1 && losses.worst < 1e-3, JSON.stringify(losses));
    }
  });

  it('is shown by status', async () => {
    assert.match(await command(place, 'status', run), /^run-verl: finished, step 3 of 3\n/);
  });

  it('is exported as adapter, data set and report', async () => {
    const told = JSON.parse(await command(place, 'export', run, '--format', 'peft', '--json')) as { step: number };
    assert.equal(told.step, 3);
    await command(place, 'export', run, '--format', 'dataset');
    const rows = readFileSync(join(run, 'export', 'dataset.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const questions = readMetrics(run).reduce((sum, { valid }) => sum + valid, 0);
    assert.equal(rows.length, questions);
    await command(place, 'export', run, '--format', 'report');
  });

  it('is neither resumed nor steered by this program, which says who trains it', async () => {
    await assert.rejects(command(place, 'resume', run), /trained by verl 0\.9/);
  });
});
