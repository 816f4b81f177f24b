import type { AssertionProblem, FunctionProblem, Problem, ProgramProblem } from '../../protocol/problem.ts';
import type { Prompt } from '../../protocol/runtime.ts';
import { exemplars, ideas, openings, type Exemplar, type Opening } from './exemplars.ts';
import { openingsFor } from './topics.ts';

/** The fence that a code answer begins with; no white space behind it, the model brings its own line break. */
const fence = '```js';

/**
 * How a program reads its input. Left to itself a small model asks for it line by line with prompts on standard output, and
 * fails every test; with lines before it, it takes numbers of one line for lines (docs/log.md, "Whole programs that the
 * default model can write").
 */
const reading = {
  lines: "const lines = require('fs').readFileSync(0, 'utf8').trim().split('\\n');",
  numbers: "const numbers = require('fs').readFileSync(0, 'utf8').trim().split(/\\s+/).map(Number);",
} as const;

/** Every input of the problem is one line of integers. */
function readsNumbers({ tests }: ProgramProblem): boolean {
  return tests.every(({ input }) => /^\s*-?\d+([^\S\n]+-?\d+)*\s*$/.test(input));
}

/** What a code-shaped proposer prompt is made of. Without an exemplar the form is only described. */
export interface ProposalParts {
  opening: Opening;
  exemplar?: Exemplar;
  /** What the exercise shall be about. */
  subject?: string;
}

/**
 * Asks for an exercise as a small JavaScript file: a small coder model keeps to code where it loses a prose layout.
 * The prefill fixes the first words, the exemplar the form; `variant` draws both, and an idea, so that groups differ.
 */
export function executedProposerPrompt(topic: string, variant: number): Prompt {
  const { opening, exemplar, idea } = draw(topic, variant);
  return composeExecuted({ opening, exemplar, subject: subjectOf(topic, idea) });
}

/** The proposer prompt of mode `executed` from its parts. */
export function composeExecuted({ opening, exemplar, subject }: ProposalParts): Prompt {
  const form = exemplar
    ? `This is the form:\n\n${fence}\n${printExemplar(exemplar)}\n\`\`\`\n\nWrite a different exercise in the same form.`
    : 'Write only the file.';
  const content = `Write a JavaScript file with an original programming exercise, easy enough for a beginner.
It has a doc comment that states the exercise in one to three plain sentences, a short function solve(${opening.parameters}) that solves it, and five calls of solve with different arguments.
${form}${subject === undefined ? '' : ` ${subject}`}`;
  return { messages: [{ role: 'user', content }], prefill: `${fence}\n/**\n * ${opening.text}` };
}

/** The layout of the paper: a description, then tests as lines `INPUT ||| OUTPUT` (arXiv 2508.03682, appendix). */
export function writtenProposerPrompt(topic: string, variant: number): Prompt {
  const { idea } = draw(topic, variant);
  const content = `Write an original programming exercise, easy enough for a beginner.
The input is one line of integers. The output is one integer or one line of integers.
First comes the description, in one to three plain sentences. Then come five test cases, each on a line of its own: the input, three bars, the output.
This is the form:

${writtenHeading}
${writtenExemplar.statement}
${testsHeading}
${writtenExemplar.tests.join('\n')}

Write a different exercise in the same form, with test cases of its own. ${subjectOf(topic, idea)}`;
  return { messages: [{ role: 'user', content }], prefill: `${writtenHeading}\nGiven a list of integers, output` };
}

/** Heading of the description in mode `written`. */
export const writtenHeading = 'Problem Description:';
/** Heading of the tests in mode `written`. */
export const testsHeading = 'Test Cases:';

/** The worked example of mode `written`. */
export const writtenExemplar = {
  statement: 'Given a list of integers, output how many of them are larger than the integer directly before them.',
  tests: ['1 3 2 5 ||| 2', '4 4 4 ||| 0', '-2 -1 ||| 1', '9 7 8 1 6 ||| 2', '5 ||| 0'],
};

/** The statement and the signature; nothing else of the question may be seen by the solver. */
export function solverPromptFor(problem: Problem): Prompt {
  if (problem.kind === 'program') {
    const content = `Write a JavaScript program for Node.js that solves this problem. It reads standard input and writes its answer with console.log. Answer with the code only.\n\n${problem.statement}`;
    const prefill = `${fence}\n${reading[readsNumbers(problem) ? 'numbers' : 'lines']}\n`;
    return { messages: [{ role: 'user', content }], prefill };
  }
  if (problem.kind === 'assertions') {
    return assertionPrompt(problem);
  }
  const signature = signatureOf(problem);
  const content = `Write the JavaScript function ${signature} that solves this problem and returns the result. Answer with the code only.\n\n${problem.statement}`;
  return { messages: [{ role: 'user', content }], prefill: `${fence}\nfunction ${signature} {` };
}

const languageNames = { javascript: 'JavaScript', typescript: 'TypeScript', python: 'Python' } as const;

/** The head is what the answer begins with, as in the benchmark that it comes from; its stop texts end the answer. */
function assertionPrompt({ language, statement, head, stop }: AssertionProblem): Prompt {
  const opening = language === 'javascript' ? fence : `\`\`\`${language}`;
  if (head === undefined) {
    const content = `Write ${languageNames[language]} code that solves this problem. Answer with the code only.\n\n${statement}`;
    return { messages: [{ role: 'user', content }], prefill: opening, stop };
  }
  const content = `Complete this ${languageNames[language]} code. Answer with the code only.\n\n${opening}\n${head.trimEnd()}\n\`\`\``;
  return { messages: [{ role: 'user', content }], prefill: `${opening}\n${head.trimEnd()}`, stop };
}

/** `solve(nums, k)`. */
export function signatureOf(problem: FunctionProblem): string {
  const longest = Math.max(...problem.tests.map((test) => test.input.length));
  const parameters = problem.parameters ?? Array.from({ length: longest }, (_, i) => `arg${i}`);
  return `${problem.entry}(${parameters.join(', ')})`;
}

/** Statements that a prompt shows: handing one in again is no question. */
export function shownStatements(): string[] {
  return [...exemplars.map((exemplar) => exemplar.statement), writtenExemplar.statement];
}

function draw(topic: string, variant: number): { opening: Opening; exemplar: Exemplar; idea: string } {
  const choices = openingsFor(topic, openings);
  const opening = pick(choices, variant);
  const rest = Math.floor(variant / choices.length);
  const others = exemplars.filter((exemplar) => exemplar.kind !== opening.kind);
  return { opening, exemplar: pick(others, rest), idea: pick(ideas, rest + variant) };
}

function pick<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) {
    throw new RangeError(`variant must be a non-negative integer, not ${index}`);
  }
  return item;
}

function subjectOf(topic: string, idea: string): string {
  return topic.trim() === '' ? `Let it turn on ${idea}.` : `Its topic is ${topic.trim()}; let it turn on ${idea}.`;
}

function printExemplar({ parameters, statement, body, calls }: Exemplar): string {
  const lines = calls.map((call) => `console.log(solve(${call}));`);
  return `/**\n * ${statement}\n */\nfunction solve(${parameters}) {\n${body}\n}\n\n${lines.join('\n')}`;
}
