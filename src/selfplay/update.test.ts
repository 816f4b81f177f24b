import assert from 'node:assert/strict';
import { fakeContext, fakePolicy } from '../../test/support/fake-policy.ts';
import { runStep } from './step.ts';

/** Two proposals, "cat" (answered right and wrong) and a bad one: both roles have a signal. */
async function trainedOn(step: number, settings: Readonly<Record<string, string | number>> = {}) {
  const { policy, trained } = fakePolicy(({ prompt }, sample) => {
    const asked = 'text' in prompt ? prompt.text : (prompt.messages[0]?.content ?? '');
    return asked.startsWith('ask') ? ['cat', 'bad'][sample]! : ['r', 'w'][sample]!;
  });
  const { context } = fakeContext(policy, { settings });
  const { lines } = await runStep(context, step);
  return { trained, updates: lines.filter((line) => line.type === 'update') };
}

describe('the update', () => {
  it('trains the solver in every step and the proposer in every k-th, after the solver', async () => {
    const roles = async (step: number, every: number) =>
      (await trainedOn(step, { proposerUpdateEvery: every })).updates.map(({ role }) => role);
    assert.deepEqual(await roles(1, 2), ['solver']);
    assert.deepEqual(await roles(2, 2), ['solver', 'proposer']);
    assert.deepEqual(await roles(7, 0), ['solver']);
  });

  it('takes the old logprobs of the sampler, or of the trainer where that is asked for', async () => {
    const old = async (settings: Record<string, string>) =>
      (await trainedOn(1, settings)).trained[0]?.sequences[0]?.oldLogprobs;
    assert.deepEqual(await old({}), [-1]);
    assert.deepEqual(await old({ oldLogprobs: 'trainer' }), [-1.5]);
  });

  it('adds reference logprobs with a KL term alone', async () => {
    const reference = async (beta: number) => (await trainedOn(1, { beta })).trained[0]?.sequences[0]?.refLogprobs;
    assert.equal(await reference(0), undefined);
    assert.deepEqual(await reference(0.1), [-2]);
  });

  it('weights tokens by the ratio of trainer to sampler, at most the cap, and takes old logprobs of the trainer then', async () => {
    const corrected = await trainedOn(1, { importanceSamplingCorrection: 'truncated' });
    const [sequence] = corrected.trained[0]?.sequences ?? [];
    assert.ok(Math.abs((sequence?.importanceWeights?.[0] ?? NaN) - Math.exp(-0.5)) < 1e-12);
    assert.deepEqual(sequence?.oldLogprobs, [-1.5]);
    const capped = await trainedOn(1, { importanceSamplingCorrection: 'truncated', importanceSamplingCap: 0.25 });
    assert.equal(capped.trained[0]?.sequences[0]?.importanceWeights?.[0], 0.25);
  });

  it('measures the trainer on the proposals before the solver changes the policy', async () => {
    const { updates } = await trainedOn(2, { proposerUpdateEvery: 2 });
    const [solver, proposer] = updates;
    assert.equal(solver?.sequences[0]?.policyLogprobs, undefined);
    assert.deepEqual(proposer?.sequences[0]?.policyLogprobs, [-1.5, -1.5, -1.5]);
  });

  it('tells the trainer how long completions of the role may be', async () => {
    const { trained } = await trainedOn(2, { proposerUpdateEvery: 1, maxAnswerTokens: 77, maxProposalTokens: 99 });
    assert.deepEqual(trained.map(({ options }) => options.maxCompletionTokens), [77, 99]); // prettier-ignore
  });
});
