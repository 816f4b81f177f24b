import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { Problem } from '../../protocol/problem.ts';
import { ensureFolder } from '../run-store.ts';
import { type SolutionLanguage, solutionFolder, solutionTemplate } from './template.ts';

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
  const name = solutionFolder(origin);
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
