import { basename } from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { optional } from '../base/optional.ts';
import { defaultModelId } from '../model/catalogue.ts';
import type { ImportRecord } from '../protocol/imports.ts';
import { Evaluation } from '../protocol/records.ts';
import { latestCheckpoint } from '../run/checkpoint.ts';
import { setContext } from './context.ts';
import { commands, internalCommands } from './contributions.ts';
import { showReport } from './documents.ts';
import { evaluationReport } from './evaluation-report.ts';
import type { EvaluationStore } from './evaluation-store.ts';
import { benchmarkTitle, evaluationText } from '../view/evaluation.ts';
import { formatDuration, formatPercent } from '../view/format.ts';
import { canCompare } from '../view/paired-results.ts';
import type { Comparisons } from './panels/comparison-panel.ts';
import { allResults, baseFor, resultOfFile, secondsFor, type StoredResult } from './stored-results.ts';
import { type RunArgument } from './run-commands.ts';
import { modelOf, type RunEntry } from './run-store.ts';
import { type Disposables, type Services, guarded, runSelfq } from './services.ts';
import { requireTrust } from './trust.ts';
import { progressLines } from './selfq.ts';
import { setting } from './settings.ts';
import { t } from './translate.ts';
import { domainWord } from '../view/words.ts';

/** What is evaluated: a model alone, or with the adapter of a run. */
interface Policy {
  label: string;
  model: string;
  adapter?: string;
  /** Options that give the model alone what the settings of a run give its adapter, so that both can be compared. */
  options: string[];
}

/** Arguments of the command Evaluate. */
export interface EvaluateArguments {
  /** A shipped or imported benchmark, or a JSONL file of questions. */
  benchmark: string;
  /** That grades the questions of a file; that of the run without it, else coding. */
  domain?: string;
  dir?: string;
  /** Only the first problems. */
  limit?: number;
  /** Also the base model, to compare with. */
  base?: boolean;
}

/** An import, or the node of the tree that it has. */
interface BenchmarkArgument {
  imported: string | ImportRecord;
}

/** What is evaluated on: a shipped or imported benchmark, or a file with the domain that grades it. */
interface Chosen {
  benchmark: string;
  domain?: string;
  /** How many questions it has, where that is known. */
  questions?: number;
}

/** Which models answer how much of it. */
interface Asked {
  policies: Policy[];
  /** Only the first questions. */
  limit?: number;
}

/** Rows of `selfq eval --list --json`. */
const Rows = z.array(
  z.object({
    name: z.string(),
    domain: z.string(),
    description: z.string(),
    questions: z.number(),
    imported: z.boolean().default(false),
  }),
);

/** "Evaluate…": a model or a run on a benchmark; results go to the tree and open as a table. */
export function registerEvaluate(services: Services, results: EvaluationStore, comparisons: Comparisons): Disposables {
  return [
    vscode.commands.registerCommand(
      commands.evaluate,
      guarded(services, (argument: RunArgument | EvaluateArguments | BenchmarkArgument) =>
        evaluate({ services, results, comparisons }, argument),
      ),
    ),
    vscode.commands.registerCommand(
      internalCommands.openEvaluation,
      guarded(services, async (result?: StoredResult, before?: StoredResult) => {
        if (result) {
          await openResult(comparisons, result, before);
        }
      }),
    ),
  ];
}

/** What an evaluation works with. */
interface Tools {
  services: Services;
  results: EvaluationStore;
  comparisons: Comparisons;
}

async function evaluate(
  tools: Tools,
  argument: RunArgument | EvaluateArguments | BenchmarkArgument,
): Promise<Evaluation[]> {
  const { services, results, comparisons } = tools;
  requireTrust();
  const given = typeof argument === 'object' && 'benchmark' in argument ? argument : undefined;
  const dir = typeof argument === 'string' ? argument : argument && 'dir' in argument ? argument.dir : undefined;
  const entry = services.store.find(dir) ?? (given ? undefined : services.store.selected);
  const domain = given?.domain ?? domainOf(entry);
  const benchmark =
    given ??
    (typeof argument === 'object' && 'imported' in argument
      ? chosenImport(results, argument.imported)
      : await chooseBenchmark(services, domain, ownQuestions(entry)));
  if (benchmark === undefined) {
    return [];
  }
  const chosen: Chosen = { domain, ...benchmark };
  const { policies, limit }: Asked = given
    ? { policies: givenPolicies(entry, given.base ?? false), ...optional('limit', given.limit) }
    : await choosePolicies(tools, chosen, entry);
  const done: StoredResult[] = [];
  for (const policy of policies) {
    done.push(await evaluateOne(tools, chosen, policy, limit));
  }
  const last = done.at(-1);
  if (last) {
    await openResult(comparisons, last, done.length > 1 ? done[0] : undefined);
  }
  if (last && done.length === 1 && last.evaluation.adapter !== null) {
    void guarded(services, offerComparison)(tools, last, { chosen, base: basePolicy(entry), limit });
  }
  return done.map(({ evaluation }) => evaluation);
}

