import type { TrainOptions } from '../../protocol/runtime.ts';

/** What the loss of a token depends on besides its logprobs and advantage. */
export type LossSettings = Pick<TrainOptions, 'epsilonLow' | 'epsilonHigh' | 'dualClip' | 'beta'>;

/** What one token adds to the loss, before its weight. */
export interface TokenLoss {
  /** The clipped policy loss. */
  policy: number;
  /** The k3 estimate of KL(policy || reference), 0 to 10 nats; 0 without a reference. */
  kl: number;
  /** policy + beta * kl */
  loss: number;
  /** Whether the importance ratio lay outside of the clip range on the side that matters. */
  clipped: boolean;
}

/** Log ratios are cut here before they are raised; e^20 is far outside of every clip range. */
const logRange = 20;
const klRange = 10;

function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

/**
 * The loss of one token (method section 1): PPO's clipped importance ratio, dual clip where the advantage is negative
 * (Ye et al., arXiv 1912.09729), and k3 = exp(d) - d - 1 with d = reference - current, clamped. All logprobs in nats.
 * `onnx/operators/policy-loss.ts` is the differentiable form.
 */
export function tokenLoss(
  logprob: number,
  oldLogprob: number,
  refLogprob: number | undefined,
  advantage: number,
  { epsilonLow, epsilonHigh, dualClip, beta }: LossSettings,
): TokenLoss {
  const ratio = Math.exp(clamp(logprob - oldLogprob, -logRange, logRange));
  const plain = -advantage * ratio;
  const cut = -advantage * clamp(ratio, 1 - epsilonLow, 1 + epsilonHigh);
  const pessimistic = Math.max(plain, cut);
  const policy = advantage < 0 ? Math.min(pessimistic, -advantage * dualClip) : pessimistic;
  const d = refLogprob === undefined ? 0 : clamp(refLogprob - logprob, -logRange, logRange);
  const kl = Math.min(Math.exp(d) - d - 1, klRange);
  return { policy, kl, loss: policy + beta * kl, clipped: cut > plain };
}

/**
 * Weight of each token of each completion in the loss of a mini-batch; `lengths` in tokens.
 * `dapo`: 1 / tokens of the mini-batch. `grpo`: the mean of each sequence, then the mean of sequences. `dr_grpo`: the
 * mean of sequences, each divided by one constant length (Liu et al., arXiv 2503.20783), so that length has no effect.
 */
export function tokenWeights(
  lengths: readonly number[],
  { lossType, maxCompletionTokens }: Pick<TrainOptions, 'lossType' | 'maxCompletionTokens'>,
): number[] {
  const sequences = lengths.length;
  switch (lossType) {
    case 'dapo': {
      const tokens = lengths.reduce((sum, length) => sum + length, 0);
      return lengths.map(() => 1 / Math.max(tokens, 1));
    }
    case 'grpo':
      return lengths.map((length) => 1 / (sequences * Math.max(length, 1)));
    case 'dr_grpo':
      return lengths.map(() => 1 / (sequences * maxCompletionTokens));
  }
}
