import { cpus, release, totalmem } from 'node:os';
import * as vscode from 'vscode';
import * as z from 'zod';
import { optional } from '../base/optional.ts';
import { lastLines } from '../engine/client.ts';
import { shownProgress, stateText, stepText } from '../view/progress.ts';
import { english } from '../view/translate.ts';
import { commands } from './contributions.ts';
import { setContext } from './context.ts';
import { showReport } from './documents.ts';
import { type Disposables, type Services, guarded, runSelfq } from './services.ts';
import { usualNodePath } from './node-path.ts';
import { changedSettings, setting } from './settings.ts';
import { formatBytes } from '../view/format.ts';

/** One line of `selfq doctor --json`. */
const Finding = z.object({
  name: z.string(),
  state: z.enum(['ok', 'absent', 'warning', 'failed']),
  detail: z.string(),
  remedy: z.string().optional(),
});
type Finding = z.infer<typeof Finding>;

/** Doctor, log and report: what a person needs when something does not work. */
export function registerHelp(services: Services): Disposables {
  const { log } = services;
  return [
    vscode.commands.registerCommand(
      commands.doctor,
      guarded(services, () => doctor(services)),
    ),
    vscode.commands.registerCommand(commands.showLog, () => log.show()),
    vscode.commands.registerCommand(
      commands.reportIssue,
      guarded(services, () => reportIssue(services)),
    ),
  ];
}

/** Every native module is probed in children of the command line; the report is a document to read and to copy. */
async function doctor(services: Services): Promise<Finding[]> {
  const findings = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Checking this machine'),
      cancellable: true,
    },
    (_progress, token) => check(services, token),
  );
  await showReport(vscode.l10n.t('Doctor'), doctorReport(findings));
  setContext('checked');
  return findings;
}

/** A Node that was chosen and does not run is a finding, too: the others are then looked for by the usual one. */
async function check(services: Services, token: vscode.CancellationToken): Promise<Finding[]> {
  const run = async (node?: string): Promise<Finding[]> => {
    const options = { token, accept: [1], ...optional('node', node) };
    return z.array(Finding).parse(JSON.parse(await runSelfq(services, ['doctor', '--json'], options)));
  };
  try {
    return await run();
  } catch (error) {
    if (setting('nodePath') === '' || token.isCancellationRequested) {
      throw error;
    }
    services.log.error(error instanceof Error ? error : String(error));
    const chosen: Finding = {
      name: 'selfQuestioning.nodePath',
      state: 'failed',
      detail: vscode.l10n.t('There is no Node at {0}.', setting('nodePath')),
      remedy: vscode.l10n.t(
        'Correct the setting selfQuestioning.nodePath, or clear it to use the Node of the extension.',
      ),
    };
    return [chosen, ...(await run(usualNodePath(services.context.extensionPath)))];
  }
}

function doctorReport(findings: readonly Finding[]): string {
  const signs = { ok: '✓', absent: '–', warning: '**!**', failed: '**✗**' };
  const failed = findings.filter(({ state }) => state === 'failed').length;
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
  return [
    `# ${vscode.l10n.t('Doctor')}`,
    '',
    failed === 0
      ? vscode.l10n.t('Self-Questioning can run on this machine.')
      : failed === 1
        ? vscode.l10n.t('One thing has to be mended before a run can start.')
        : vscode.l10n.t('{0} things have to be mended before a run can start.', String(failed)),
    '',
    `| | ${vscode.l10n.t('checked')} | ${vscode.l10n.t('found')} | ${vscode.l10n.t('what to do')} |`,
    '|---|---|---|---|',
    ...findings.map(
      ({ name, state, detail, remedy }) =>
        `| ${signs[state]} | ${cell(name)} | ${cell(detail)} | ${cell(remedy ?? '')} |`,
    ),
    '',
  ].join('\n');
}

/**
 * A report to copy into an issue: versions, settings without paths, and the last words of the latest run. A document, as
 * the editor's own form needs an address that issues are sent to.
 */
async function reportIssue({ context, store }: Services): Promise<void> {
  const { version } = context.extension.packageJSON as { version: string };
  const facts = {
    extension: version,
    'VS Code': `${vscode.version} (${vscode.env.appHost})`,
    platform: `${process.platform}-${process.arch} ${release()}`,
    host: `Node ${process.versions.node}`,
    machine: `${cpus().length} logical cores, ${formatBytes(totalmem())}`,
    settings: JSON.stringify(changedSettings()),
  };
  const run = store.selected;
  const home = new RegExp([context.globalStorageUri.fsPath, run?.dir ?? ''].filter(Boolean).map(escape).join('|'), 'g');
  const words = run ? withoutPaths(lastLines(run.dir, 20).replaceAll(home, '(folder)')) : '';
  const data = [
    ...Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`),
    ...(run
      ? [
          '',
          `Latest run: ${stateText(english, shownProgress(run))}, ${stepText(english, shownProgress(run))}`,
          '',
          '```',
          words,
          '```',
        ]
      : []),
  ].join('\n');
  const content = `# ${vscode.l10n.t('Issue report')}\n\n${vscode.l10n.t('What happened, and what should have happened:')}\n\n\n${data}\n`;
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'markdown', content }));
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Absolute paths tell a person's name. */
export function withoutPaths(text: string): string {
  return text.replaceAll(/(?:[A-Za-z]:)?[\\/](?:[\w.@ -]+[\\/])+/g, '…/');
}
