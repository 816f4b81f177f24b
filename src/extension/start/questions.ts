import * as vscode from 'vscode';
import { parseHubName } from '../../model/fetch/hub-name.ts';
import type { ModelRow } from '../../protocol/model-row.ts';
import { shippedDomains } from '../../config/tables.ts';
import { devices, devicesOf } from '../../runtime/devices/devices.ts';
import type { Device } from '../../runtime/settings.ts';
import { isLive } from '../../protocol/run-state.ts';
import { memoryText, timeText } from '../../view/forecast.ts';
import { formatBytes } from '../../view/format.ts';
import { domainDescription, domainWord } from '../../view/words.ts';
import { settingDeclarations } from '../contributions.ts';
import { type Services, showError } from '../services.ts';
import { t } from '../translate.ts';
import { type StartAnswers, configOf, presetValue } from './arguments.ts';
import { functionsStep } from './functions.ts';
import { describeOwnDomain, isOwnDomain, namedDomain, ownDomainChoices } from './own-domains.ts';
import { type Choice, type WizardStep, askChoice, askText } from './wizard.ts';

const title = (): string => vscode.l10n.t('Start Self-Questioning');

/** What a choice of the model list means besides a name. */
const browseFile = 'file:';
const browseFolder = 'folder:';
const nameOfHub = 'hub:';
/** What a choice of the sizes means besides a preset. */
const otherSteps = 'steps';

/** The questions of the start in order. */
export const questions = (services: Services, models: Promise<ModelRow[]>): WizardStep<StartAnswers>[] => [
  async (answers, place) => {
    const own = await ownDomainChoices(answers.domain);
    return askChoice(
      place,
      {
        title: title(),
        placeholder: vscode.l10n.t('In which field should the model question itself?'),
        items: () => [...shippedDomains.map((value) => ({ ...domainWords(value), value })), ...own],
        active: (value) => value === answers.domain,
      },
      (value) => takeDomain(services, answers, value),
    );
  },
  functionsStep(services),
  (answers, place) =>
    askText(
      place,
      {
        title: title(),
        prompt: vscode.l10n.t('What should the problems be about? Free text; left empty, whatever the field knows.'),
        placeholder: vscode.l10n.t('Such as: arrays of integers'),
        value: answers.topic || String(presetValue('topic', answers)),
      },
      (value) => {
        answers.topic = value;
      },
    ),
  async (answers, place) => {
    const known = await models;
    return askChoice(
      place,
      {
        title: title(),
        placeholder: vscode.l10n.t('Which model should learn?'),
        items: () => modelChoices(known, answers.model, suggestedModel(answers.domain)),
        active: (value) => value === (answers.model || (suggestedModel(answers.domain) ?? defaultModel(answers))),
      },
      async (value) => {
        const model = await namedModel(value);
        answers.model = model ?? answers.model;
        return model !== undefined;
      },
    );
  },
  (answers, place) =>
    askChoice(
      place,
      {
        title: title(),
        placeholder: vscode.l10n.t('How large a run?'),
        items: () => presetChoices(answers),
        active: (value) => value === answers.preset,
      },
      async (value) => {
        if (value === otherSteps) {
          answers.steps = (await askSteps(answers)) ?? answers.steps;
          return false;
        }
        answers.preset = value;
        return true;
      },
    ),
  (answers, place) =>
    askChoice(
      place,
      {
        title: title(),
        placeholder: vscode.l10n.t('Where should the model run?'),
        items: () =>
          devicesOf(`${process.platform}-${process.arch}`).map((value) => ({ ...deviceWords(value), value })),
        active: (value) => value === answers.device,
      },
      (value) => {
        answers.device = value;
        return true;
      },
    ),
  async (answers, place) => {
    const choices = await startChoices(services, answers);
    return askChoice(
      place,
      {
        title: title(),
        placeholder: vscode.l10n.t('Start it now?'),
        items: () => choices,
        active: (value) => value === 'now',
      },
      (value) => {
        answers.queue = value === 'queue';
        return true;
      },
    );
  },
];

/** Now or after others, with what is known of its time and memory. */
async function startChoices({ store }: Services, answers: StartAnswers): Promise<Choice<'now' | 'queue'>[]> {
  // Reads headers of models: not needed before somebody starts a run.
  const { forecast } = await import('../../engine/forecast.ts');
  const { time, memory } = await forecast(configOf(answers));
  const running = store.runs.filter(({ state }) => isLive(state)).length;
  const before = running + store.queue.length;
  return [
    {
      label: `$(play) ${vscode.l10n.t('Start Now')}`,
      detail: timeText(t, time),
      ...(memory ? { description: memoryText(t, memory.needed, memory.available) } : {}),
      value: 'now',
    },
    {
      label: `$(list-ordered) ${vscode.l10n.t('Add to Queue')}`,
      detail:
        before === 0
          ? vscode.l10n.t('Nothing is before it: it starts at once.')
          : vscode.l10n.t('It starts when those before it have ended: {0}.', String(before)),
      value: 'queue',
    },
  ];
}

/** Takes a domain over into the answers; false, and the list stays, where the person left or it cannot be used. */
async function takeDomain(services: Services, answers: StartAnswers, choice: string): Promise<boolean> {
  const domain = await namedDomain(choice);
  if (domain === undefined) {
    return false;
  }
  try {
    const own = isOwnDomain(domain) ? { own: await describeOwnDomain(services, domain) } : {};
    delete answers.own;
    Object.assign(answers, { domain }, own);
    return true;
  } catch (error) {
    void showError(services, error);
    return false;
  }
}

