import * as vscode from 'vscode';
import { commands } from './contributions.ts';
import { lastingAlarms } from '../view/alarms.ts';
import { capitalized, formatDuration, formatShare } from '../view/format.ts';
import { shownProgress, stageText, stateText, stepCount, stepText } from '../view/progress.ts';
import { isLive } from '../protocol/run-state.ts';
import type { RunEntry } from './run-store.ts';
import type { Disposables, Services } from './services.ts';
import { t } from './translate.ts';

/** Time between two changes of the tooltip, milliseconds. */
const tooltipMs = 1000;

/** The status bar shows live runs only: where nothing runs there is nothing to say. */
export function registerStatusBar(services: Services): Disposables {
  const { store, live } = services;
  const item = vscode.window.createStatusBarItem('selfQuestioning.run', vscode.StatusBarAlignment.Left, 10);
  item.name = 'Self-Questioning';
  item.command = commands.showMenu;

  const update = async (): Promise<void> => {
    const runs = store.runs.filter(({ state }) => isLive(state));
    const entry = runs.find(({ dir }) => dir === store.selected?.dir) ?? runs[0];
    if (!entry) {
      item.hide();
      return;
    }
    const last = (await store.metrics(entry.dir).read()).at(-1);
    const reward = last?.solver.reward ?? null;
    const progress = shownProgress(entry);
    const icon = progress.wait ? '$(clock)' : entry.state === 'paused' ? '$(debug-pause)' : '$(sync~spin)';
    const more = runs.length > 1 ? ` +${runs.length - 1}` : '';
    const alarms = lastingAlarms(entry.run.alarms);
    const warning = alarms.length > 0 ? ' $(warning)' : '';
    item.text = `${icon} ${stepCount(progress)}${reward === null ? '' : ` · ${formatShare(reward)}`}${more}${warning}`;
    item.accessibilityInformation = {
      label: [
        `Self-Questioning: ${entry.name}, ${stateText(t, progress)}, ${stepText(t, progress)}`,
        ...alarms.map(({ message }) => message),
      ].join('. '),
      role: 'button',
    };
    item.tooltip = tooltip(services, entry, reward, last ? Object.values(last.seconds).reduce((a, b) => a + b, 0) : 0);
    item.show();
  };
  const updateNow = (): void => void update();
  let timer: NodeJS.Timeout | undefined;
  // The tooltip tells how far a stage is, which is told several times a second.
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      updateNow();
    }, tooltipMs);
  };
  return [
    item,
    store.onDidChange(updateNow),
    store.onDidSelect(updateNow),
    live.onEvent(({ event }) => event.type === 'stage' && soon()),
    { dispose: () => clearTimeout(timer) },
    vscode.commands.registerCommand(commands.showMenu, () => showMenu(services)),
  ];
}

function tooltip(
  services: Services,
  entry: RunEntry,
  reward: number | null,
  stepSeconds: number,
): vscode.MarkdownString {
  const { dir, name, run, state } = entry;
  const progress = shownProgress(entry);
  const stage = services.live.stage(dir);
  const link = (title: string, command: string): string =>
    `[${title}](command:${command}?${encodeURIComponent(JSON.stringify([dir]))})`;
  const left = progress.wait ? 0 : stepSeconds * (run.steps - run.step);
  const lines = [
    `**${escaped(name)}** · ${stateText(t, progress)}`,
    '',
    capitalized(stepText(t, progress)) + (stage ? ` · ${stageText(t, stage)}` : ''),
    '',
    ...(reward === null ? [] : [vscode.l10n.t('Solver reward {0}', formatShare(reward)), '']),
    ...lastingAlarms(run.alarms).flatMap(({ message }) => [`$(warning) ${escaped(message)}`, '']),
    ...(left > 0 ? [vscode.l10n.t('About {0} left', formatDuration(left, t)), ''] : []),
    [
      link(vscode.l10n.t('Dashboard'), commands.openDashboard),
      state === 'paused'
        ? link(vscode.l10n.t('Resume'), commands.resume)
        : link(vscode.l10n.t('Pause'), commands.pause),
      link(vscode.l10n.t('Stop'), commands.stop),
    ].join(' · '),
  ];
  const markdown = new vscode.MarkdownString(lines.join('\n'), true);
  markdown.isTrusted = { enabledCommands: [commands.openDashboard, commands.pause, commands.resume, commands.stop] };
  return markdown;
}

/** As Markdown that shows it letter by letter. */
function escaped(text: string): string {
  return text.replaceAll(/([\\`*_{}[\]<>()#+!|-])/g, '\\$1');
}

/** A click on the item: what can be done with the run that it shows. */
async function showMenu(services: Services): Promise<void> {
  const entry = services.store.runs.find(({ state }) => isLive(state)) ?? services.store.selected;
  const items: (vscode.QuickPickItem & { command: string })[] = [
    { label: `$(graph-line) ${vscode.l10n.t('Open Dashboard')}`, command: commands.openDashboard },
    ...(entry?.state === 'paused'
      ? [{ label: `$(debug-continue) ${vscode.l10n.t('Resume')}`, command: commands.resume }]
      : [{ label: `$(debug-pause) ${vscode.l10n.t('Pause')}`, command: commands.pause }]),
    { label: `$(debug-stop) ${vscode.l10n.t('Stop')}`, command: commands.stop },
    { label: `$(inspect) ${vscode.l10n.t('Inspect Problems')}`, command: commands.inspectProblems },
    { label: `$(output) ${vscode.l10n.t('Show Log')}`, command: commands.showLog },
  ];
  const live = entry !== undefined && isLive(entry.state);
  const steering: readonly string[] = [commands.pause, commands.resume, commands.stop];
  const offered = items.filter(({ command }) => live || !steering.includes(command));
  const chosen = await vscode.window.showQuickPick(offered, entry ? { placeHolder: entry.name } : {});
  if (chosen) {
    await vscode.commands.executeCommand(chosen.command, entry?.dir);
  }
}
