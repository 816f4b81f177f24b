import type { Evaluation, RoleMetrics, RunRecord, StepMetrics } from '../../src/protocol/records.ts';
import { ownIdentity } from '../../src/run/ownership.ts';

/** A live run of the calling process. */
export function exampleRun(): RunRecord {
  return {
    version: 1,
    id: 'example',
    state: 'running',
    config: { domain: 'coding', seed: 7, steps: 3, learningRate: 1e-4 },
    model: { id: 'tiny', path: '/models/tiny.gguf', hash: 'ab'.repeat(32) },
    versions: { node: process.versions.node },
    createdAt: '2026-01-01T00:00:00.000Z',
    step: 0,
    steps: 3,
    engine: { ...ownIdentity(), token: 'secret', socket: '/tmp/example.sock' },
    restarts: 0,
    alarms: [],
  };
}

export function exampleMetrics(step: number): StepMetrics {
  const role: RoleMetrics = {
    reward: 0.5,
    reward_std: 0.1,
    frac_reward_zero_std: 0,
    entropy: 1,
    mean_length: 10,
    clipped_ratio: 0,
    loss: 0.01,
    kl: 0,
    clip_ratio: 0,
    grad_norm: 0.2,
    sampling_logp_difference: 0.01,
  };
  return {
    step,
    solver: role,
    proposer: { ...role, loss: null },
    proposals: 4,
    valid: 2,
    rejected: { near_duplicate: 2 },
    test_pass_rate: 0.5,
    solved_rate: 0.25,
    difficulty: [1, 1],
    diversity: 0.9,
    verdicts: { AC: 1, WA: 3 },
    sandbox_faults: 0,
    num_tokens: 100,
    learning_rate: 1e-4,
    seconds: { propose: 1 },
    tokens_per_second: 100,
    time: '2026-01-01T00:00:00.000Z',
  };
}

export function exampleEvaluation(step: number): Evaluation {
  return {
    benchmark: 'coding',
    questionsHash: 'cd'.repeat(32),
    domain: 'coding',
    step,
    model: 'tiny',
    modelHash: 'ab'.repeat(32),
    adapter: null,
    precision: 'exact',
    samples: 1,
    temperature: 0,
    seed: 1,
    total: 2,
    solved: 1,
    accuracy: 0.5,
    interval: [0.1, 0.9],
    referenceScore: 0.6,
    meanScore: 0.6,
    problems: [{ id: 'a', answers: [{ score: 1, mark: 'right', completion: 'x', answer: 'x', tokens: 1 }] }],
    seconds: 1,
    time: '2026-01-01T00:00:00.000Z',
  };
}
