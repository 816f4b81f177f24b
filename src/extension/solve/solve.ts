import * as vscode from 'vscode';
import { BoundaryError } from '../../base/errors.ts';
import type { JudgeResult } from '../../protocol/problem.ts';
import { ActionableError } from '../actionable-error.ts';
import { commands, internalCommands, views } from '../contributions.ts';
import { type ProblemPlace } from '../panels/problem-panel.ts';
import { judgeProgram } from '../judge.ts';
import { type Disposables, NoRunError, type Services, guarded } from '../services.ts';
import { requireTrust } from '../trust.ts';
import { setting } from '../settings.ts';
import { problemOf, testsOf } from '../../view/domains/coding.ts';
import { verdictWord } from '../../view/words.ts';
import { t } from '../translate.ts';
import { type SolutionFile, allSolutions, openSolution, solutionOf, solutionsFolder } from './solution-files.ts';

/** "Solve it yourself": a file with the statement, code lenses above it, results in the Test Explorer. */
export function registerSolving(services: Services): Disposables {
  const { context } = services;
  const controller = vscode.tests.createTestController('selfQuestioning', 'Self-Questioning');
  const add = (solution: SolutionFile): vscode.TestItem => addTests(controller, solution);
  controller.resolveHandler = (item) => {
    if (!item) {
      allSolutions(context).forEach(add);
    }
  };
  const profile = controller.createRunProfile(
    vscode.l10n.t('Run in the Sandbox'),
    vscode.TestRunProfileKind.Run,
    (request, token) => runTests(services, controller, request, token),
    true,
  );
  const pattern = {
    scheme: 'file',
    pattern: new vscode.RelativePattern(vscode.Uri.file(solutionsFolder(context)), '*/solution.{js,ts}'),
  };
  return [
    controller,
    profile,
    vscode.languages.registerCodeLensProvider(pattern, { provideCodeLenses: (document) => lenses(context, document) }),
    vscode.workspace.onDidOpenTextDocument((document) => {
      const solution = solutionOf(context, document.uri);
      if (solution) {
        add(solution);
      }
    }),
    vscode.commands.registerCommand(
      commands.solveYourself,
      guarded(services, async (argument?: ProblemPlace | { entry: ProblemPlace; run: { dir: string } }) => {
        const place = argument && 'entry' in argument ? { ...argument.entry, dir: argument.run.dir } : argument;
        const solution = place ? openFor(services, place) : await chooseProblem(services);
        if (solution) {
          add(solution);
          await vscode.window.showTextDocument(vscode.Uri.file(solution.path));
        }
      }),
    ),
    vscode.commands.registerCommand(
      internalCommands.runTests,
      guarded(services, async (uri: vscode.Uri) => {
        const solution = solutionOf(context, uri);
        if (solution) {
          const request = new vscode.TestRunRequest([add(solution)]);
          await vscode.commands.executeCommand('testing.showMostRecentOutput').then(undefined, () => undefined);
          await runTests(services, controller, request, new vscode.CancellationTokenSource().token);
        }
      }),
    ),
    vscode.commands.registerCommand(
      internalCommands.showModelAnswers,
      guarded(services, async (uri: vscode.Uri) => {
        const origin = solutionOf(context, uri)?.origin;
        if (origin) {
          await vscode.commands.executeCommand(internalCommands.openProblem, origin.dir, origin.step, origin.id);
        }
      }),
    ),
  ];
}

function openFor({ context, store }: Services, { dir, step, id }: ProblemPlace): SolutionFile {
  const question = store
    .steps(dir)
    .questions(step)
    .find((question) => question.id === id);
  const problem = question && problemOf(question.content);
  if (!problem) {
    throw new BoundaryError(
      'usage',
      question
        ? vscode.l10n.t('This question has no tests.')
        : vscode.l10n.t('This proposal was rejected: it has no tests.'),
      vscode.l10n.t('Choose an accepted problem.'),
    );
  }
  return openSolution(context, problem, { dir, step, id }, setting('solveLanguage'));
}

/** From the palette: one of the accepted problems of the latest steps. */
async function chooseProblem(services: Services): Promise<SolutionFile | undefined> {
  const run = services.store.selected;
  if (!run) {
    throw new NoRunError();
  }
  const reader = services.store.steps(run.dir);
  const items = reader
    .steps()
    .slice(-10)
    .reverse()
    .flatMap((step) =>
      reader
        .questions(step)
        .filter(({ content }) => problemOf(content) !== undefined)
        .map(({ id, statement }) => ({
          label: statement.split('\n')[0] ?? id,
          description: vscode.l10n.t('step {0}', String(step)),
          place: { dir: run.dir, step, id },
        })),
    );
  if (items.length === 0) {
    throw new ActionableError(
      'usage',
      vscode.l10n.t('{0} has no problems with tests.', run.name),
      vscode.l10n.t('Only these can be solved by yourself: choose another run.'),
      {
        title: vscode.l10n.t('Show Runs'),
        run: () => vscode.commands.executeCommand(`${views.runs}.focus`),
      },
    );
  }
  const chosen = await vscode.window.showQuickPick(items, {
    title: run.name,
    placeHolder: vscode.l10n.t('Which problem do you want to solve?'),
  });
  return chosen && openFor(services, chosen.place);
}

