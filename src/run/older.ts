import { EvaluatedProblem, referenceScoreOf } from '../protocol/records.ts';

/**
 * What older versions of this program wrote, as today's records have it. Applied to parsed JSON before it is checked;
 * what is of today passes unchanged.
 */

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A line of a step's file. Until 0.1, proposals and answers held their tokens, questions were coding problems, and answers
 * carried the result of their tests.
 */
export function currentStepLines(line: unknown): unknown[] {
  if (!isObject(line)) {
    return [line];
  }
  const current = currentStepLine(line);
  if (!Array.isArray(line['tokenIds']) || line['type'] === 'tokens') {
    return [current];
  }
  const { tokenIds, logprobs, ...rest } = current;
  const values: unknown[] = Array.isArray(logprobs) ? logprobs : [];
  const sum = values.reduce<number>((total, value) => total + Number(value), 0);
  const mean = values.length === 0 ? {} : { meanLogprob: sum / values.length };
  return [
    { ...rest, tokens: line['tokenIds'].length, ...mean },
    { type: 'tokens', id: line['id'], tokenIds, logprobs },
  ];
}

function currentStepLine(line: Json): Json {
  if (line['type'] === 'question' && isObject(line['problem'])) {
    const { problem, reference, prompt, leftOut, ...rest } = line;
    const content = { problem, ...(reference === undefined ? {} : { reference }) };
    const skipped = leftOut === undefined ? {} : { skipped: leftOut };
    return { ...rest, statement: problem['statement'], content, prompts: [prompt], ...skipped };
  }
  if (line['type'] === 'answer' && !('mark' in line)) {
    const { result, ...rest } = line;
    const detail = result === undefined ? {} : { detail: { kind: 'tests', result } };
    return { ...rest, questionId: line['groupId'], form: 0, mark: markOf(result, line['reward']), ...detail };
  }
  return line;
}

/** run.json. Until 0.1, alarms were a list with an entry for every step in which a condition held. */
export function currentRun(run: unknown): unknown {
  if (!isObject(run) || !Array.isArray(run['alarms'])) {
    return run;
  }
  const alarms: unknown[] = run['alarms'];
  const byName = new Map<unknown, Json>();
  for (const alarm of alarms) {
    if (!isObject(alarm) || !('step' in alarm)) {
      return run;
    }
    const { step, name, message } = alarm;
    const known = byName.get(name);
    const lasted = known !== undefined && Number(step) <= Number(known['last']) + 1;
    byName.delete(name);
    byName.set(name, { name, message, since: lasted ? known['since'] : step, last: step });
  }
  // Alarms were judged after every step: one that was not repeated in the last of them was over.
  const over = ({ last }: Json): object => (Number(last) < Number(run['step']) ? { cleared: Number(last) + 1 } : {});
  return { ...run, alarms: [...byName.values()].map((alarm) => ({ ...alarm, ...over(alarm) })) };
}

/** A line of metrics.jsonl. */
export function currentMetrics(line: unknown): unknown {
  if (!isObject(line) || !('left_out' in line)) {
    return line;
  }
  const { left_out, ...rest } = line;
  return { ...rest, skipped: left_out };
}

/**
 * An evaluation. Until 0.1, there was one greedy answer to each problem, which lay in the problem itself, and the part of a
 * benchmark stood in its name; the oldest were of coding alone and had the sandbox's verdict in place of a mark.
 */
export function currentEvaluation(evaluation: unknown): unknown {
  if (!isObject(evaluation) || 'samples' in evaluation || !Array.isArray(evaluation['problems'])) {
    return evaluation;
  }
  const { domain = 'coding', benchmark, ...rest } = evaluation;
  const problems = evaluation['problems'].map((problem: unknown) =>
    isObject(problem) ? currentProblem(problem) : problem,
  );
  const scores = problems.flatMap(
    (problem) => EvaluatedProblem.safeParse(problem).data?.answers.map(referenceScoreOf) ?? [],
  );
  const part = / \((validation|test)\)$/.exec(String(benchmark));
  return {
    ...rest,
    benchmark: part ? String(benchmark).slice(0, part.index) : benchmark,
    ...(part ? { split: part[1] } : {}),
    ...{ questionsHash: '', domain, precision: 'exact', samples: 1, temperature: 0, seed: 0 },
    referenceScore: scores.length === 0 ? 0 : scores.reduce((sum, score) => sum + score, 0) / scores.length,
    problems,
  };
}

function currentProblem({ id, expected, ...answer }: Json): Json {
  return {
    id,
    ...(expected === undefined ? {} : { expected }),
    answers: [{ mark: markOf(answer, answer['score']), ...answer }],
  };
}

function markOf(result: unknown, reward: unknown): string {
  if (!isObject(result)) {
    return typeof reward === 'number' ? 'unparsable' : 'masked';
  }
  switch (result['verdict']) {
    case 'IE':
      return 'masked';
    case 'CE':
      return 'unparsable';
    case 'AC':
      return 'right';
    default:
      return Number(result['score']) > 0 ? 'partial' : 'wrong';
  }
}
