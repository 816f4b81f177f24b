import { type Evaluation, RunRecord, StepLine, StepMetrics } from '../protocol/records.ts';

/** Records for tests of the views, checked by their schemas. */

/** A run; what a test is about is given. */
export function exampleRun(given: Partial<RunRecord> = {}): RunRecord {
  return RunRecord.parse({
    ...{ version: 1, id: 'example', state: 'running', config: { domain: 'coding', topic: 'arrays', device: 'cpu' } },
    ...{ model: { id: 'tiny', path: '/models/tiny', hash: '' }, versions: {}, createdAt: '2026-01-01T00:00:00.000Z' },
    ...{ step: 0, steps: 6, restarts: 0, alarms: [] },
    engine: { pid: 1, startTime: '', token: '', socket: '', heartbeat: '' },
    ...given,
  });
}

/** A question of an example step. */
export interface ExampleQuestion {
  id: string;
  statement: string;
  /** Verdicts of the tests of each answer: `AC WA`. */
  answers: readonly string[];
  rejection?: string;
}

/** The lines of one step. */
export function exampleStep(step: number, questions: readonly ExampleQuestion[]): StepLine[] {
  const prompt = { messages: [{ role: 'user', content: 'Propose.' }], prefill: '/**', tokenIds: [1, 2] };
  const lines = [
    { type: 'step', step, seed: 1 },
    { type: 'prompt', groupId: 'p0', prompt },
    ...questions.map(({ id, statement, rejection }) => ({
      ...{ type: 'proposal', id, groupId: 'p0', text: `\n * ${statement}\n */` },
      ...{
        tokens: 3,
        meanLogprob: -1,
        finishReason: 'stop',
        reward: rejection ? 0 : 1,
        advantage: 0.5,
      },
      ...(rejection ? { rejection: { reason: rejection, detail: `because ${rejection}` } } : {}),
    })),
    ...questions.filter(({ rejection }) => !rejection).flatMap((question) => questionLines(question, prompt)),
  ];
  return lines.map((line) => StepLine.parse(line));
}

function questionLines({ id, statement, answers }: ExampleQuestion, prompt: object): object[] {
  const count = Math.max(1, ...answers.map((verdicts) => verdicts.split(' ').length));
  const problem = {
    ...{ id, statement, kind: 'function', entry: 'solve', limits: { timeMs: 1000, memoryMb: 64 } },
    tests: Array.from({ length: count }, (_, i) => ({ input: [[i, i + 1]], output: i })),
  };
  return [
    {
      ...{ type: 'question', id, statement, prompts: [prompt], solveRate: 0.5 },
      content: { problem, reference: 'function solve() {}' },
    },
    ...answers.map((verdicts, i) => answerLine(id, i, verdicts.split(' '))),
  ];
}

function answerLine(questionId: string, index: number, verdicts: readonly string[]): object {
  const passed = verdicts.filter((verdict) => verdict === 'AC').length;
  const tests = verdicts.map((verdict, i) =>
    verdict === 'WA'
      ? { verdict, timeMs: 0.1, actual: String(i + 1), expected: String(i), difference: '$' }
      : { verdict, timeMs: 0.1 },
  );
  const score = passed / verdicts.length;
  return {
    ...{ type: 'answer', id: `${questionId}-a${index}`, groupId: questionId, questionId, form: 0 },
    ...{ text: `return ${index};`, answer: `return ${index};` },
    ...{ tokens: 1, meanLogprob: -0.25, finishReason: 'stop', reward: score, advantage: score - 0.5 },
    mark: verdicts.includes('IE') && score === 0 ? 'masked' : score === 1 ? 'right' : score > 0 ? 'partial' : 'wrong',
    detail: {
      kind: 'tests',
      result: {
        ...{ verdict: verdicts.find((verdict) => verdict !== 'AC') ?? 'AC', score, passed },
        ...{ total: verdicts.length, tests, timeMs: 0.3 },
      },
    },
  };
}

/** A step's figures; what a test is about is given. */
export function exampleMetrics(step: number, given: Partial<StepMetrics> = {}): StepMetrics {
  const role = {
    ...{ reward: 0.4, reward_std: 0.1, frac_reward_zero_std: 0.2, entropy: 0.9, mean_length: 90, clipped_ratio: 0 },
    ...{ loss: 0.01, kl: 0, clip_ratio: 0, grad_norm: 0.3, sampling_logp_difference: 0.004 },
  };
  return StepMetrics.parse({
    ...{ step, solver: role, proposer: { ...role, loss: null }, proposals: 24, valid: 16 },
    ...{ rejected: { malformed: 6, 'near-duplicate': 2 }, test_pass_rate: 0.5, solved_rate: 0.3 },
    ...{ difficulty: [4, 3, 4, 3, 2], diversity: 0.8, verdicts: { AC: 20, WA: 44 }, sandbox_faults: 0 },
    quality: {
      ...{ validity: 16 / 24, sound: 0.5, novelty_words: 0.9, novelty_behaviour: 0.8, distinct_ngrams: 0.7 },
      ...{ hidden_spread: 0.15, difficulty: 0.6, reference_lines: 4.5, short_references: 0.5, unsafe: 0 },
      unsafe_reasons: {},
    },
    ...{ num_tokens: 9000, learning_rate: 1e-4, tokens_per_second: 210, time: '2026-01-01T00:00:00.000Z' },
    seconds: { propose: 8, verify: 1, solve: 14, judge: 1, update: 12, record: 0.1 },
    ...given,
  });
}

/** An evaluation on 24 problems. */
export function exampleEvaluation(step: number, solved: number): Evaluation {
  const total = 24;
  return {
    ...{ benchmark: 'coding', domain: 'coding', questionsHash: 'cd' },
    ...{ step, model: 'tiny', modelHash: 'ab', adapter: null, precision: 'exact', samples: 1, temperature: 0, seed: 1 },
    ...{ total, solved, accuracy: solved / total, interval: [solved / total / 2, (1 + solved / total) / 2] },
    ...{ referenceScore: 0.5, meanScore: 0.5 },
    problems: Array.from({ length: total }, (_, i) => ({
      id: `problem-${i}`,
      answers: [
        {
          ...{ score: i < solved ? 1 : 0.5, mark: i < solved ? 'right' : 'partial' },
          ...{ completion: 'x', answer: 'x', tokens: 1 },
        },
      ],
    })),
    ...{ seconds: 3, time: '2026-01-01T00:00:00.000Z' },
  };
}
