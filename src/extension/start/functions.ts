import { basename } from 'node:path';
import * as vscode from 'vscode';
import { BoundaryError } from '../../base/errors.ts';
import { type Seed, SeedReport } from '../../protocol/seed.ts';
import { ActionableError } from '../actionable-error.ts';
import { labelText } from '../../view/visible-text.ts';
import { patternFor } from '../../workspace/glob.ts';
import { progressLines } from '../selfq.ts';
import { type Services, runSelfq } from '../services.ts';
import type { StartAnswers } from './arguments.ts';
import { askSeveral, type Choice, onlyWhen, type WizardStep } from './wizard.ts';

/** Shows the functions of the open folder, by file, for the domain `workspace`; those that are unticked are not used. */
export const functionsStep = (services: Services): WizardStep<StartAnswers> => {
  /** Going back and forth searches once. */
  const reports = new Map<string, SeedReport>();
  return onlyWhen(
    ({ domain }) => domain === 'workspace',
    async (answers, place) => {
      const folder = await chooseFolder(answers.code?.folder);
      if (folder === undefined) {
        return 'cancel';
      }
      const report = reports.get(folder) ?? (await findFunctions(services, folder));
      reports.set(folder, report);
      const { seeds } = report;
      const excluded = new Set(answers.code?.folder === folder ? answers.code.exclude : []);
      const isUsed = ({ file, name }: Seed): boolean =>
        !excluded.has(patternFor(file)) && !excluded.has(patternFor(file, name));
      return askSeveral(
        place,
        {
          title: vscode.l10n.t('Start Self-Questioning'),
          placeholder: vscode.l10n.t(
            '{0} functions of {1}: untick what shall not be used',
            seeds.length,
            basename(folder),
          ),
          items: itemsOf(seeds),
          isTicked: isUsed,
        },
        (used) => {
          answers.code = { folder, exclude: patternsOfOthers(seeds, new Set(used)) };
        },
      );
    },
  );
};

/** The only folder, the one of last time, or the one that the person picks; undefined when none is picked. */
async function chooseFolder(last: string | undefined): Promise<string | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const known = folders.find(({ uri }) => uri.fsPath === last);
  if (folders.length > 1 && !known) {
    return (await vscode.window.showWorkspaceFolderPick())?.uri.fsPath;
  }
  return known?.uri.fsPath ?? openFolder();
}

/** The first open folder. Throws BoundaryError('usage') where none is open. */
export function openFolder(): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (!folder) {
    throw new ActionableError(
      'usage',
      vscode.l10n.t('No folder is open whose functions could be used.'),
      vscode.l10n.t('Open a folder with TypeScript or JavaScript (File: Open Folder), or choose another field.'),
      {
        title: vscode.l10n.t('Open Folder…'),
        run: () => vscode.commands.executeCommand('vscode.openFolder'),
      },
    );
  }
  return folder.uri.fsPath;
}

/** Throws BoundaryError('usage') where there is nothing to choose from. */
async function findFunctions(services: Services, folder: string): Promise<SeedReport> {
  const text = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Reading the functions of {0}', folder),
      cancellable: true,
    },
    (progress, token) => runSelfq(services, ['seeds', folder, '--json'], { token, onLine: progressLines(progress) }),
  );
  const report = SeedReport.parse(JSON.parse(text));
  if (report.seeds.length === 0) {
    throw new BoundaryError(
      'usage',
      vscode.l10n.t('{0} has no functions that problems can be made from.', folder),
      vscode.l10n.t('They have to be pure: plain data in, plain data out, without other files. Choose another field.'),
    );
  }
  return report;
}

function itemsOf(seeds: readonly Seed[]): Choice<Seed | undefined>[] {
  return [...Map.groupBy(seeds, ({ file }) => file)].flatMap(([file, ofFile]) => [
    { label: labelText(file), kind: vscode.QuickPickItemKind.Separator, value: undefined },
    ...ofFile.map((seed) => ({
      label: labelText(`${seed.name}(${seed.parameters.join(', ')})`),
      description: labelText(`${seed.file}:${seed.line}`),
      ...(seed.doc === '' ? {} : { detail: labelText(seed.doc) }),
      value: seed,
    })),
  ]);
}

/** Whole files where no function of them is used. */
function patternsOfOthers(seeds: readonly Seed[], used: ReadonlySet<Seed>): string[] {
  return [...Map.groupBy(seeds, ({ file }) => file)].flatMap(([file, ofFile]) => {
    const others = ofFile.filter((seed) => !used.has(seed));
    return others.length === ofFile.length ? [patternFor(file)] : others.map(({ name }) => patternFor(file, name));
  });
}
