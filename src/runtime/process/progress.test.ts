import assert from 'node:assert/strict';
import type { Progress } from '../../protocol/runtime.ts';
import { throttleProgress } from './progress.ts';

describe('throttleProgress', () => {
  it('passes five reports a second of each stage, every completion and the last report', () => {
    let now = 0;
    const sent: Progress[] = [];
    const report = throttleProgress(
      (progress) => sent.push(progress),
      () => now,
    );
    for (let tokens = 0; tokens < 1000; tokens++, now += 1) {
      report({ stage: 'generate', tokens, finished: tokens === 999 ? 2 : 1, total: 2 });
      report({ stage: 'train', tokens, totalTokens: 5000 });
      if (tokens % 100 === 0) {
        report({ stage: 'completion', request: 0, sample: tokens, text: '', tokens: 0 });
      }
    }
    const count = (stage: Progress['stage']) => sent.filter((progress) => progress.stage === stage).length;
    assert.deepEqual([count('generate'), count('train'), count('completion')], [6, 5, 10]);
    assert.deepEqual(sent.at(-1), { stage: 'generate', tokens: 999, finished: 2, total: 2 });
  });
});
