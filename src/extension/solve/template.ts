import { createHash } from 'node:crypto';
import type { Problem } from '../../protocol/problem.ts';
import { testsOf } from '../../view/domains/coding.ts';

/** Languages that a person may solve problems in. */
export type SolutionLanguage = 'javascript' | 'typescript';

/** Name of the folder of a solution. Ids repeat in every run: the run's folder is part of it. */
export function solutionFolder({ dir, step, id }: { dir: string; step: number; id: string }): string {
  const run = createHash('sha256').update(dir).digest('hex').slice(0, 8);
  return `${step}-${id}-${run}`.replaceAll(/[^\w-]+/g, '_').slice(-100);
}

/** Statement and examples as a comment, then what a solution begins with. */
export function solutionTemplate(problem: Problem, language: SolutionLanguage): string {
  const shown = problem.kind === 'assertions' ? [] : testsOf(problem).slice(0, 3);
  const examples = shown.map(({ input, expected }) =>
    problem.kind === 'function'
      ? ` * ${problem.entry}(${input}) → ${expected}`
      : ` * ${input.trim()} → ${expected.trim()}`,
  );
  const statement = problem.statement.split('\n').map((line) => ` * ${line}`.trimEnd());
  // A comment ends at the first `*/`, wherever it comes from.
  const body = [...statement, ' *', ...examples].join('\n').replaceAll('*/', '*\\/');
  const comment = `/**\n${body}\n */`;
  return `${comment}\n${starterOf(problem, language)}`;
}

function starterOf(problem: Problem, language: SolutionLanguage): string {
  if (problem.kind === 'assertions') {
    return `${problem.head?.trimEnd() ?? ''}\n`;
  }
  if (problem.kind === 'program') {
    return "const input = require('fs').readFileSync(0, 'utf8');\n\nconsole.log(input);\n";
  }
  const count = Math.max(...problem.tests.map(({ input }) => input.length));
  const parameters = problem.parameters ?? Array.from({ length: count }, (_, i) => (count === 1 ? 'input' : `arg${i}`));
  const typed = parameters.map((name, i) =>
    language === 'typescript' ? `${name}: ${typeOf(problem.tests.map(({ input }) => input[i]))}` : name,
  );
  const result = language === 'typescript' ? `: ${typeOf(problem.tests.map(({ output }) => output))}` : '';
  return `function ${problem.entry}(${typed.join(', ')})${result} {\n  \n}\n`;
}

/** A TypeScript type that fits the examples; `unknown` where they disagree. */
function typeOf(values: readonly unknown[]): string {
  const types = new Set(values.map((value) => typeOfOne(value)));
  types.delete('never[]');
  return types.size === 1 ? [...types][0]! : types.size === 0 ? 'unknown[]' : 'unknown';
}

function typeOfOne(value: unknown): string {
  if (Array.isArray(value)) {
    return value.length === 0 ? 'never[]' : `${typeOf(value)}[]`;
  }
  if (value === null) {
    return 'null';
  }
  return typeof value === 'object' ? 'Record<string, unknown>' : typeof value;
}
