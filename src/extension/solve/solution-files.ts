import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { Problem } from '../../protocol/problem.ts';
import { ensureFolder } from '../run-store.ts';
import { testsOf } from '../../view/domains/coding.ts';

export type SolutionLanguage = 'javascript' | 'typescript';

/** A file of the person's own, with the problem beside it. */
export interface SolutionFile {
  path: string;
  problem: Problem;
  /** The run's problem that it is about: for "Show the model's answers". */
  origin: { dir: string; step: number; id: string };
}

const names = { problem: 'problem.json', origin: 'origin.json' };

/** Where solutions lie: in the extension's storage, which is writable whatever the workspace is. */
export function solutionsFolder(context: vscode.ExtensionContext): string {
  return join(context.globalStorageUri.fsPath, 'solutions');
}

/** The file for a problem; made with statement, examples and an empty function where it is new. */
export function openSolution(
  context: vscode.ExtensionContext,
  problem: Problem,
  origin: SolutionFile['origin'],
  language: SolutionLanguage,
): SolutionFile {
  // Ids repeat in every run: the run's folder is part of the name.
  const run = createHash('sha256').update(origin.dir).digest('hex').slice(0, 8);
  const name = `${origin.step}-${origin.id}-${run}`.replaceAll(/[^\w-]+/g, '_').slice(-100);
  const folder = ensureFolder(join(solutionsFolder(context), name));
  const path = join(folder, `solution.${language === 'typescript' ? 'ts' : 'js'}`);
  writeFileSync(join(folder, names.problem), JSON.stringify(problem));
  writeFileSync(join(folder, names.origin), JSON.stringify(origin));
  if (!existsSync(path)) {
    writeFileSync(path, solutionTemplate(problem, language));
  }
  return { path, problem, origin };
}

/** The solution that a document is, if it is one. */
export function solutionOf(context: vscode.ExtensionContext, uri: vscode.Uri): SolutionFile | undefined {
  const folder = dirname(uri.fsPath);
  if (dirname(folder) !== solutionsFolder(context) || !/solution\.[jt]s$/.test(uri.fsPath)) {
    return undefined;
  }
  try {
    const problem = Problem.parse(JSON.parse(readFileSync(join(folder, names.problem), 'utf8')));
    const origin = JSON.parse(readFileSync(join(folder, names.origin), 'utf8')) as SolutionFile['origin'];
    return { path: uri.fsPath, problem, origin };
  } catch {
    return undefined;
  }
}

/** Every solution that was begun, for the Test Explorer. */
export function allSolutions(context: vscode.ExtensionContext): SolutionFile[] {
  const root = solutionsFolder(context);
  if (!existsSync(root)) {
    return [];
  }
  return readdirSync(root).flatMap((folder) =>
    ['solution.js', 'solution.ts']
      .map((file) => join(root, folder, file))
      .filter((path) => existsSync(path))
      .flatMap((path) => solutionOf(context, vscode.Uri.file(path)) ?? []),
  );
}

/** Statement and examples as a comment, then what a solution begins with. */
export function solutionTemplate(problem: Problem, language: SolutionLanguage): string {
  const examples = testsOf(problem)
    .slice(0, 3)
    .map(({ input, expected }) =>
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
