import assert from 'node:assert/strict';
import { fakeContext, fakePolicy } from '../../test/support/fake-policy.ts';
import { playRounds } from './dynamic-sampling.ts';

/** Every question is new; the n-th of the step is answered as `answers[n]` says, the rest all right. */
async function play(answers: readonly string[], dynamicSampling: number) {
  let count = -1;
  const { policy, asked } = fakePolicy(({ prompt, seed }, sample) => {
    const content = 'text' in prompt ? prompt.text : (prompt.messages[0]?.content ?? '');
    if (content.startsWith('ask')) {
      return `word${seed}.${sample}`;
    }
    count += sample === 0 ? 1 : 0;
    return (answers[count] ?? 'rr')[sample]!;
  });
  const { context, stages } = fakeContext(policy, { settings: { dynamicSampling, proposerPrompts: 2 } });
  const rollouts = await playRounds(context, 1);
  const proposed = asked.filter(({ stop }) => stop?.includes('\n')).length;
  return { rollouts, rounds: stages.filter((stage) => stage === 'solve').length, proposed };
}

describe('dynamic sampling', () => {
  it('plays one round where it is off, and trains on all of its questions', async () => {
    const { rollouts, rounds } = await play(['rw', 'rr', 'rr', 'rr'], 0);
    assert.equal(rounds, 1);
    assert.equal(rollouts.trainedOn.size, 4);
  });

  it('plays no more rounds where every question has variance', async () => {
    const { rounds } = await play(['rw', 'wr', 'rw', 'wr'], 5);
    assert.equal(rounds, 1);
  });

  it('draws the share that is missing, and trains on questions with variance first', async () => {
    const { rollouts, rounds, proposed } = await play(['rw', 'rr', 'rw', 'rr', 'rw', 'rw'], 5);
    assert.equal(rounds, 2);
    assert.equal(proposed, 3, 'two prompts, then one for the two questions that are missing');
    assert.deepEqual([...rollouts.trainedOn], ['p1.0.0', 'p1.1.0', 'p1.2.0', 'p1.2.1']);
    assert.equal(rollouts.asked.length, 6);
  });

  it('stops after so many rounds and fills up with questions without variance', async () => {
    const { rollouts, rounds } = await play(['rw', 'rr', 'rr', 'rr', 'rr', 'rr', 'rr', 'rr'], 2);
    assert.equal(rounds, 3);
    assert.equal(rollouts.trainedOn.size, 4);
    assert.ok(rollouts.trainedOn.has('p1.0.0'));
  });

  it('gives every group of the step an id and a seed of its own', async () => {
    const { rollouts } = await play(['rr', 'rr', 'rr', 'rr'], 2);
    const ids = rollouts.asked.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });
});
