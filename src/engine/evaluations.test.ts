import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fakePolicy, wordsDomain } from '../../test/support/fake-policy.ts';
import { exampleRun } from '../../test/support/run-examples.ts';
import { splitOf } from '../benchmarks/split.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { Config } from '../config/tables.ts';
import type { RunRecord } from '../protocol/records.ts';
import { listCheckpoints, writeCheckpoint } from '../run/checkpoint.ts';
import { readEvaluations, runPaths } from '../run/folder.ts';
import { createEvaluations } from './evaluations.ts';

/** Questions of a file; their ids decide about their part. */
const count = 40;

describe('the evaluations of a run', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-evaluations-'));
    file = join(dir, 'words.jsonl');
    writeFileSync(file, Array.from({ length: count }, (_, i) => `"q${i}"\n`).join(''));
    [runPaths(dir).evals, runPaths(dir).checkpoints].forEach((folder) => mkdirSync(folder));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /**
   * A run of `steps` whose policy answers right with the chance that `skill` gives its step, on the questions of the file.
   * The runtime's adapter is a number: the step of the checkpoint that it holds.
   */
  async function play(
    steps: number,
    settings: Partial<Record<keyof Config, string | number>>,
    skill: readonly number[],
  ) {
    let held = 0;
    const { policy, asked } = fakePolicy(({ seed }) => ((seed % 100) / 100 < (skill[held] ?? 0) ? 'r' : 'w'));
    let record: RunRecord = { ...exampleRun(), steps };
    const config = resolveConfig('quick', { evalBenchmark: file, evalQuestions: 50, testQuestions: 50, ...settings });
    const evaluations = await createEvaluations({
      ...{ dir, config, domain: wordsDomain() },
      live: {
        get record() {
          return record;
        },
        update: (patch) => (record = { ...record, ...patch }),
        beat: () => undefined,
        finish: () => undefined,
      },
      runtime: {
        policy,
        evaluated: (requests) => policy.generate(requests),
        loaded: {
          ...{
            modelHash: 'h',
            architecture: 'a',
            parameters: 1,
            trainedParameters: 1,
            vocabulary: 1,
            contextTokens: 1,
          },
          precisions: { samplerPrecision: 'balanced', evalPrecision: 'balanced', trainPrecision: 'balanced' },
        },
        loadCheckpoint: async (path) => void (held = Number(basename(path))),
      },
      stage: (_step, _stage, work) => work(),
      notify: () => undefined,
    });
    for (let step = 0; step <= steps; step++) {
      held = step;
      await writeCheckpoint(dir, step, async () => undefined);
      await evaluations.after(step);
    }
    const made = readEvaluations(dir).map(({ step, split, accuracy }) => ({ step, split, accuracy }));
    return { made, record, asked, held, heldOut: evaluations.heldOut };
  }

  const shown = (made: { step: number; split?: string | undefined }[]): string[] =>
    made.map(({ step, split }) => `${step} ${split}`).sort();

  it('are on the test alone, before and after, where none are asked for in between', async () => {
    const { made, record } = await play(2, { evalEvery: 0 }, [0.2, 0.9, 0.5]);
    assert.deepEqual(shown(made), ['0 test', '2 test']);
    assert.equal(record.best, undefined);
  });

  it('choose the best checkpoint on validation, with which the test is read once at the end', async () => {
    const { made, record, held } = await play(5, { evalEvery: 2 }, [0.2, 0.3, 0.9, 0.9, 0.5, 0.4]);
    const validations = ['0 validation', '2 validation', '4 validation', '5 validation'];
    assert.deepEqual(shown(made), ['0 test', ...validations, '2 test'].sort());
    assert.deepEqual([record.best?.step, record.best?.split, held], [2, 'validation', 2]);
    const [before, after] = made.filter(({ split }) => split === 'test');
    assert.ok(before && after && after.accuracy > before.accuracy + 0.3);
    assert.ok(listCheckpoints(dir).some(({ step }) => step === 2));
  });

  it('are left out where questions are only made: the policy is the same', async () => {
    const { made } = await play(6, { evalEvery: 2, questionsBeforehand: 4 }, [0.5]);
    assert.deepEqual(shown(made), ['0 test', '0 validation', '6 test', '6 validation']);
  });

  it('ask the questions of their part alone, the same ones every time, as often as the settings say', async () => {
    const { asked, made } = await play(2, { evalEvery: 1, evalSamples: 3, evalQuestions: 4, testSamples: 2 }, [0.5]);
    const ids = Array.from({ length: count }, (_, i) => `words/${i + 1}`);
    const tests = ids.filter((id) => splitOf(id) === 'test').length;
    assert.equal(asked.filter(({ samples }) => samples === 3).length, 3 * 4);
    assert.equal(asked.filter(({ samples }) => samples === 2).length, 2 * tests);
    assert.ok(asked.every(({ temperature }) => temperature === 1));
    const hashes = readEvaluations(dir).filter(({ split }) => split === 'validation');
    assert.equal(new Set(hashes.map(({ questionsHash }) => questionsHash)).size, 1);
    assert.equal(made.length, 5);
  });

  it('choose on the test where the selection of the paper is asked for, and the record says so', async () => {
    const settings = { evalEvery: 1, paperSelection: 'on' };
    const { made, record } = await play(3, settings, [0.2, 0.9, 0.5, 0.4]);
    assert.deepEqual(shown(made), ['0 test', '1 test', '2 test', '3 test']);
    assert.deepEqual([record.best?.step, record.best?.split], [1, 'test']);
  });

  it('hold every question of the benchmark out, those that they do not ask included', async () => {
    const { heldOut } = await play(0, { evalEvery: 0, evalQuestions: 1, testQuestions: 1 }, [0.5]);
    const kept = Array.from({ length: count }, (_, i) => heldOut.nearest({ key: `q${i}` })?.duplicate === true);
    assert.deepEqual(new Set(kept), new Set([true]));
    assert.equal(heldOut.nearest({ key: 'another' }), undefined);
  });

  it('are not made again when the run is continued', async () => {
    await play(2, { evalEvery: 1 }, [0.5]);
    const { asked } = await play(2, { evalEvery: 1 }, [0.5]);
    assert.equal(asked.length, 0);
  });

  it('refuse a benchmark of another domain by name', async () => {
    await assert.rejects(play(1, { evalBenchmark: 'functions' }, []), /functions is of the domain coding, not words/);
  });
});
