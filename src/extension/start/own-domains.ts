import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import { UserDomainRow } from '../../protocol/user-domain.ts';
import { type Services, runSelfq } from '../services.ts';
import type { Choice } from './wizard.ts';

/** Folders of domains that are listed, and files that are looked at. */
const most = { listed: 20, files: 200 };

/** What a choice of the list of domains means besides a domain. */
export const browseDomain = 'browse:';

/** True for the folder of a domain of one's own, in place of the name of one that comes with the program. */
export const isOwnDomain = (domain: string): boolean => isAbsolute(domain);

/** The domains of the open workspace as choices, and a way to name another folder. Nothing of them is run. */
export async function ownDomainChoices(chosen: string): Promise<Choice<string>[]> {
  const found = await vscode.workspace.findFiles('**/domain.{ts,js}', '**/node_modules/**', most.files);
  const folders = found
    .filter(({ scheme }) => scheme === 'file')
    .map(({ fsPath }) => dirname(fsPath))
    .filter((folder) => ['questions.jsonl', 'tests.jsonl'].some((name) => existsSync(join(folder, name))))
    .sort()
    .slice(0, most.listed);
  const all = [...new Set([...(isOwnDomain(chosen) ? [chosen] : []), ...folders])];
  return [
    ...all.map((folder) => ({
      label: `$(file-code) ${basename(folder)}`,
      description: vscode.workspace.asRelativePath(folder),
      detail: vscode.l10n.t('A domain of your own: one typed file, run in the sandbox'),
      value: folder,
    })),
    { label: `$(folder-opened) ${vscode.l10n.t('A folder with a domain of your own…')}`, value: browseDomain },
  ];
}

/** The folder that a choice means; undefined when the person left the dialog. */
export async function namedDomain(choice: string): Promise<string | undefined> {
  if (choice !== browseDomain) {
    return choice;
  }
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    openLabel: vscode.l10n.t('Use This Domain'),
  });
  return chosen?.[0]?.fsPath;
}

/** What the domain in a folder says of itself, by a separate process. Throws BoundaryError for one that cannot be used. */
export async function describeOwnDomain(services: Services, folder: string): Promise<UserDomainRow> {
  return UserDomainRow.parse(JSON.parse(await runSelfq(services, ['domain', 'show', folder, '--json'])));
}
