import assert from 'node:assert/strict';
import { extractAnswer, resolveAnswerForm, sizeInName } from './answer-form.ts';

describe('the form of answers', () => {
  it('follows from the size in the name of the model', () => {
    assert.deepEqual(
      [
        'qwen2.5-coder-0.5b',
        'SmolLM2-135M-Instruct.Q4_1.gguf',
        '/m/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
        'Qwen/Qwen2.5-3B',
      ].map(sizeInName),
      [0.5, 0.135, 1.5, 3],
    );
    assert.equal(sizeInName('/models/mine.gguf'), undefined);
    assert.equal(resolveAnswerForm('auto', 'qwen2.5-coder-0.5b'), 'direct');
    assert.equal(resolveAnswerForm('auto', 'qwen2.5-coder-1.5b'), 'working');
    assert.equal(resolveAnswerForm('auto', 'mine.gguf'), 'direct');
    assert.equal(resolveAnswerForm('think', 'qwen2.5-coder-0.5b'), 'think');
  });
});

describe('an answer', () => {
  it('is the last one that the text gives', () => {
    const cases: [string, string | undefined][] = [
      ['<answer>7', '7'],
      ['<answer>6</answer> no: <answer>7</answer> done', '7'],
      ['<think>1 = 2</think><answer> 7 </answer>', '7'],
      ['163 * 856 = 163 * (800 + 56) = 139528', '139528'],
      ['so \\boxed{6} or rather \\boxed{\\frac{14}{2}}.', '\\frac{14}{2}'],
      ['She has 3 + 4 apples.\n#### 7', '7'],
      ['The answer is 7.', '7.'],
      ['<answer>\\boxed{7}</answer>', '7'],
      ['<answer>3 + 4 = 7</answer>', '7'],
      ['358 - 129 =', undefined],
      ['<answer></answer>', undefined],
    ];
    for (const [text, answer] of cases) {
      assert.equal(extractAnswer(text, 'working'), answer, text);
    }
  });

  it('needs its tags in the thinking form', () => {
    assert.equal(extractAnswer('3 + 4 = 7', 'think'), undefined);
    assert.equal(extractAnswer('<think>3 + 4</think> <answer>7</answer>', 'think'), '7');
  });

  it('is that of the unknown by name, where several are given', () => {
    assert.equal(extractAnswer('<answer>x = 3, y = 4</answer>', 'direct', 'x'), '3');
    assert.equal(extractAnswer('<answer>x = 3 and y = 4</answer>', 'direct', 'y'), '4');
    assert.equal(extractAnswer('<answer>2x = 6, so x = 3</answer>', 'direct', 'x'), '3');
    assert.equal(extractAnswer('<answer>x = (4 + 2)/2 = 3</answer>', 'direct', 'x'), '3');
    assert.equal(extractAnswer('<answer>3</answer>', 'direct', 'x'), '3');
  });

  it('is found in a long text of anything at once', () => {
    const started = performance.now();
    for (const text of [' ', '=', '<answer>', '\\boxed{', 'x =', '####', 'x= x= ,']) {
      extractAnswer(`<answer>${text.repeat(50_000)}`, 'direct', 'x');
    }
    assert.ok(performance.now() - started < 2000);
  });
});
