import { cpus, release, totalmem } from 'node:os';
import * as vscode from 'vscode';
import * as z from 'zod';
import { lastLines } from '../engine/client.ts';
import { shownProgress, stateText, stepText } from '../view/progress.ts';
import { english } from '../view/translate.ts';
import { commands } from './contributions.ts';
import { showReport } from './documents.ts';
import { type Disposables, type Services, guarded, runSelfq } from './services.ts';
import { changedSettings } from './settings.ts';

/** One line of `selfq doctor --json`. */
const Finding = z.object({
  name: z.string(),
  state: z.enum(['ok', 'warning', 'failed']),
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
  const stdout = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Checking this machine'),
      cancellable: true,
    },
    (_progress, token) => runSelfq(services, ['doctor', '--json'], { token, accept: [1] }),
  );
  const findings = z.array(Finding).parse(JSON.parse(stdout));
  await showReport(vscode.l10n.t('Doctor'), doctorReport(findings));
  return findings;
}

function doctorReport(findings: readonly Finding[]): string {
  const signs = { ok: '✓', warning: '**!**', failed: '**✗**' };
  const failed = findings.filter(({ state }) => state === 'failed').length;
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
  return [
    `# ${vscode.l10n.t('Doctor')}`,
    '',
    failed === 0
      ? vscode.l10n.t('Self-Questioning can run on this machine.')
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
    machine: `${cpus().length} logical cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
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
