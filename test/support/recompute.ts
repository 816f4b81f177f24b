/**
 * Another program's view of a run: rewards, advantages and losses of a step, computed from its records with formulas
 * written down here a second time (method section 1). Nothing of `src/` is used.
 */

export interface Line {
  type: string;
  id: string;
  groupId: string;
  role: string;
  /** Number of tokens of a proposal or an answer. */
  tokens: number;
  /** Of `tokens` lines. */
  logprobs: number[];
  reward?: number;
  advantage: number;
  rejection?: { reason: string };
  text: string;
  questionId: string;
  detail?: { result?: { verdict: string; tests: { verdict: string }[] } };
  loss: number | null;
  sequences: {
    id: string;
    tokenWeight: number;
    oldLogprobs?: number[];
    refLogprobs?: number[];
    logprobs?: number[];
  }[];
}

export interface Recomputed {
  /** Records whose reward was computed again, and the largest difference found. */
  rewards: { count: number; worst: number };
  advantages: { count: number; worst: number };
  /** Relative to the size of the loss, at least 1e-3. */
  losses: { count: number; worst: number };
}

type Settings = Record<string, unknown>;

/** The share of tests passed; undefined for an answer that could not be judged. */
function shareOfTests({ detail, reward }: Line): number | undefined {
  const { verdict, tests } = detail?.result ?? { verdict: reward === undefined ? 'IE' : 'CE', tests: [] };
  const passed = tests.filter((test) => test.verdict === 'AC').length;
  return verdict === 'IE' ? undefined : passed / Math.max(1, tests.length);
}

/**
 * Computes a step again from its parsed lines. Applies to proposerReward `mean` and lossType `dapo`. `rewardOfAnswer`:
 * the domain's reward; by default that of coding.
 */
export function recompute(
  parsed: readonly unknown[],
  settings: Settings,
  rewardOfAnswer: (answer: Line) => number | undefined = shareOfTests,
): Recomputed {
  const lines = parsed as readonly Line[];
  const answers = lines.filter(({ type }) => type === 'answer');
  const proposals = lines.filter(({ type }) => type === 'proposal');
  const updates = lines.filter(({ type }) => type === 'update');
  const rewardOf = (line: Line): number | undefined => {
    if (line.type === 'answer') {
      return rewardOfAnswer(line);
    }
    const own = answers.filter(({ questionId }) => questionId === line.id).flatMap((answer) => rewardOf(answer) ?? []);
    if (line.rejection || own.length === 0) {
      return line.rejection && line.rejection.reason !== 'sandbox_fault' ? 0 : undefined;
    }
    const solveRate = own.reduce((a, b) => a + b) / own.length;
    return Number(solveRate > 0 && solveRate < 1);
  };
  const rewards = [...answers, ...proposals].map((line) => Math.abs((rewardOf(line) ?? -1) - (line.reward ?? -1)));
  const advantages = [...answers, ...proposals].map((line) => {
    const group = [...answers, ...proposals].filter(({ groupId }) => groupId === line.groupId);
    return Math.abs(
      advantageOf(
        rewardOf(line),
        group.flatMap((member) => rewardOf(member) ?? []),
      ) - line.advantage,
    );
  });
  const sampled = new Map(lines.filter(({ type }) => type === 'tokens').map(({ id, logprobs }) => [id, logprobs]));
  const byId = new Map(
    [...answers, ...proposals].map((line) => [line.id, { ...line, logprobs: sampled.get(line.id) ?? [] }]),
  );
  const losses = updates.map((update) => {
    const loss = lossOf(update, byId, settings);
    return Math.abs(loss - (update.loss ?? NaN)) / Math.max(Math.abs(loss), 1e-3);
  });
  const summary = (differences: number[]): { count: number; worst: number } => ({
    count: differences.length,
    worst: differences.reduce((worst, difference) => (difference <= worst ? worst : difference), 0),
  });
  return { rewards: summary(rewards), advantages: summary(advantages), losses: summary(losses) };
}

function advantageOf(reward: number | undefined, group: number[]): number {
  if (reward === undefined || group.length < 2 || group.every((other) => other === group[0])) {
    return 0;
  }
  const mean = group.reduce((a, b) => a + b) / group.length;
  const variance = group.reduce((total, other) => total + (other - mean) ** 2, 0) / (group.length - 1);
  return (reward - mean) / (Math.sqrt(variance) + 1e-6);
}

/** Clipped policy loss with dual clip, plus beta times the k3 estimate of the KL, averaged over the batch's tokens. */
function lossOf(update: Line, byId: ReadonlyMap<string, Line>, settings: Settings): number {
  const low = 1 - Number(settings['epsilonLow']);
  const high = 1 + Number(settings['epsilonHigh']);
  const beta = Number(settings['beta']);
  const tokens = update.sequences.reduce((total, { id }) => total + (byId.get(id)?.tokens ?? NaN), 0);
  let sum = 0;
  const cap = settings['importanceSamplingCorrection'] === 'truncated' ? Number(settings['importanceSamplingCap']) : 0;
  for (const { id, logprobs, oldLogprobs, refLogprobs } of update.sequences) {
    const advantage = byId.get(id)?.advantage ?? NaN;
    const sampler = byId.get(id)?.logprobs ?? [];
    if (!logprobs && (advantage !== 0 || beta > 0)) {
      return NaN;
    }
    logprobs?.forEach((current, t) => {
      const ratio = Math.exp(current - (oldLogprobs?.[t] ?? NaN));
      let loss = Math.max(-advantage * ratio, -advantage * Math.min(Math.max(ratio, low), high));
      if (advantage < 0) {
        loss = Math.min(loss, -advantage * Number(settings['dualClip']));
      }
      const d = (refLogprobs?.[t] ?? current) - current;
      const weight = cap > 0 ? Math.min(Math.exp((oldLogprobs?.[t] ?? NaN) - (sampler[t] ?? NaN)), cap) : 1;
      sum += weight * (loss + beta * Math.min(Math.max(Math.exp(d) - d - 1, -10), 10));
    });
  }
  return sum / tokens;
}