function lenses(context: vscode.ExtensionContext, document: vscode.TextDocument): vscode.CodeLens[] {
  const solution = solutionOf(context, document.uri);
  if (!solution) {
    return [];
  }
  const line = Math.max(
    0,
    document
      .getText()
      .split('\n')
      .findIndex((text) => /^(?:async )?function |^const /.test(text)),
  );
  const range = new vscode.Range(line, 0, line, 0);
  return [
    new vscode.CodeLens(range, {
      title: `$(play) ${vscode.l10n.t('Run tests')}`,
      command: internalCommands.runTests,
      arguments: [document.uri],
    }),
    new vscode.CodeLens(range, {
      title: vscode.l10n.t("Show the model's answers"),
      command: internalCommands.showModelAnswers,
      arguments: [document.uri],
    }),
  ];
}

/** One item for the file and one for each test of its problem. */
function addTests(controller: vscode.TestController, { path, problem }: SolutionFile): vscode.TestItem {
  const uri = vscode.Uri.file(path);
  const known = controller.items.get(path);
  if (known) {
    return known;
  }
  const item = controller.createTestItem(path, problem.statement.split('\n')[0] ?? problem.id, uri);
  item.range = new vscode.Range(0, 0, 0, 0);
  testsOf(problem).forEach(({ input }, index) => {
    const label = `${problem.kind === 'function' ? problem.entry : ''}(${input.trim().slice(0, 80)})`;
    const test = controller.createTestItem(`${path}#${index}`, label, uri);
    test.sortText = String(index).padStart(4, '0');
    item.children.add(test);
  });
  controller.items.add(item);
  return item;
}

async function runTests(
  services: Services,
  controller: vscode.TestController,
  request: vscode.TestRunRequest,
  token: vscode.CancellationToken,
): Promise<void> {
  const run = controller.createTestRun(request);
  const roots = new Set([...(request.include ?? allItems(controller))].map((item) => item.parent ?? item));
  try {
    requireTrust();
    for (const root of roots) {
      const included = (request.include ?? [...roots]).filter((item) => item === root || item.parent === root);
      await runSolution(services, run, root, included, token);
    }
  } finally {
    run.end();
  }
}

function allItems(controller: vscode.TestController): vscode.TestItem[] {
  return [...controller.items].map(([, item]) => item);
}

/** Judges the text as it stands in the editor, saved or not, with the real sandbox. */
async function runSolution(
  services: Services,
  run: vscode.TestRun,
  root: vscode.TestItem,
  included: readonly vscode.TestItem[],
  token: vscode.CancellationToken,
): Promise<void> {
  const solution = root.uri && solutionOf(services.context, root.uri);
  if (!solution) {
    return;
  }
  const tests = [...root.children].map(([, item]) => item);
  const shown = included.includes(root) ? tests : tests.filter((test) => included.includes(test));
  shown.forEach((test) => run.started(test));
  try {
    const result = await judge(services, solution, token);
    run.appendOutput(
      `${result.verdict}: ${result.passed}/${result.total}${result.message ? ` ${result.message}` : ''}\r\n`,
    );
    tests.forEach((test, index) => shown.includes(test) && report(run, test, result, index));
    tell(result);
  } catch (error) {
    const message = new vscode.TestMessage(error instanceof Error ? error.message : String(error));
    shown.forEach((test) => run.errored(test, message));
  }
}

/** The count, and the first difference, without a way through the Testing view. */
function tell({ verdict, passed, total, tests }: JudgeResult): void {
  const count = vscode.l10n.t('{0} of {1} tests passed', String(passed), String(total));
  if (verdict === 'AC') {
    void vscode.window.showInformationMessage(`✓ ${count}`);
    return;
  }
  const index = tests.findIndex((test) => test.verdict !== 'AC');
  const failed = tests[index];
  const { expected, actual } = failed ?? {};
  const words =
    expected !== undefined && actual !== undefined
      ? vscode.l10n.t('Test {0}: expected {1}, got {2}.', String(index + 1), clip(expected), clip(actual))
      : `${verdictWord(t, failed?.verdict ?? verdict)}${failed?.message === undefined ? '' : `: ${clip(failed.message)}`}.`;
  void vscode.window.showWarningMessage(`${count}. ${words}`);
}

/** Longest value in a message, in characters. */
const clipLength = 120;

function clip(text: string): string {
  return text.length > clipLength ? `${text.slice(0, clipLength - 1)}…` : text.trim();
}

function report(run: vscode.TestRun, test: vscode.TestItem, result: JudgeResult, index: number): void {
  const outcome = result.tests[index];
  if (outcome?.verdict === 'AC') {
    run.passed(test, outcome.timeMs);
    return;
  }
  if (outcome?.actual !== undefined && outcome.expected !== undefined) {
    run.failed(
      test,
      vscode.TestMessage.diff(outcome.difference ?? outcome.verdict, outcome.expected, outcome.actual),
      outcome.timeMs,
    );
    return;
  }
  const words = [outcome?.verdict ?? result.verdict, outcome?.message ?? result.message ?? ''].join(' ').trim();
  const message = new vscode.TestMessage(words);
  run.failed(test, message, outcome?.timeMs);
}

async function judge(
  services: Services,
  { path, problem }: SolutionFile,
  token: vscode.CancellationToken,
): Promise<JudgeResult> {
  const document = await vscode.workspace.openTextDocument(path);
  const language = path.endsWith('.ts') ? 'typescript' : 'javascript';
  return judgeProgram(services, { problem, source: document.getText(), language }, token);
}
