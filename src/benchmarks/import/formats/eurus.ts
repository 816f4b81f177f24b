import * as z from 'zod';
import type { ImportReason } from '../../../protocol/imports.ts';
import { JsonValue } from '../../../protocol/json.ts';
import { type Format, isFunctionName, jsonIn, takeProblem, type Taken } from '../format.ts';
import { takeAnswered } from './answered.ts';

/** The columns of Eurus-2-RL-Data (PRIME-RL) that are read. `ground_truth` is JSON in a string, or the answer. */
const Row = z.object({
  data_source: z.string(),
  prompt: z.array(z.object({ role: z.string(), content: z.string() })),
  ability: z.string().nullish(),
  reward_model: z.object({ ground_truth: z.string() }),
});
type Row = z.infer<typeof Row>;

const needs = ['data_source', 'prompt', 'reward_model'];

/** The data set asks for Python at the end of each statement; the solver here answers in JavaScript. */
const codeInstruction = /Write Python code to solve the problem\.[\s\S]*$/;
const answerInstruction = /Present the answer in LaTex format:[\s\S]*$/i;

/** The rows of programming of Eurus-2-RL-Data, 123 of which arXiv 2508.03682 evaluates on. */
export const eurus: Format = {
  name: 'eurus-2',
  description: 'Eurus-2-RL-Data: its programming problems',
  domain: 'coding',
  needs,
  reads: ['ability'],
  read(value, index) {
    const row = Row.safeParse(value).data;
    if (!row) {
      return 'missing_fields';
    }
    const statement = statementOf(row, codeInstruction);
    return isMathematics(row) ? 'mathematics' : statement === '' ? 'missing_fields' : readCode(row, statement, index);
  },
};

/** Its rows of mathematics whose answer is a number. */
export const eurusMathematics: Format = {
  name: 'eurus-2-math',
  description: 'Eurus-2-RL-Data: its questions of mathematics with numbers as answers',
  domain: 'algebra',
  needs,
  reads: ['ability'],
  onlyByName: true,
  read(value) {
    const row = Row.safeParse(value).data;
    if (!row) {
      return 'missing_fields';
    }
    return isMathematics(row)
      ? takeAnswered(statementOf(row, answerInstruction), row.reward_model.ground_truth)
      : 'not_mathematics';
  },
};

function isMathematics({ ability, data_source: source }: Row): boolean {
  return ability === 'math' || source.startsWith('numina');
}

function statementOf({ prompt }: Row, instruction: RegExp): string {
  const content = prompt.findLast(({ role }) => role === 'user')?.content ?? '';
  return content.replace(instruction, '').trim();
}

const Pairs = z.object({ inputs: z.array(z.unknown()), outputs: z.array(z.unknown()), fn_name: z.string().nullish() });
const text = z.union([z.string(), z.array(z.string()).transform((lines) => lines.join('\n'))]);

function readCode({ data_source: source, reward_model: model }: Row, statement: string, index: number) {
  const truth = jsonIn(model.ground_truth);
  if (truth === undefined) {
    return 'tests_not_json';
  }
  const { data: pairs } = Pairs.safeParse(truth);
  if (!pairs) {
    return 'test_shape';
  }
  if (pairs.inputs.length === 0) {
    return 'no_tests';
  }
  if (pairs.inputs.length !== pairs.outputs.length) {
    return 'unpaired_tests';
  }
  const common = {
    id: `eurus-2-${index}`,
    statement,
    limits: { timeMs: 2000, memoryMb: 256 },
    tags: [source],
    source: 'eurus-2',
  };
  return typeof pairs.fn_name === 'string' && pairs.fn_name !== ''
    ? readFunction(common, pairs.fn_name, pairs)
    : readProgram(common, pairs);
}

type PairLists = Pick<z.infer<typeof Pairs>, 'inputs' | 'outputs'>;

function readProgram(common: object, { inputs, outputs }: PairLists): Taken | ImportReason {
  const read = z.array(text).safeParse([...inputs, ...outputs]).data;
  if (!read) {
    return 'test_shape';
  }
  const tests = inputs.map((_, i) => ({ input: read[i], output: read[inputs.length + i] }));
  return takeProblem({ ...common, kind: 'program', tests });
}

function readFunction(common: object, entry: string, { inputs, outputs }: PairLists): Taken | ImportReason {
  if (!isFunctionName(entry)) {
    return 'invalid_name';
  }
  const calls = z.array(z.array(JsonValue)).safeParse(inputs).data;
  if (!calls) {
    return 'test_shape';
  }
  const tests = calls.map((input, i) => ({ input, output: outputs[i] }));
  const compare = outputs.every(isList) ? { compare: { checker: wrappedOutput } } : {};
  return takeProblem({ ...common, kind: 'function', entry, tests, ...compare });
}

function isList(output: unknown): boolean {
  return Array.isArray(output) && output.length === 1;
}

/**
 * Some sources put each output in a list, others do not, and no row says which: the data set's own judge takes either where
 * the output is a list.
 */
const wrappedOutput = `function check(input, actual, expected) {
  const same = (a, b) => {
    if (typeof a === 'number' && typeof b === 'number') {
      return a === b || (!Number.isInteger(b) && Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b)));
    }
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
      return a === b;
    }
    const keys = Object.keys(b);
    return Array.isArray(a) === Array.isArray(b) && Object.keys(a).length === keys.length &&
      keys.every((key) => Object.hasOwn(a, key) && same(a[key], b[key]));
  };
  return same(actual, expected[0]) || same(actual, expected);
}`;
