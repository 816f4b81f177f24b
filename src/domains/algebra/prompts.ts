import type { Prompt } from '../../protocol/runtime.ts';
import { type AnswerForm, directPrompt, thinkPrompt } from '../answer-form.ts';
import type { Task } from './forms.ts';

/** The three lines of a proposal with equations. */
export const headings = { problem: 'Problem:', equations: 'Equations:', find: 'Find:' } as const;
/** What the chosen question of a proposal in the paper's layout stands behind. */
export const selectedHeading = 'Selected Question:';

interface Exemplar {
  problem: string;
  find: string;
  equations: string;
}

/** One for each number of unknowns; handing one in again is no question. */
export const exemplars: readonly [Exemplar, Exemplar] = [
  {
    problem:
      'A plumber asks 35 dollars for coming and 48 dollars for every hour of work. One bill was 251 dollars. How many hours did the plumber work?',
    find: 'h',
    equations: '35 + 48*h = 251',
  },
  {
    problem:
      'A ferry carried 41 vehicles, cars and motorcycles. Together they had 132 wheels. How many motorcycles were on the ferry?',
    find: 'm',
    equations: 'c + m = 41, 4*c + 2*m = 132',
  },
];

/** What a problem turns on, so that groups differ. */
const themes = [
  'tickets of two prices',
  'the ages of two people',
  'coins in a jar',
  'a mixture of two kinds of tea',
  'two trains and their speeds',
  'animals on a farm',
  'the sides of a rectangle',
  'savings and weekly pocket money',
  'pages read in a book',
  'a phone plan with a monthly fee',
  'two numbers and their difference',
  'wages for normal and extra hours',
  'cakes and pies at a bakery',
  'points for goals and penalties',
  'water running into two tanks',
  'seats in buses and vans',
  'a recipe for more guests',
  'plants in rows of two lengths',
];

/**
 * Asks for a word problem with its equations in a fixed layout, so that they can be solved exactly. `variant` draws theme
 * and number of unknowns.
 */
export function equationsProposerPrompt(variant: number): Prompt {
  const theme = themes[variant % themes.length] ?? '';
  const unknowns = Math.floor(variant / themes.length) % 2 === 0 ? 2 : 1;
  const { problem, find, equations } = unknowns === 1 ? exemplars[0] : exemplars[1];
  const content = `Write an algebra word problem about ${theme}. It has ${unknowns === 1 ? 'one unknown' : 'two unknowns'} and is solved by ${unknowns === 1 ? 'one linear equation' : 'two linear equations'} with whole numbers. Do not solve it.
Below the problem write the letter of the unknown that is asked for, then the equations. Every unknown is one letter. This is the form:

${headings.problem} ${problem}
${headings.find} ${find}
${headings.equations} ${equations}

Write a different problem in the same form, with other numbers and letters.`;
  return { messages: [{ role: 'user', content }], prefill: headings.problem };
}

/** Asks for three problems and a choice among them (arXiv 2508.03682, in other words). */
export function selectedProposerPrompt(): Prompt {
  const content = `Invent three algebra word problems that have little in common. Each is solved by linear equations with whole-number coefficients in one or two unknowns, and has exactly one solution, a rational number. Do not solve them.
Then choose the last of the three and write it out once more behind the words "${selectedHeading}". Nothing follows it.`;
  return { messages: [{ role: 'user', content }] };
}

/** Texts that end a proposal with equations: another problem, or a solution. */
export const equationsStops: readonly string[] = ['\nProblem', '\nSolution', '\nAnswer', '```'];

/** Texts that end a working. */
export const workingStops: readonly string[] = ['</answer>'];

/** Asks for the unknown; the solver sees the story and, where the question has them, its equations. */
export function solverPrompt({ story, line, first }: Task, form: AnswerForm): Prompt {
  const question = [story, line ?? ''].filter((part) => part !== '').join('\n\n');
  switch (form) {
    case 'direct':
      return directPrompt('Solve the problem.', question);
    case 'think':
      return thinkPrompt(question);
    case 'working':
      return workingPrompt(question, first);
  }
}

const example = `Solve 7*k = 2*k + 3*n + 29, n - 13 = -4*k for n.
Move all unknowns to the left: 5*k - 3*n = 29; 4*k + n = 13. Express one by the other: n = 13 - 4*k. Put it in: 5*k - 39 + 12*k = 29, so 17*k = 68, k = 4. Then n = 13 - 16 = -3. <answer>-3</answer>`;

/** Asks for a working; the prefill begins it, since a model that may answer at once does so. */
function workingPrompt(question: string, first: string | undefined): Prompt {
  const content = `Solve the problem step by step, as in this example:\n\n${example}\n\n${question}`;
  const prefill = first === undefined ? 'Let us begin:' : 'Move all unknowns to the left:';
  return { messages: [{ role: 'user', content }], prefill };
}
