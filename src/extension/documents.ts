import * as vscode from 'vscode';
import { documentScheme } from './contributions.ts';
import type { Services } from './services.ts';
import { answersOf } from './view-model/problem-model.ts';

/** An answer of the model as a read-only document: `self-questioning:/answer-2.js?<place>`. */
export function answerUri(place: { dir: string; step: number; id: string }, answer: number): vscode.Uri {
  const { dir, step, id } = place;
  const query = JSON.stringify({ dir, step, id, answer });
  return vscode.Uri.from({ scheme: documentScheme, path: `/answer-${answer + 1}.js`, query });
}

/** Serves the answers from the run's record; nothing is written anywhere. */
export function registerDocuments({ store }: Services): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(documentScheme, {
    provideTextDocumentContent(uri) {
      const { dir, step, id, answer } = JSON.parse(uri.query) as Parameters<typeof answerUri>[0] & { answer: number };
      const found = store.find(dir) && answersOf(store.steps(dir).read(step), id)[answer];
      return found?.answer ?? vscode.l10n.t('This answer is no longer in the record of its run.');
    },
  });
}
