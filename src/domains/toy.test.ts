import assert from 'node:assert/strict';
import * as z from 'zod';
import { fakeContext, fakePolicy } from '../../test/support/fake-policy.ts';
import { runStep } from '../selfplay/step.ts';
import type { Domain } from './domain.ts';
import { rewardByLabel } from './majority.ts';

/** The whole of a new domain: a word shall be spelt backwards, and the majority of the answers is its label. */
const reversal: Domain<string, string> = {
  name: 'reversal',
  content: z.string(),
  proposer: {
    prompt: (variant) => ({ messages: [{ role: 'user', content: `Write a word of ${3 + (variant % 4)} letters.` }] }),
    stop: ['\n'],
    parse: (text) => (/^[a-z]+$/.test(text) ? text : { reason: 'malformed', detail: 'It is no word.' }),
    verify: (drafts) => Promise.resolve(drafts.map(({ id, draft }) => ({ id, statement: draft, content: draft }))),
    fingerprint: ({ content }) => ({ key: content }),
  },
  solver: {
    prompts: ({ content }) => [{ messages: [{ role: 'user', content: `Spell backwards: ${content}` }] }],
    stop: ['\n'],
  },
  reward: ({ content }, answers) =>
    Promise.resolve(
      rewardByLabel(
        answers.map((form) => form.map((text) => ({ text, value: text === '' ? undefined : text }))),
        { rule: 'majority', truth: backwards(content) },
      ),
    ),
  grade: ({ content }, answer) =>
    Promise.resolve(
      answer === backwards(content) ? { mark: 'right', reward: 1, answer } : { mark: 'wrong', reward: 0, answer },
    ),
  read: (row, id) => ({ id, statement: z.string().parse(row), content: z.string().parse(row) }),
};

function backwards(word: string): string {
  return Array.from(word).reverse().join('');
}

describe('a new domain', () => {
  it('of one object plays a whole step of self-play', async () => {
    const words = ['stone', 'river', '12'];
    let proposed = 0;
    const { policy, trained } = fakePolicy(({ prompt }, sample) => {
      const asked = 'messages' in prompt ? (prompt.messages.at(-1)?.content ?? '') : '';
      const word = /^Spell backwards: (.*)/.exec(asked)?.[1];
      return word === undefined ? (words[proposed++ % 3] ?? '') : sample < 3 ? backwards(word) : 'what?';
    });
    const settings = { proposalsPerPrompt: 3, answersPerQuestion: 4, proposerUpdateEvery: 1 };
    const { metrics, lines } = await runStep(fakeContext(policy, { domain: reversal, settings }).context, 1);
    assert.deepEqual(metrics.rejected, { malformed: 1 });
    assert.deepEqual([metrics.valid, metrics.label_accuracy, metrics.majority_ratio], [2, 1, 0.75]);
    assert.deepEqual(metrics.marks, { right: 6, wrong: 2 });
    assert.equal(metrics.proposer.reward, 2 / 3);
    // Three answers of four have the label: their advantages are positive, that of the fourth is negative.
    const advantages = trained[0]?.sequences.map(({ advantage }) => Math.sign(advantage));
    assert.deepEqual(advantages, [1, 1, 1, -1, 1, 1, 1, -1]);
    assert.equal(trained.length, 2);
    assert.equal(lines.filter(({ type }) => type === 'answer').length, 8);
  });
});
