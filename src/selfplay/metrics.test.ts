import assert from 'node:assert/strict';
import type { StepLine, Update } from '../protocol/records.ts';
import { defaultsOf } from '../base/setting.ts';
import { measureStep } from './metrics.ts';
import { selfPlaySettings } from './settings.ts';

const sampled = { text: '', tokens: 2, finishReason: 'stop' as const, advantage: 1, reward: 1 };
const answered = { questionId: 'p', form: 0, answer: '', mark: 'right' as const };

function lines(updates: Pick<Update, 'role' | 'index' | 'sequences'>[]): StepLine[] {
  const figures = { loss: 0, kl: 0, clipRatio: 0, gradNorm: 1, learningRate: 1e-5, applied: true };
  return [
    { type: 'proposal', id: 'p', groupId: 'g', ...sampled },
    { type: 'answer', id: 'a', groupId: 'p', ...sampled, ...answered },
    { type: 'tokens', id: 'p', tokenIds: [1, 2], logprobs: [-1, -2] },
    { type: 'tokens', id: 'a', tokenIds: [1, 2], logprobs: [-1, -1] },
    ...updates.map((update) => ({ type: 'update' as const, ...update, ...figures })),
  ];
}

/** One question whose answers elected a label. */
function election(value: string | null, copied: boolean[], correct: boolean): StepLine[] {
  const id = `q${value}${copied.join()}`;
  return [
    { type: 'question', id, statement: id, content: {}, prompts: [], label: { value, majorityRatio: 0.5, correct } },
    ...copied.map((isCopy, index): StepLine => {
      const detail = { kind: 'vote' as const, label: value, votes: 1, of: 2, correct, copied: isCopy };
      return { type: 'answer', id: `${id}/${index}`, groupId: id, ...sampled, ...answered, detail };
    }),
  ];
}

const measure = (updates: Parameters<typeof lines>[0]) =>
  measureStep(defaultsOf(selfPlaySettings, 'quick'), 1, lines(updates), { seconds: {}, time: new Date(0) });
const solver = { role: 'solver' as const, index: 0, sequences: [{ id: 'a', tokenWeight: 1, logprobs: [-1.1, -0.5] }] };
const proposer = { role: 'proposer' as const, index: 0, sequences: [{ id: 'p', tokenWeight: 1, logprobs: [-9, -9] }] };

describe('sampler against trainer', () => {
  it('is measured on the first update of a step: mean difference, largest ratio, share of ratios far from 1', () => {
    const { sampling_logp_difference, importance_ratio_max, importance_ratio_outside } = measure([solver]).solver;
    assert.ok(Math.abs(sampling_logp_difference! - 0.3) < 1e-12);
    assert.ok(Math.abs(importance_ratio_max! - Math.exp(0.5)) < 1e-12);
    assert.equal(importance_ratio_outside, 0.5);
  });

  it('says nothing of the role that is updated second, unless it was measured before', () => {
    assert.equal(measure([solver, proposer]).proposer.sampling_logp_difference, null);
    const before = [{ ...proposer.sequences[0]!, policyLogprobs: [-1, -2.02] }];
    const { sampling_logp_difference } = measure([solver, { ...proposer, sequences: before }]).proposer;
    assert.ok(Math.abs(sampling_logp_difference! - 0.01) < 1e-12);
    assert.equal(measure([proposer]).proposer.sampling_logp_difference, 7.5);
  });

  it('takes no later mini-batch into account', () => {
    const later = { ...solver, index: 1, sequences: [{ id: 'a', tokenWeight: 1, logprobs: [-9, -9] }] };
    assert.equal(measure([solver, later]).solver.importance_ratio_outside, 0.5);
  });
});

describe('labels', () => {
  const clock = { seconds: {}, time: new Date(0) };
  const config = defaultsOf(selfPlaySettings, 'quick');

  it('are measured by their truth, by copies among the answers, and by the share of the most frequent one', () => {
    const asked = [
      election('5', [true, false], true),
      election('5', [false, false], false),
      election('7', [true, true], true),
    ];
    const metrics = measureStep(config, 1, [...asked, election(null, [false, false], false)].flat(), clock);
    assert.equal(metrics.labelled_rate, 0.75);
    assert.equal(metrics.copied_rate, 3 / 8);
    assert.equal(metrics.label_repetition, 2 / 3);
  });

  it('are no figure where nothing is elected, and none repeats where there is none', () => {
    assert.equal(measure([solver]).copied_rate, undefined);
    assert.equal(measureStep(config, 1, election(null, [true], false), clock).label_repetition, null);
  });
});
