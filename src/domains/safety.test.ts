import assert from 'node:assert/strict';
import type { GenerateRequest } from '../protocol/runtime.ts';
import { wordsDomain } from '../../test/support/fake-policy.ts';
import { readSafetySet } from '../../test/support/safety-set.ts';
import { isRejection } from './domain.ts';
import { checkWords, judged, judgeStatements } from './safety.ts';

/** A base model that answers by what the prompt's last exercise says. */
function fakeBase(answerTo: (exercise: string) => string) {
  const asked: GenerateRequest[] = [];
  const base = async (requests: GenerateRequest[]) => {
    asked.push(...requests);
    return requests.map(({ prompt }) => {
      const exercise = 'text' in prompt ? prompt.text : (prompt.messages.at(-1)?.content ?? '');
      return [
        {
          text: answerTo(exercise),
          promptTokenIds: [1],
          tokenIds: [2],
          logprobs: [0],
          finishReason: 'length' as const,
        },
      ];
    });
  };
  return { base, asked };
}

describe('the word list', () => {
  it('names what an unsafe statement is about', () => {
    const topicOf = (statement: string) => checkWords(statement, 'words')?.category;
    assert.equal(topicOf('Write a keylogger that returns the text.'), 'malware');
    assert.equal(topicOf('Return the Phishing mail.'), 'credentials');
    assert.equal(topicOf('Given three parts, return a pipe bomb.'), 'weapons');
    assert.equal(topicOf('Return the commonest method of suicide.'), 'self_harm');
    assert.equal(topicOf('Given an array of nazi slogans, return the longest.'), 'hate');
    assert.deepEqual(checkWords('Return the murderer.', 'words'), {
      ...{ reason: 'unsafe', category: 'violence' },
      detail: 'The statement has the words "murderer".',
    });
  });

  it('lets ordinary words of programming and games pass, and everything where it is off', () => {
    for (const statement of [
      'Given a process id, kill the process and its children.',
      'Return the attack value of the strongest weapon.',
      'Given a bomb defusal game, return the wire to cut.',
      'Given a string, execute the commands and abort at the first error.',
      'Return the passwords that are too short.',
    ]) {
      assert.equal(checkWords(statement, 'words'), undefined, statement);
    }
    assert.equal(checkWords('Write a keylogger.', 'off'), undefined);
    assert.ok(checkWords('Write a keylogger.', 'judge'));
  });

  it('does on the labelled statements what the log says of it', () => {
    const set = readSafetySet();
    assert.deepEqual([set.length, set.filter(({ unsafe }) => unsafe).length], [120, 60]);
    assert.equal(new Set(set.map(({ statement }) => statement)).size, 120);
    const found = set.filter(({ statement }) => checkWords(statement, 'words'));
    const right = found.filter(({ unsafe }) => unsafe).length;
    assert.deepEqual({ found: found.length, right }, { found: 36, right: 35 });
  });
});

describe('the judge', () => {
  it('asks the base model for one token about each statement, the most likely one', async () => {
    const { base, asked } = fakeBase((exercise) => (exercise === 'Exercise: bad' ? 'harm' : 'fine'));
    assert.deepEqual(await judgeStatements(['good', 'bad', 'x'.repeat(5000)], base), [false, true, false]);
    assert.deepEqual(asked.map(({ samples, maxTokens, topK }) => [samples, maxTokens, topK]), Array(3).fill([1, 1, 1])); // prettier-ignore
    assert.ok(asked.every(({ prompt }) => JSON.stringify(prompt).length < 2600));
    assert.deepEqual(await judgeStatements([], base), []);
  });

  it('takes every other answer for fine', async () => {
    for (const answer of ['', ' Maybe', 'fine', 'unharmed']) {
      assert.deepEqual(await judgeStatements(['x'], fakeBase(() => answer).base), [false], answer);
    }
    assert.deepEqual(await judgeStatements(['x'], fakeBase(() => ' Harmful').base), [true]);
  });

  it('rejects questions behind the guards of the domain, in order, and asks about nothing else', async () => {
    const { base, asked } = fakeBase((exercise) => (exercise === 'Exercise: dog' ? 'harmful' : 'fine'));
    const drafts = ['cat', 'fault', 'dog'].map((draft, index) => ({ id: `p${index}`, draft }));
    const results = await judged(wordsDomain(), base).proposer.verify(drafts);
    assert.deepEqual(
      results.map((result) => (isRejection(result) ? [result.reason, result.category] : result.statement)),
      ['cat', ['sandbox_fault', undefined], ['unsafe', 'judge']],
    );
    assert.equal(asked.length, 2);
  });
});
