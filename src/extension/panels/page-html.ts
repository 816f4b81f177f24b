import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** Where the bundles of the pages lie, and all that a page may load. */
function pageRoot(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
}

/** A new panel in the editor group in front, without a page; `kind` is of `panels` (contributions.ts). */
export function createPanel(kind: string, title = ''): vscode.WebviewPanel {
  return vscode.window.createWebviewPanel(kind, title, vscode.ViewColumn.Active, { enableFindWidget: true });
}

/**
 * Closes a panel that the editor restores although its page was opened again meanwhile: a tab in the background is restored
 * when somebody looks at it, and two panels of one page would each take the messages of the other.
 */
export function replaceRestored(restored: vscode.WebviewPanel, opened: { reveal(): void }): void {
  restored.dispose();
  opened.reveal();
}

/** Loads a bundle of `webview/` into a panel, a new one or one that the editor has restored. */
export function loadPage({ webview }: vscode.WebviewPanel, extensionUri: vscode.Uri, page: Page): void {
  webview.options = { enableScripts: true, localResourceRoots: [pageRoot(extensionUri)] };
  webview.html = pageHtml(webview, extensionUri, page);
}

type Page = 'dashboard' | 'problem' | 'comparison' | 'trial' | 'run-table';

/**
 * The page around a bundle of `webview/`. Nothing is allowed but our own scripts, styles and icon font; the texts of the
 * reader's language travel as a data block.
 */
function pageHtml(webview: vscode.Webview, extensionUri: vscode.Uri, page: Page): string {
  const nonce = randomBytes(16).toString('base64');
  const file = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(pageRoot(extensionUri), name)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
  ].join('; ');
  const texts = JSON.stringify(vscode.l10n.bundle ?? {}).replaceAll('<', '\\u003c');
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" id="vscode-codicon-stylesheet" href="${file('style.css')}">
<title>Self-Questioning</title>
</head>
<body>
<main id="page"></main>
<script type="application/json" id="texts" nonce="${nonce}">${texts}</script>
<script nonce="${nonce}" src="${file(`${page}.js`)}"></script>
</body>
</html>`;
}
