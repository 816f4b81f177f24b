import * as vscode from 'vscode';
import { setContext } from '../context.ts';
import { commands, internalCommands, views } from '../contributions.ts';
import { formatPercent, formatShare } from '../../view/format.ts';
import { Verdict } from '../../protocol/problem.ts';
import { marks } from '../../protocol/question.ts';
import type { RunEntry } from '../run-store.ts';
import { NoRunError, type Services, guarded, disposeAll, noProblemsYet } from '../services.ts';
import type { FeedEntry } from '../../view/messages.ts';
import { narrowTitle } from '../../view/problem-model.ts';
import { type Outcome, mainVerdict, outcomeOf, outcomes } from '../../view/problem-index.ts';
import { markWord, outcomeWord, reasonWord, verdictWord } from '../../view/words.ts';
import { t } from '../translate.ts';

type Grouping = 'step' | 'outcome' | 'verdict';
type Node =
  | { kind: 'group'; key: string; label: string; description: string; entries: () => FeedEntry[] }
  | { kind: 'problem'; entry: FeedEntry; run: RunEntry }
  | { kind: 'older' };

/** Steps that are listed at once, and that are read for groupings across steps: more come on demand. */
const window = { step: 200, across: 20 };

/** The proposals of the selected run. Files are read when a group is opened, so that long runs open at once. */
export class ProblemsTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #services: Services;
  readonly #tree: vscode.TreeView<Node>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[];
  #grouping: Grouping = 'step';
  #filter: Outcome | undefined;
  #windows = 1;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(services: Services) {
    this.#services = services;
    const { store, live } = services;
    this.#tree = vscode.window.createTreeView(views.problems, { treeDataProvider: this, showCollapseAll: true });
    this.#subscriptions = [
      this.#tree,
      store.onDidSelect(() => this.#reset()),
      store.onDidChange(() => this.#describe()),
      live.onEvent(({ event }) => event.type === 'metrics' && this.#changed.fire()),
      vscode.commands.registerCommand(commands.groupProblems, () => this.#chooseGrouping()),
      vscode.commands.registerCommand(commands.filterProblems, () => this.#chooseFilter()),
      vscode.commands.registerCommand(commands.clearProblemFilter, () => this.#setFilter(undefined)),
      vscode.commands.registerCommand(
        commands.searchProblems,
        guarded(services, () => this.#search()),
      ),
    ];
  }

  dispose(): void {
    disposeAll(this.#subscriptions);
    this.#changed.dispose();
  }

  async getChildren(node?: Node): Promise<Node[]> {
    const run = this.#services.store.selected;
    if (!run || node?.kind === 'problem' || node?.kind === 'older') {
      return [];
    }
    if (node) {
      return node.entries().map((entry) => ({ kind: 'problem', entry, run }));
    }
    const steps = this.#services.store.steps(run.dir).steps().reverse();
    const shown = steps.slice(0, this.#windows * (this.#grouping === 'step' ? window.step : window.across));
    const groups = this.#grouping === 'step' ? await this.#byStep(run, shown) : this.#across(run, shown);
    return shown.length < steps.length && groups.length > 0 ? [...groups, { kind: 'older' }] : groups;
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case 'group':
        return groupItem(node);
      case 'problem':
        return problemItem(node.entry, node.run);
      case 'older':
        return this.#olderItem();
    }
  }

  async #byStep(run: RunEntry, steps: readonly number[]): Promise<Node[]> {
    const metrics = await this.#services.store.metrics(run.dir).read();
    const questions = new Map(metrics.map(({ step, valid }) => [step, valid]));
    const groups = steps.map((step): Node & { kind: 'group' } => ({
      kind: 'group',
      key: `step ${step}`,
      label: vscode.l10n.t('Step {0}', String(step)),
      description: questions.has(step) ? t('{0} questions', questions.get(step) ?? 0) : '',
      entries: () => this.#entries(run, [step], this.#filter),
    }));
    return this.#filter === undefined
      ? groups
      : groups.slice(0, window.across).filter(({ entries }) => entries().length > 0);
  }

  #across(run: RunEntry, steps: readonly number[]): Node[] {
    const all = this.#entries(run, steps, this.#filter);
    const keys = Map.groupBy(all, (entry) =>
      this.#grouping === 'outcome' || entry.rejection !== undefined ? outcomeOf(entry) : (mainVerdict(entry) ?? 'none'),
    );
    const order = (key: string): number => outcomes.findIndex((outcome) => outcome === key);
    return [...keys]
      .sort(([a], [b]) => order(a) - order(b))
      .map(([key, entries]) => ({
        kind: 'group',
        key,
        label: isOutcome(key) ? outcomeWord(t, key) : mainWord(key),
        description: String(entries.length),
        entries: () => entries,
      }));
  }

  /** Accepted problems first, as they are what the step was about; a damaged file is an empty step with a log line. */
  #entries(run: RunEntry, steps: readonly number[], filter: Outcome | undefined): FeedEntry[] {
    return steps.flatMap((step) => {
      try {
        const entries = this.#services.store.steps(run.dir).feed(step);
        return entries
          .filter((entry) => filter === undefined || outcomeOf(entry) === filter)
          .sort((a, b) => Number(a.rejection !== undefined) - Number(b.rejection !== undefined));
      } catch (error) {
        this.#services.log.warn(error instanceof Error ? error.message : String(error));
        return [];
      }
    });
  }

  #olderItem(): vscode.TreeItem {
    const item = new vscode.TreeItem(vscode.l10n.t('Show older steps…'));
    item.iconPath = new vscode.ThemeIcon('ellipsis');
    item.command = { command: internalCommands.showOlderSteps, title: item.label as string };
    return item;
  }

  /** One more window of steps. */
  showOlder(): void {
    this.#windows++;
    this.#changed.fire();
  }

  /** Which run is shown, and what part of it. */
  #describe(): void {
    const filter = this.#filter === undefined ? [] : [outcomeWord(t, this.#filter)];
    this.#tree.description = [...filter, this.#services.store.selected?.name ?? ''].join(' · ');
  }

  #reset(): void {
    this.#describe();
    this.#windows = 1;
    this.#changed.fire();
  }

  async #chooseGrouping(): Promise<void> {
    const items: { label: string; grouping: Grouping }[] = [
      { label: vscode.l10n.t('Step'), grouping: 'step' },
      { label: vscode.l10n.t('Difficulty: how many answers were right'), grouping: 'outcome' },
      { label: vscode.l10n.t('Verdict of most answers'), grouping: 'verdict' },
    ];
    const chosen = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Group problems by') });
    if (chosen) {
      this.#grouping = chosen.grouping;
      this.#reset();
    }
  }

  async #chooseFilter(): Promise<void> {
    const items = outcomes.map((outcome) => ({ label: outcomeWord(t, outcome), outcome }));
    const chosen = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Show only') });
    if (chosen) {
      this.#setFilter(chosen.outcome);
    }
  }

  #setFilter(filter: Outcome | undefined): void {
    this.#filter = filter;
    setContext('problemsFiltered', filter !== undefined);
    this.#reset();
  }

  /** Every problem of the run in a quick pick that filters as one types; filled step by step, newest first. */
  async #search(): Promise<void> {
    const run = this.#services.store.selected;
    if (!run) {
      throw new NoRunError();
    }
    const reader = this.#services.store.steps(run.dir);
    if (reader.steps().length === 0) {
      throw noProblemsYet(run);
    }
    type Item = vscode.QuickPickItem & { entry: FeedEntry };
    const pick = vscode.window.createQuickPick<Item>();
    pick.placeholder = vscode.l10n.t('Search the problems of {0}', run.name);
    pick.matchOnDescription = true;
    pick.busy = true;
    const hidden = new AbortController();
    const closed = new Promise<void>((resolve) => hidden.signal.addEventListener('abort', () => resolve()));
    pick.onDidHide(() => hidden.abort());
    pick.onDidAccept(() => {
      const [item] = pick.selectedItems;
      pick.hide();
      if (item) {
        void vscode.commands.executeCommand(internalCommands.openProblem, run.dir, item.entry.step, item.entry.id);
      }
    });
    pick.show();
    const items: Item[] = [];
    for (const [index, step] of reader.steps().reverse().entries()) {
      if (hidden.signal.aborted) {
        break;
      }
      items.push(...this.#entries(run, [step], undefined).map((entry) => searchItem(entry)));
      if (index % 50 === 0) {
        pick.items = [...items];
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    if (!hidden.signal.aborted) {
      pick.items = items;
      pick.busy = false;
    }
    await closed;
    pick.dispose();
  }
}

function isOutcome(key: string): key is Outcome {
  return outcomes.some((outcome) => outcome === key);
}

function searchItem(entry: FeedEntry): vscode.QuickPickItem & { entry: FeedEntry } {
  const description = `${vscode.l10n.t('step {0}', String(entry.step))} · ${summary(entry)}`;
  return { label: entry.title, description, iconPath: iconOf(entry), entry };
}

function groupItem(node: Node & { kind: 'group' }): vscode.TreeItem {
  const item = new vscode.TreeItem(node.label, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = node.key;
  item.description = node.description;
  return item;
}

function problemItem(entry: FeedEntry, run: RunEntry): vscode.TreeItem {
  const item = new vscode.TreeItem(narrowLabel(entry));
  item.iconPath = iconOf(entry);
  item.description = summary(entry);
  item.tooltip = `${entry.title}\n${summary(entry)}`;
  item.contextValue =
    entry.rejection !== undefined ? 'rejected' : entry.judging === 'tests' ? 'question.tests' : 'question';
  item.command = { command: internalCommands.openProblem, title: '', arguments: [run.dir, entry.step, entry.id] };
  item.accessibilityInformation = { label: `${outcomeWord(t, outcomeOf(entry))}: ${entry.title}, ${summary(entry)}` };
  return item;
}

/** Result first: a side bar cuts what stands behind a sentence. */
function narrowLabel(entry: FeedEntry): string {
  const title = narrowTitle(entry.title);
  return entry.rejection === undefined && !entry.label && entry.answers.length > 0
    ? `${rightAnswers(entry)}/${entry.answers.length} · ${title}`
    : title;
}

function rightAnswers({ answers }: FeedEntry): number {
  return answers.filter(({ mark }) => mark === 'right').length;
}

function summary(entry: FeedEntry): string {
  if (entry.rejection !== undefined) {
    return reasonWord(t, entry.rejection);
  }
  if (entry.label) {
    return labelSummary(entry.label);
  }
  const rate = entry.solveRate === undefined ? '' : ` · ${formatShare(entry.solveRate)}`;
  return `${vscode.l10n.t('{0} of {1} right', String(rightAnswers(entry)), String(entry.answers.length))}${rate}`;
}

function labelSummary({ value, correct, majorityRatio }: NonNullable<FeedEntry['label']>): string {
  const truth = correct === undefined ? [] : [correct ? t('true') : t('not true')];
  const label = value === null ? t('no label') : t('label {0}', value);
  return [label, ...truth, t('{0} of the answers agree', formatPercent(majorityRatio))].join(' · ');
}

/** What most answers of a group got: a verdict of the sandbox, or a mark. */
function mainWord(key: string): string {
  const verdict = Verdict.options.find((known) => known === key);
  const mark = marks.find((known) => known === key);
  return verdict ? `${verdict} · ${verdictWord(t, verdict)}` : mark ? markWord(t, mark, false) : key;
}

function iconOf(entry: FeedEntry): vscode.ThemeIcon {
  const icons: Record<Outcome, [string, string]> = {
    all: ['pass', 'testing.iconPassed'],
    some: ['circle-large-filled', 'charts.blue'],
    none: ['error', 'testing.iconFailed'],
    unjudged: ['question', 'testing.iconUnset'],
    rejected: ['circle-slash', 'disabledForeground'],
  };
  const [name, color] = icons[outcomeOf(entry)];
  return new vscode.ThemeIcon(name, new vscode.ThemeColor(color));
}
