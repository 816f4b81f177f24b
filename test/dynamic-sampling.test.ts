import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StepLine } from '../src/protocol/records.ts';
import type { StepResult } from '../src/selfplay/step.ts';
import { lettersDomain, shareOfLetters } from './support/letters-domain.ts';
import { recompute } from './support/recompute.ts';
import { selfPlay } from './support/self-play.ts';
import { writeTinyModel } from './support/tiny-model.ts';

/** So many small letters are rare enough for groups in which no answer has them, and common enough for others. */
const enough = 0.25;

const settings = {
  proposerPrompts: 6,
  proposalsPerPrompt: 2,
  answersPerQuestion: 4,
  maxPromptTokens: 64,
  maxProposalTokens: 16,
  maxAnswerTokens: 16,
  proposerUpdateEvery: 1,
  nearDuplicate: 1,
  learningRate: 0.001,
  epsilonLow: 0.2,
  epsilonHigh: 0.2,
  dualClip: 3,
  beta: 0,
};

const ofType = <Type extends StepLine['type']>({ lines }: StepResult, type: Type) =>
  lines.filter((line): line is Extract<StepLine, { type: Type }> => line.type === type);

/** Ids of the questions whose answers were not all rewarded alike. */
const varied = (result: StepResult): string[] =>
  [...Map.groupBy(ofType(result, 'answer'), ({ groupId }) => groupId)]
    .filter(([, answers]) => new Set(answers.map(({ reward }) => reward)).size > 1)
    .map(([id]) => id);

/** Ids of the questions in the solver's update. */
const updated = (result: StepResult): Set<string> =>
  new Set(
    ofType(result, 'update')
      .filter(({ role }) => role === 'solver')
      .flatMap(({ sequences }) => sequences.map(({ id }) => id.split('/')[0] ?? '')),
  );

describe('dynamic sampling', function () {
  this.timeout(120_000);
  let dir: string;
  let play: (rounds: number) => Promise<StepResult>;
  let without: StepResult;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'selfq-dynamic-'));
    const modelPath = join(dir, 'model');
    await writeTinyModel(modelPath);
    play = async (dynamicSampling) => {
      const used = { ...settings, dynamicSampling };
      const cacheDir = join(dir, 'cache');
      const [result] = await selfPlay({ modelPath, cacheDir, domain: lettersDomain(enough), steps: 1, settings: used });
      return result!;
    };
    without = await play(0);
  });

  after(() => rm(dir, { recursive: true, force: true }));

  it('has something to replace in this test, or the others would say little', () => {
    const share = varied(without).length / without.metrics.valid;
    assert.ok(
      share > 0 && share < 0.7,
      `${varied(without).length} of ${without.metrics.valid} questions with variance`,
    );
    assert.equal(without.metrics.skipped, 0);
  });

  it('learns from as many questions as without, every one with variance where rounds suffice', async () => {
    const result = await play(100);
    const { valid, skipped: count } = result.metrics;
    assert.ok(valid > without.metrics.valid);
    const trainedOn = updated(result);
    assert.equal(trainedOn.size, without.metrics.valid);
    assert.ok([...trainedOn].every((id) => varied(result).includes(id)));
    const skipped = ofType(result, 'question').filter((question) => question.skipped);
    assert.ok(skipped.every(({ id }) => !trainedOn.has(id)));
    assert.equal(skipped.length + trainedOn.size, valid);
    assert.equal(count, skipped.length);
  });

  it('stops at the given number of rounds and fills up with questions without variance', async () => {
    const result = await play(1);
    const trainedOn = updated(result);
    assert.ok(varied(result).length < without.metrics.valid, 'one round does not suffice here');
    assert.equal(trainedOn.size, without.metrics.valid);
    assert.ok(varied(result).every((id) => trainedOn.has(id)));
  });

  it('keeps the records of every round, the first of which is that of a step without it', async () => {
    const result = await play(1);
    for (const type of ['proposal', 'answer'] as const) {
      const all = new Map(ofType(result, type).map((line) => [line.id, line]));
      assert.equal(all.size, ofType(result, type).length, 'no id twice');
      for (const line of ofType(without, type)) {
        assert.deepEqual(all.get(line.id), line);
      }
    }
    const texts = ofType(result, 'answer').map(({ text }) => text);
    assert.ok(new Set(texts).size > 0.9 * texts.length, 'further rounds draw other numbers');
    assert.equal(result.metrics.proposals, ofType(result, 'proposal').length);
    assert.ok(ofType(result, 'proposal').every(({ reward }) => reward !== undefined));
  });

  it('records enough for another program to compute the step again, and gives the same step again', async () => {
    const [result, again] = [await play(2), await play(2)];
    assert.deepEqual(result.lines, again.lines);
    const { rewards, advantages, losses } = recompute(result.lines, settings, ({ text }) =>
      Number(shareOfLetters(text) >= enough),
    );
    assert.ok(rewards.worst < 1e-9 && advantages.worst < 1e-9, JSON.stringify({ rewards, advantages }));
    assert.ok(losses.count > 0 && losses.worst < 1e-3, JSON.stringify(losses));
  });
});