/** After an adapter alone was evaluated: what it is worth is told by the model before training. */
async function offerComparison(
  tools: Tools,
  result: StoredResult,
  { chosen, base, limit }: { chosen: Chosen; base: Policy; limit: number | undefined },
): Promise<void> {
  const known = baseFor(result, allResults(tools.services, tools.results));
  const action = known
    ? vscode.l10n.t('Compare With Before Training')
    : vscode.l10n.t('Evaluate Before Training and Compare');
  const said = `${benchmarkTitle(result.evaluation)}: ${evaluationText(t, result.evaluation)}`;
  if ((await vscode.window.showInformationMessage(said, action)) === action) {
    tools.comparisons.open(known ?? (await evaluateOne(tools, chosen, base, limit)), result);
  }
}

/**
 * The domain of a run as `--domain` takes it: the folder of one of the user's own. Problems made from a person's code are
 * problems of coding.
 */
function domainOf(entry: RunEntry | undefined): string {
  const config = entry?.run.config ?? {};
  const domain = String(config['domain'] === 'user' ? config['domainFolder'] : (config['domain'] ?? setting('domain')));
  return domain === 'workspace' ? 'coding' : domain;
}

function chosenImport(results: EvaluationStore, imported: string | ImportRecord): Chosen | undefined {
  const record = typeof imported === 'string' ? results.imports().find(({ name }) => name === imported) : imported;
  return record && chosenOf(record);
}

function chosenOf({ name, domain, questions }: ImportRecord): Chosen {
  return { benchmark: name, domain, questions };
}

/** The questions that a run of a domain of one's own is evaluated on. */
function ownQuestions(entry: RunEntry | undefined): Chosen | undefined {
  const config = entry?.run.config ?? {};
  const benchmark = String(config['evalBenchmark'] ?? '');
  return config['domain'] === 'user' && benchmark !== '' ? { benchmark, domain: domainOf(entry) } : undefined;
}

/** Those of the run's domain first, shipped ones before imported ones. */
async function chooseBenchmark(
  services: Services,
  domain: string,
  own: Chosen | undefined,
): Promise<Chosen | undefined> {
  const rows = Rows.parse(JSON.parse(await runSelfq(services, ['eval', '--list', '--json'])));
  const known = [...rows].sort((a, b) => Number(b.domain === domain) - Number(a.domain === domain));
  const importSet = 'import';
  const ownFile = 'file';
  type Item = vscode.QuickPickItem & { chosen: Chosen | typeof importSet | typeof ownFile };
  const items: Item[] = [
    ...(own
      ? [
          {
            label: `$(beaker) ${basename(own.benchmark)}`,
            description: basename(domain),
            detail: own.benchmark,
            chosen: own,
          },
        ]
      : []),
    ...known.map((row) => ({
      label: `$(beaker) ${row.name}`,
      description: [domainWord(t, row.domain), ...(row.imported ? [vscode.l10n.t('imported')] : [])].join(' · '),
      detail: row.description,
      chosen: { benchmark: row.name, domain: row.domain, questions: row.questions },
    })),
    {
      label: `$(cloud-download) ${vscode.l10n.t('Import a benchmark…')}`,
      chosen: importSet,
    },
    {
      label: `$(folder-opened) ${vscode.l10n.t('A file of problems (JSONL)…')}`,
      description: domainWord(t, basename(domain)),
      chosen: ownFile,
    },
  ];
  const item = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Evaluate'),
    placeHolder: vscode.l10n.t('On which problems?'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (item?.chosen === importSet) {
    const record = await vscode.commands.executeCommand<ImportRecord | undefined>(commands.importBenchmark);
    return record && chosenOf(record);
  }
  if (item?.chosen === ownFile) {
    const files = await vscode.window.showOpenDialog({ filters: { JSONL: ['jsonl'] } });
    const path = files?.[0]?.fsPath;
    return path === undefined ? undefined : { benchmark: path, domain };
  }
  return item?.chosen;
}

function givenPolicies(entry: RunEntry | undefined, base: boolean): Policy[] {
  const trained = entry && trainedPolicy(entry);
  return [...(base || !trained ? [basePolicy(entry)] : []), ...(trained ? [trained] : [])];
}

/** Questions of a part that tells in minutes what to expect of the whole. */
const partSize = 20;

/** With how long it will take, by earlier results on this machine, and a part of a large benchmark besides. */
async function choosePolicies(
  { services, results }: Tools,
  { domain = '', questions }: Chosen,
  entry: RunEntry | undefined,
): Promise<Asked> {
  const trained = entry && trainedPolicy(entry);
  const base = basePolicy(entry);
  const isLarge = questions !== undefined && questions > 2 * partSize;
  if (!trained && !isLarge) {
    return { policies: [base] };
  }
  const all = allResults(services, results);
  const item = (label: string, policies: Policy[], limit?: number): vscode.QuickPickItem & Asked => {
    const asked = limit ?? questions;
    const seconds = asked && secondsFor({ model: base.model, domain, questions: asked * policies.length }, all);
    const words = [
      ...(asked === undefined ? [] : [vscode.l10n.t('{0} problems', String(asked))]),
      ...(seconds === undefined ? [] : [t('About {0}', formatDuration(seconds, t))]),
    ];
    return { label, description: words.join(' · '), policies, ...optional('limit', limit) };
  };
  const both = trained ? [base, trained] : [base];
  const items = [
    ...(trained ? [item(vscode.l10n.t('Both, to compare'), both), item(trained.label, [trained])] : []),
    item(base.label, [base]),
    ...(isLarge ? [item(vscode.l10n.t('The first {0} problems alone', String(partSize)), both, partSize)] : []),
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Evaluate'),
    placeHolder: vscode.l10n.t('Which model?'),
  });
  return chosen ?? { policies: [] };
}

