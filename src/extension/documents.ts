import * as vscode from 'vscode';
import { documentScheme } from './contributions.ts';
import type { Services } from './services.ts';
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
