import * as vscode from 'vscode';
import { documentScheme } from './contributions.ts';
import type { Services } from './services.ts';
import type { Evaluation } from '../protocol/records.ts';
import { type PairAnswers, pairAnswers } from '../view/comparison-model.ts';
import { answersOf } from '../view/problem-model.ts';

/**
 * An answer of the model as a read-only document: `self-questioning:/answer-2.js?<place>`. The program where it was run,
 * else the whole text.
 */
export function answerUri(
  place: { dir: string; step: number; id: string },
  answer: number,
  isProgram: boolean,
): vscode.Uri {
  const { dir, step, id } = place;
  const query = JSON.stringify({ dir, step, id, answer });
  return vscode.Uri.from({ scheme: documentScheme, path: `/answer-${answer + 1}.${isProgram ? 'js' : 'txt'}`, query });
}

const comparedFolder = '/compared/';
/** The two results whose answers are shown as documents: those of the latest comparison. */
let compared: { before: Evaluation; after: Evaluation } | undefined;

/** Makes the answers of two results readable through {@link comparedAnswerUri}. */
export function keepComparison(before: Evaluation, after: Evaluation): void {
  compared = { before, after };
}

/** An answer of one of the two results as a read-only document. */
export function comparedAnswerUri(side: 'before' | 'after', id: string, sample: number): vscode.Uri {
  const isProgram = pairOf(id)?.after.some(({ verdict }) => verdict !== undefined) === true;
  const query = JSON.stringify({ side, id, sample });
  const path = `${comparedFolder}${side}-${sample + 1}.${isProgram ? 'js' : 'txt'}`;
  return vscode.Uri.from({ scheme: documentScheme, path, query });
}

function pairOf(id: string): PairAnswers | undefined {
  return compared && pairAnswers(compared.before, compared.after, id);
}

function comparedText(query: string): string {
  const { side, id, sample } = JSON.parse(query) as { side: 'before' | 'after'; id: string; sample: number };
  const answer = pairOf(id)?.[side][sample];
  const gone = vscode.l10n.t('This answer was not kept. Open the comparison again.');
  return answer === undefined ? gone : answer.verdict === undefined ? answer.completion : answer.answer;
}

const reportFolder = '/reports/';
/** What was shown in this window, by path. */
const reports = new Map<string, string>();
const reportChanged = new vscode.EventEmitter<vscode.Uri>();

/** Shows Markdown as a page; the same `name` takes the place of the one before. */
export async function showReport(name: string, markdown: string): Promise<void> {
  const path = `${reportFolder}${name.replaceAll(/[^\p{L}\p{N}._ -]/gu, '-')}.md`;
  const uri = vscode.Uri.from({ scheme: documentScheme, path });
  reports.set(path, markdown);
  reportChanged.fire(uri);
  await vscode.commands.executeCommand('markdown.showPreview', uri);
}

/** Serves answers from the run's record, and reports; nothing is written anywhere. */
export function registerDocuments({ store }: Services): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(documentScheme, {
    onDidChange: reportChanged.event,
    provideTextDocumentContent(uri) {
      if (uri.path.startsWith(reportFolder)) {
        return reports.get(uri.path) ?? vscode.l10n.t('This report was not kept. Make it again.');
      }
      if (uri.path.startsWith(comparedFolder)) {
        return comparedText(uri.query);
      }
      const { dir, step, id, answer } = JSON.parse(uri.query) as Parameters<typeof answerUri>[0] & { answer: number };
      const found = store.find(dir) && answersOf(store.steps(dir).read(step), id)[answer];
      return found
        ? uri.path.endsWith('.js')
          ? found.answer
          : found.text
        : vscode.l10n.t('This answer is no longer in the record of its run.');
    },
  });
}
