import type { Tape } from '../autodiff.ts';
import type { Value } from '../graph.ts';

/** Per-token columns [n, 1] and scalars that the loss is made of. */
export interface PolicyLossInputs {
  /** Of the policy that sampled, nats. */
  oldLogprobs: Value;
  /** Of the reference policy, nats. */
  refLogprobs: Value;
  advantages: Value;
  epsilonLow: Value;
  epsilonHigh: Value;
  dualClip: Value;
  /** Weight of the KL term. */
  beta: Value;
}

/** Differences of logprobs are cut here before they are raised: e^20 is far outside every clip range. */
const logRange = 20;
const klRange = 10;
const infinity = 3.4e38;

/**
 * The clipped policy loss of GRPO for each token, with dual clip and a KL penalty (k3): [n, 1]. `runtime/training/loss.ts` says
 * the same in plain numbers. Where a clip is active the gradient of that term is 0.
 */
export function policyLoss(tape: Tape, logprobs: Value, inputs: PolicyLossInputs): Value {
  const { graph } = tape;
  const op = (type: string, ...values: Value[]) => graph.op(type, values);
  const clip = (x: Value, range: number) => op('Clip', x, graph.float(-range), graph.float(range));
  const one = graph.float(1);
  const zero = graph.float(0);

  const ratio = op('Exp', clip(op('Sub', logprobs, inputs.oldLogprobs), logRange));
  const negated = op('Neg', inputs.advantages);
  const plain = op('Mul', negated, ratio);
  const bounds = [op('Sub', one, inputs.epsilonLow), op('Add', one, inputs.epsilonHigh)];
  const cut = op('Mul', negated, op('Clip', ratio, ...bounds));
  const limit = op('Mul', negated, inputs.dualClip);
  const cap = op('Where', op('Less', inputs.advantages, zero), limit, graph.float(infinity));
  const policy = op('Min', op('Max', plain, cut), cap);

  const difference = clip(op('Sub', inputs.refLogprobs, logprobs), logRange);
  const raised = op('Exp', difference);
  const k3 = op('Sub', op('Sub', raised, difference), one);
  const kl = op('Min', k3, graph.float(klRange));

  return tape.record(op('Add', policy, op('Mul', inputs.beta, kl)), [logprobs], (gradient) => [
    tape.adding(() => {
      const active = op('And', op('GreaterOrEqual', plain, cut), op('LessOrEqual', plain, cap));
      const dPolicy = op('Where', active, plain, zero);
      const dKl = op('Where', op('Less', k3, graph.float(klRange)), op('Sub', one, raised), zero);
      return op('Mul', gradient, op('Add', dPolicy, op('Mul', inputs.beta, dKl)));
    }),
  ]);
}
