import assert from 'node:assert/strict';
import { lettersDomain } from '../../test/support/letters-domain.ts';
import { evaluate } from './evaluate.ts';

const questions = ['a', 'b', 'c'].map((id) => ({ id, statement: id, content: null }));
const policy = { step: 0, model: 'm', modelHash: 'h', adapter: null, precision: 'exact' };

describe('an evaluation', () => {
  it('goes on without a question whose prompt has no room, which counts as not solved', async () => {
    const asked: number[] = [];
    const evaluation = await evaluate({ name: 'three', questions }, policy, {
      domain: lettersDomain(),
      maxTokens: 100,
      room: {
        contextTokens: 600,
        countTokens: (prompts) => Promise.resolve(prompts.map((_, i) => [20, 501, 500][i] ?? 0)),
      },
      generate: (requests) => {
        asked.push(requests.length);
        return Promise.resolve(
          requests.map(() => [
            { text: 'abc', promptTokenIds: [1], tokenIds: [1], logprobs: [0], finishReason: 'stop' as const },
          ]),
        );
      },
    });
    assert.deepEqual(asked, [2]);
    assert.deepEqual(evaluation.problems.map(({ id, answers }) => `${id} ${answers[0]?.mark}`), ['a right', 'b masked', 'c right']); // prettier-ignore
    assert.deepEqual(evaluation.problems.map(({ unasked }) => unasked), [undefined, true, undefined]); // prettier-ignore
    assert.deepEqual([evaluation.solved, evaluation.total], [2, 3]);
  });
});
