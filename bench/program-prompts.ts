/**
 * Which form of the solver's prompt lets a model write whole programs that read their input: right answers on the
 * validation problems of `codeforces-style`, for several forms.
 *
 * usage: node --no-node-snapshot bench/program-prompts.ts [--model NAME] [--forms none,prefilled,numbers,words,example]
 *   [--samples 1] [--limit N] [--threads N] [--out FILE]
 * Greedy with one sample, at temperature 1 with more. `--out` appends every answer with its mark as JSONL.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Answering, evaluate } from '../src/benchmarks/evaluate.ts';
import { loadBenchmark } from '../src/benchmarks/registry.ts';
import { contextFor } from '../src/benchmarks/room.ts';
import { optional } from '../src/base/optional.ts';
import { resolveConfig } from '../src/config/resolve.ts';
import { type Domain, firstPrompt, type Question } from '../src/domains/domain.ts';
import type { Evaluation } from '../src/protocol/records.ts';
import type { Prompt } from '../src/protocol/runtime.ts';
import { openBenchModel, scriptArguments } from './policy.ts';
import { createPlayground } from './self-play.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    forms: { type: 'string', default: 'none,prefilled,numbers,words,example' },
    samples: { type: 'string', default: '1' },
    limit: { type: 'string' },
    threads: { type: 'string' },
    out: { type: 'string' },
  },
});

const task = 'Write a JavaScript program for Node.js that solves this problem.';
const reading = "const lines = require('fs').readFileSync(0, 'utf8').trim().split('\\n');";
const inWords =
  "The program gets the whole standard input at once as a text by require('fs').readFileSync(0, 'utf8'), prints nothing but the answer, and prints it with console.log.";
const plainly = 'It reads standard input and writes its answer with console.log.';
const codeOnly = 'Answer with the code only.';

/** A program for a problem that is in no shipped set: how many of the numbers on the second line are negative. */
const exampleProgram = `\`\`\`js
${reading}
const nums = lines[1].split(' ').map(Number);
console.log(nums.filter((x) => x < 0).length);
\`\`\``;

/** Each form: what is said before the statement, and what the answer begins with behind its fence. */
const forms: Readonly<Record<string, { said: string; prefill: string }>> = {
  none: { said: `${task} ${plainly} ${codeOnly}`, prefill: '' },
  prefilled: { said: `${task} ${plainly} ${codeOnly}`, prefill: `\n${reading}\n` },
  numbers: {
    said: `${task} ${plainly} ${codeOnly}`,
    prefill: "\nconst numbers = require('fs').readFileSync(0, 'utf8').trim().split(/\\s+/).map(Number);\n",
  },
  words: { said: `${task} ${inWords} ${codeOnly}`, prefill: '' },
  'words, prefilled': { said: `${task} ${inWords} ${codeOnly}`, prefill: `\n${reading}\n` },
  example: {
    said: `${task} ${plainly} ${codeOnly} This program, for example, reads a line with the length of a list and a line with the list, and counts its negative numbers:\n\n${exampleProgram}\n\nThe problem:`,
    prefill: '',
  },
};

const samples = Number(values.samples);
const config = resolveConfig('quick', { domain: 'coding' });
const answering: Answering = {
  ...{ samples, temperature: samples === 1 ? 0 : 1 },
  ...{ seed: 1, maxTokens: config.maxAnswerTokens },
};
const model = await openBenchModel(scriptArguments(values), {
  onFetch: ({ id }, { stage }) => console.error(`${id}: ${stage}`),
});
// As long as the longest prompt of any form needs.
const contextTokens = contextFor(1536, answering.maxTokens, []);
const runtime = await model.start({ slots: 16, contextTokens });
const { domain, sandbox } = await createPlayground(config, runtime);
try {
  const limit = values.limit === undefined ? undefined : Number(values.limit);
  const benchmark = await loadBenchmark('codeforces-style', domain, {
    split: 'validation',
    ...optional('limit', limit),
  });
  console.log('| form | right | some tests passed | masked | cut off | tokens | seconds |');
  console.log('|---|---|---|---|---|---|---|');
  for (const name of values.forms.split(',').map((each) => each.trim().replaceAll('+', ', '))) {
    const form = forms[name];
    if (!form) {
      throw new RangeError(`there is no form "${name}"; choose from ${Object.keys(forms).join('; ')} (", " as "+")`);
    }
    const asking = inForm(domain, form);
    const evaluation = await evaluate(
      benchmark,
      { step: 0, model: model.id, modelHash: '', adapter: null, precision: model.precision },
      answering,
      {
        domain: asking,
        generate: (requests) => runtime.call('generate', { requests, adapter: false }),
        room: {
          contextTokens,
          countTokens: (prompts) => runtime.call('countTokens', { prompts: [...prompts] }),
        },
      },
    );
    console.log(row(name, evaluation));
  }
} finally {
  await sandbox.close();
  await runtime.close();
  await model.close();
}

/** The domain with another prompt for whole programs. */
function inForm(domain: Domain, { said, prefill }: { said: string; prefill: string }): Domain {
  const prompts = (question: Question): Prompt[] => {
    const { messages, prefill: usual } = firstPrompt(domain, question);
    if (messages.length === 0) {
      throw new RangeError(`${question.id} has no prompt`);
    }
    const fence = (usual ?? '').split('\n', 1)[0] ?? '';
    return [
      { messages: [{ role: 'user', content: `${said}\n\n${question.statement}` }], prefill: `${fence}${prefill}` },
    ];
  };
  return { ...domain, solver: { ...domain.solver, prompts } };
}

/** One row of the table. */
function row(name: string, { problems, seconds, tokens }: Evaluation): string {
  const answers = problems.flatMap((problem) => problem.answers.map((answer) => ({ id: problem.id, ...answer })));
  if (values.out) {
    appendFileSync(values.out, answers.map((answer) => `${JSON.stringify({ form: name, ...answer })}\n`).join(''));
  }
  const having = (test: (answer: (typeof answers)[number]) => boolean): number => answers.filter(test).length;
  return `| ${[
    name,
    `${having(({ mark }) => mark === 'right')} of ${answers.length}`,
    having(({ mark }) => mark === 'partial'),
    having(({ mark }) => mark === 'masked'),
    having(({ tokens: length }) => length >= answering.maxTokens),
    tokens,
    seconds.toFixed(0),
  ].join(' | ')} |`;
}
