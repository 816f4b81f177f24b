import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolveConfig } from '../config/resolve.ts';
import { verlConfig } from './verl-config.ts';

const options = { servers: ['http://127.0.0.1:8177'], runDir: 'runs/verl' };

describe("verl's configuration of a run", () => {
  it('is in scale/verl/config as the paper has it; `selfq scale export-config --preset paper` writes it again', () => {
    const path = new URL('../../scale/verl/config/sqlm.yaml', import.meta.url);
    assert.equal(readFileSync(path, 'utf8'), verlConfig(resolveConfig('paper', { domain: 'coding' }), options));
  });

  it('follows the settings', () => {
    const settings = { domain: 'arithmetic', lossType: 'dr_grpo', miniBatchSequences: 32, topK: 40, beta: 0 };
    const text = verlConfig(
      resolveConfig('paper', { ...settings, importanceSamplingCorrection: 'truncated' }),
      options,
    );
    for (const line of [
      '    loss_agg_mode: "seq-mean-token-sum-norm"',
      '    ppo_mini_batch_size: 8',
      '    top_k: 40',
      '    use_kl_loss: false',
      '    rollout_is: "token"',
      '    bypass_mode: false',
      '    path: "Qwen/Qwen2.5-Coder-0.5B-Instruct"',
    ]) {
      assert.ok(text.includes(`${line}\n`), line);
    }
  });

  it('refuses what the trainer there does not carry out, and weights that verl cannot load', () => {
    const refusals: [Record<string, string | number>, RegExp][] = [
      [{ dynamicSampling: 2 }, /dynamicSampling/],
      [{ labelled: 'x.jsonl' }, /labelled/],
      [{ safetyGuard: 'judge' }, /safetyGuard=judge/],
      [{ model: 'a/b.gguf' }, /cannot load a\/b\.gguf/],
    ];
    for (const [settings, words] of refusals) {
      assert.throws(() => verlConfig(resolveConfig('paper', settings), options), words);
    }
  });
});
