/**
 * What older versions of this program wrote, as today's records have it. Applied to parsed JSON before it is checked;
 * what is of today passes unchanged.
 */

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A line of a step's file. Until 0.1, questions were coding problems and answers carried the result of their tests. */
export function currentStepLine(line: unknown): unknown {
  if (!isObject(line)) {
    return line;
  }
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

/** A line of metrics.jsonl. */
export function currentMetrics(line: unknown): unknown {
  if (!isObject(line) || !('left_out' in line)) {
    return line;
  }
  const { left_out, ...rest } = line;
  return { ...rest, skipped: left_out };
}

/** An evaluation. Until 0.1, all were of coding and had the sandbox's verdict in place of a mark. */
export function currentEvaluation(evaluation: unknown): unknown {
  if (!isObject(evaluation) || 'domain' in evaluation || !Array.isArray(evaluation['problems'])) {
    return evaluation;
  }
  const problems = evaluation['problems'].map((problem: unknown) => {
    if (!isObject(problem)) {
      return problem;
    }
    return { ...problem, mark: markOf(problem, problem['score']) };
  });
  return { ...evaluation, domain: 'coding', problems };
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