function domainWords(domain: string): { label: string; description: string; detail?: string } {
  const detail = domainDescription(t, domain);
  return { label: domainWord(t, domain), description: domain, ...(detail === undefined ? {} : { detail }) };
}

/** The model that a field needs to learn anything; undefined where the default will do. */
function suggestedModel(domain: string): string | undefined {
  return domain === 'arithmetic' ? 'qwen2.5-coder-1.5b' : undefined;
}

function defaultModel(answers: StartAnswers): string {
  return String(presetValue('model', answers));
}

function deviceWords(device: Device): { label: string; description?: string; detail: string } {
  if (device === 'cpu') {
    return { label: device, detail: vscode.l10n.t('Works everywhere') };
  }
  const { proven, needs } = devices[device];
  return {
    label: device,
    ...(proven ? {} : { description: `$(warning) ${vscode.l10n.t('not proven: nobody has tried it')}` }),
    detail: vscode.l10n.t('Needs {0}', needs),
  };
}

/** How many steps of self-play, 0 for as many as the size of the run has; undefined when the person leaves the question. */
async function askSteps({ steps }: StartAnswers): Promise<number | undefined> {
  const { maximum } = settingDeclarations.steps;
  const value = await vscode.window.showInputBox({
    title: title(),
    prompt: vscode.l10n.t('How many steps? Empty: as many as the size of the run has.'),
    value: steps === 0 ? '' : String(steps),
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^([1-9]\d*)?$/.test(text.trim()) && Number(text) <= maximum
        ? undefined
        : vscode.l10n.t('Give a whole number from 1 to {0}.', String(maximum)),
  });
  return value === undefined ? undefined : Number(value);
}

function presetChoices({ steps, ...answers }: StartAnswers): Choice<StartAnswers['preset'] | typeof otherSteps>[] {
  const figures = (preset: StartAnswers['preset']): string =>
    vscode.l10n.t(
      '{0} steps · {1} proposals a step · {2} answers each',
      String(steps === 0 ? presetValue('steps', { ...answers, preset }) : steps),
      String(
        Number(presetValue('proposerPrompts', { ...answers, preset })) *
          Number(presetValue('proposalsPerPrompt', { ...answers, preset })),
      ),
      String(presetValue('answersPerQuestion', { ...answers, preset })),
    );
  return [
    { label: 'quick', description: vscode.l10n.t('minutes on a laptop CPU'), detail: figures('quick'), value: 'quick' },
    {
      label: 'laptop',
      description: vscode.l10n.t('hours on a laptop CPU'),
      detail: figures('laptop'),
      value: 'laptop',
    },
    {
      label: 'paper',
      description: vscode.l10n.t('as published; days on a CPU'),
      detail: figures('paper'),
      value: 'paper',
    },
    { label: `$(edit) ${vscode.l10n.t('Another number of steps…')}`, value: otherSteps },
  ];
}

/** Known models with size, memory and what is here; the chosen own model; and ways to name another. */
function modelChoices(models: readonly ModelRow[], chosen: string, suggested: string | undefined): Choice<string>[] {
  const states: Record<ModelRow['state'], { icon: string; description: string }> = {
    ready: { icon: 'check', description: vscode.l10n.t('on this machine') },
    partial: { icon: 'cloud-download', description: vscode.l10n.t('the rest is fetched first') },
    absent: { icon: 'cloud-download', description: vscode.l10n.t('is fetched first') },
    wrong: { icon: 'warning', description: vscode.l10n.t('is damaged and fetched again') },
  };
  const known = models.map(({ id, title: label, bytes, memory, licence, state }): Choice<string> => {
    const { icon, description } = states[state];
    const size = bytes === null ? '' : ` · ${formatBytes(bytes)}`;
    const need = vscode.l10n.t('needs about {0} of memory', formatBytes(memory.run));
    const hint = id === suggested ? ` · ${vscode.l10n.t('suggested for this field')}` : '';
    return {
      label: `$(${icon}) ${label}`,
      description: `${description}${hint}`,
      detail: `${need}${size} · ${licence}`,
      value: id,
    };
  });
  const own = chosen !== '' && !models.some(({ id }) => id === chosen);
  return [
    ...(own ? [{ label: `$(file) ${chosen}`, value: chosen }] : []),
    ...known,
    { label: `$(folder-opened) ${vscode.l10n.t('A GGUF file on this machine…')}`, value: browseFile },
    { label: `$(folder-opened) ${vscode.l10n.t('A folder with safetensors…')}`, value: browseFolder },
    { label: `$(globe) ${vscode.l10n.t('A model of the Hugging Face hub…')}`, value: nameOfHub },
  ];
}

/** What a choice of the list means; undefined when the person leaves the question that it asks. */
async function namedModel(choice: string): Promise<string | undefined> {
  if (choice === nameOfHub) {
    return vscode.window.showInputBox({
      title: title(),
      prompt: vscode.l10n.t('Its name: ORG/NAME (safetensors) or ORG/NAME/FILE.gguf'),
      ignoreFocusOut: true,
      validateInput: (name) => (parseHubName(name) ? undefined : vscode.l10n.t('Such as Qwen/Qwen2.5-0.5B-Instruct')),
    });
  }
  return choice === browseFile || choice === browseFolder ? browse(choice) : choice;
}

async function browse(kind: string): Promise<string | undefined> {
  const folder = kind === browseFolder;
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: !folder,
    canSelectFolders: folder,
    openLabel: vscode.l10n.t('Use This Model'),
    ...(folder ? {} : { filters: { GGUF: ['gguf'] } }),
  });
  return chosen?.[0]?.fsPath;
}
