import type * as vscode from 'vscode';

/** A signal that aborts when the editor's token is cancelled. */
export function abortedBy(token: vscode.CancellationToken): AbortSignal {
  const abort = new AbortController();
  if (token.isCancellationRequested) {
    abort.abort();
  }
  token.onCancellationRequested(() => abort.abort());
  return abort.signal;
}
