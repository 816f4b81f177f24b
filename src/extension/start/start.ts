import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { BoundaryError } from '../../base/errors.ts';
import { optional } from '../../base/optional.ts';
import { enqueue } from '../../engine/queue.ts';
import { commands } from '../contributions.ts';
import { makeChosenFolder } from '../run-store.ts';
import { type Disposables, type Services, guarded } from '../services.ts';
import { requireTrust } from '../trust.ts';
import { isSet, setting } from '../settings.ts';
import { type StartAnswers, type StartArguments, configOf, parseStartArguments } from './arguments.ts';
import { openFolder } from './functions.ts';
import { domainOfRun } from '../../view/run-name.ts';
import { ensureModel, listModels } from './models.ts';
import { describeOwnDomain, isOwnDomain } from './own-domains.ts';
import { questions } from './questions.ts';
import { runWizard } from './wizard.ts';

const lastAnswersKey = 'lastStart';

/** Start by questions, like last time, or with arguments. */
export function registerStart(services: Services): Disposables {
  const start = async (argument?: unknown): Promise<string | undefined> => {
    requireTrust();
    const asked = argument === undefined;
    const given = asked ? {} : parseStartArguments(argument);
    const last = asked || given.ask ? services.context.globalState.get<StartAnswers>(lastAnswersKey) : undefined;
    const answers = withDefaults(given, last);
    if ((asked || given.ask) && !(await ask(services, answers))) {
      return undefined;
    }
    const { queue = given.queue ?? false, ...kept } = answers;
    await services.context.globalState.update(lastAnswersKey, kept);
    return begin(services, kept, { queue, ...optional('out', given.out) });
  };
  const startAgain = async (): Promise<string | undefined> => {
    const last = services.context.globalState.get<StartAnswers>(lastAnswersKey);
    if (!last) {
      return start();
    }
    requireTrust();
    return begin(services, last);
  };
  return [
    vscode.commands.registerCommand(commands.start, guarded(services, start)),
    vscode.commands.registerCommand(commands.startAgain, guarded(services, startAgain)),
  ];
}

/** Asks everything; false when the person left. The list of models comes while the first questions are answered. */
async function ask(services: Services, answers: StartAnswers): Promise<boolean> {
  const models = listModels(services);
  // A failure is told where the list is needed.
  models.catch(() => undefined);
  return runWizard(answers, questions(services, models));
}

/** What is not given comes from the settings; questions begin with the last answers where nobody set anything. */
function withDefaults(given: StartArguments, last?: StartAnswers): StartAnswers {
  const choose = <Name extends 'domain' | 'topic' | 'model' | 'preset' | 'steps' | 'device'>(
    name: Name,
  ): StartAnswers[Name] =>
    (given[name] ?? (isSet(name) ? setting(name) : last?.[name]) ?? setting(name)) as StartAnswers[Name];
  return {
    domain: choose('domain'),
    topic: choose('topic'),
    model: choose('model'),
    preset: choose('preset'),
    steps: choose('steps'),
    device: choose('device'),
    ...optional('code', last?.code),
    overrides: {
      ...(isSet('runWhen') ? { runWhen: setting('runWhen') } : {}),
      ...plainOverrides(setting('overrides')),
      ...given.overrides,
    },
  };
}

function plainOverrides(value: Readonly<Record<string, unknown>>): Record<string, string | number> {
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string | number] => typeof entry[1] === 'string' || typeof entry[1] === 'number',
  );
  return Object.fromEntries(entries);
}

/** Fetches the model where it is missing, starts the engine and shows the dashboard. Resolves to the run folder. */
async function begin(
  services: Services,
  given: StartAnswers,
  { out, queue = false }: { out?: string; queue?: boolean } = {},
): Promise<string> {
  const answers = withFolder(await withOwnDomain(services, given));
  const config = configOf(answers);
  const dir = out ?? (await newRunFolder(services, domainOfRun(config)));
  await ensureModel(services, config.model);
  const isStarted = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Starting the engine') },
    async () => {
      if (!queue) {
        await services.live.start(dir, { config });
        return true;
      }
      enqueue(dir, config);
      return (await services.live.advanceQueue()) === dir;
    },
  );
  if (!isStarted) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('The run is in the queue: it starts when those before it have ended.'),
    );
    return dir;
  }
  services.store.select(dir);
  await vscode.commands.executeCommand(commands.openDashboard, { dir });
  return dir;
}

/** A run about the person's own code that was started without questions is about the open folder. */
function withFolder(answers: StartAnswers): StartAnswers {
  const isMissing = answers.domain === 'workspace' && !answers.code && !answers.overrides['workspace'];
  return isMissing ? { ...answers, code: { folder: openFolder(), exclude: [] } } : answers;
}

/** The file of a domain of one's own is read again: it may have changed since it was chosen. */
async function withOwnDomain(services: Services, answers: StartAnswers): Promise<StartAnswers> {
  const { own: _, ...others } = answers;
  return isOwnDomain(answers.domain) ? { ...others, own: await describeOwnDomain(services, answers.domain) } : others;
}

/** `2026-01-31T12-00-00-coding` in the folder for runs, numbered where two begin in one second. */
async function newRunFolder({ store }: Services, domain: string): Promise<string> {
  store.assertRunsFolder();
  const root = store.runsFolder();
  try {
    await makeChosenFolder(root);
  } catch (error) {
    throw new BoundaryError(
      'environment',
      vscode.l10n.t(
        'The folder for runs {0} cannot be made: {1}',
        root,
        error instanceof Error ? error.message : String(error),
      ),
      vscode.l10n.t('Choose another one with the setting selfQuestioning.runsFolder.'),
    );
  }
  await store.keepRunsFolder(root);
  const name = `${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}-${domain}`;
  const free = (number: number): string => {
    const dir = join(root, number === 1 ? name : `${name}-${number}`);
    return existsSync(dir) ? free(number + 1) : dir;
  };
  return free(1);
}