function basePolicy(entry: RunEntry | undefined): Policy {
  const model = (entry && modelOf(entry)) ?? (setting('model') || defaultModelId);
  return {
    label: vscode.l10n.t('{0} before training', basename(model)),
    model,
    options: entry ? comparable(entry) : [],
  };
}

function trainedPolicy(entry: RunEntry): Policy | undefined {
  const checkpoint = latestCheckpoint(entry.dir);
  if (!checkpoint) {
    return undefined;
  }
  const { dir: adapter, step } = checkpoint;
  return {
    label: vscode.l10n.t('{0} after step {1}', entry.name, String(step)),
    model: modelOf(entry),
    adapter,
    options: [],
  };
}

function comparable({ run: { config } }: RunEntry): string[] {
  return ['device', 'maxPromptTokens', 'maxAnswerTokens', 'evalPrecision'].flatMap((name) =>
    config[name] === undefined ? [] : ['--set', `${name}=${config[name]}`],
  );
}

async function evaluateOne(
  { services, results }: Tools,
  { benchmark, domain }: Chosen,
  policy: Policy,
  limit: number | undefined,
): Promise<StoredResult> {
  const out = results.newResultPath();
  const args = [
    'eval',
    ...['--benchmark', benchmark, '--model', policy.model, '--out', out, '--json'],
    ...(policy.adapter === undefined ? [] : ['--adapter', policy.adapter]),
    ...(domain === undefined ? [] : ['--domain', domain]),
    ...policy.options,
    ...(limit === undefined ? [] : ['--limit', String(limit)]),
  ];
  const stdout = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Evaluating {0}', policy.label),
      cancellable: true,
    },
    (progress, token) => runSelfq(services, args, { token, onLine: progressLines(progress) }),
  );
  const evaluation = Evaluation.parse(JSON.parse(stdout));
  const { solved, total, accuracy, step } = evaluation;
  results.refresh();
  setContext('measured');
  services.log.info(`${evaluation.benchmark}, step ${step}: ${solved}/${total}, ${formatPercent(accuracy)}`);
  return resultOfFile(services, out, evaluation);
}

/** Beside the result before training where there is one that can be compared, else alone. */
async function openResult(
  comparisons: Comparisons,
  result: StoredResult,
  before: StoredResult | undefined,
): Promise<void> {
  if (before && canCompare(before.evaluation, result.evaluation)) {
    comparisons.open(before, result);
  } else {
    await openReport(result.evaluation);
  }
}

/** The table per problem, as the editor's own Markdown preview: searchable, readable by screen readers. */
async function openReport(evaluation: Evaluation): Promise<void> {
  const { step } = evaluation;
  const benchmark = benchmarkTitle(evaluation);
  const name = step === 0 ? benchmark : vscode.l10n.t('{0} after step {1}', benchmark, String(step));
  await showReport(name, evaluationReport(evaluation));
}
