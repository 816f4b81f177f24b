import { html, nothing, render, type TemplateResult } from 'lit';
import type { HostMessage, TrialMessage } from '../../src/view/messages.ts';
import { isComparable, isPending, isRevealed } from '../../src/view/trial.ts';
import type { TrialModel } from '../../src/view/trial-model.ts';
import { connect } from '../host.ts';
import { t } from '../texts.ts';
import { button, type Failure, failureView } from '../ui.ts';
import { sideView } from './side.ts';

/** Kept over hide, reload and restart of the window. */
interface PageState {
  trial: TrialModel;
  /** What is written in the field, asked or not. */
  draft: string;
  temperature: number;
}

let model: TrialModel | undefined;
let failure: Failure | undefined;

const host = connect<TrialMessage, PageState>((message: HostMessage) => {
  if (message.type === 'trial') {
    show(message.model);
  } else if (message.type === 'failure') {
    failure = message;
    draw();
  }
});

const page = document.getElementById('page')!;
const largestTemperature = 2;

function show(next: TrialModel): void {
  const before = model ?? host.read().trial;
  model = next;
  failure = undefined;
  // Another question, or none any more: the field is that of an own prompt.
  const other = before?.dir === next.dir && before.question?.id === next.question?.id ? {} : { draft: ownDraft(next) };
  host.write({ trial: next, ...other });
  draw();
}

function ownDraft({ question, prompt }: TrialModel): string {
  return question ? '' : prompt;
}

function draw(): void {
  if (failure) {
    render(failureView(failure), page);
  } else if (model) {
    render(view(model), page);
  }
}

function ask({ question }: TrialModel): void {
  const { draft = '', temperature = 0 } = host.read();
  if (question || draft.trim() !== '') {
    host.post({ type: 'ask', prompt: question ? '' : draft, temperature });
  }
}

function view(trial: TrialModel): TemplateResult {
  return html`
    <header class="bar">
      <h1>${t('Try the Model')}</h1>
      <span class="dim">${trial.runName}</span>
      <span class="grow"></span>
      ${button(t('Use This Model'), () => host.post({ type: 'use' }), { icon: 'sparkle' })}
    </header>
    ${trial.question ? problemView(trial) : promptView(trial)} ${controls(trial)} ${answers(trial)}
  `;
}

function problemView({ prompt, question, judged }: TrialModel): TemplateResult {
  const place = question?.benchmark ?? (question?.step === undefined ? '' : t('step {0}', question.step));
  return html`<section class="section">
    <div class="bar">
      <h2 class="plain">${t('Problem')}</h2>
      <span class="dim">${[place, question?.id ?? ''].filter((part) => part !== '').join(' · ')}</span>
      <span class="grow"></span>
      ${button(t('Own Prompt'), () => host.post({ type: 'ownPrompt' }))}
    </div>
    <p class="statement">${prompt}</p>
    <p class="caption">
      ${judged ? t('Both answers are run against its tests in the sandbox.') : t('It has no tests.')}
    </p>
  </section>`;
}

function promptView(trial: TrialModel): TemplateResult {
  const key = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      ask(trial);
    }
  };
  return html`<label class="section field"
    >${t('What should both models answer? (Ctrl+Enter asks)')}
    <textarea
      rows="4"
      .value=${host.read().draft ?? ownDraft(trial)}
      @input=${(event: Event) => {
        host.write({ draft: (event.target as HTMLTextAreaElement).value });
        draw();
      }}
      @keydown=${key}
    ></textarea>
  </label>`;
}

function controls(trial: TrialModel): TemplateResult {
  const pending = trial.sides?.some(isPending) === true;
  const { draft = '', temperature = trial.temperature } = host.read();
  return html`<div class="bar section">
    ${
      pending
        ? button(t('Stop'), () => host.post({ type: 'stop' }), { icon: 'debug-stop', primary: true })
        : button(trial.sides ? t('Ask again') : t('Ask both'), () => ask(trial), {
            ...{ icon: 'play', primary: true, disabled: !trial.question && draft.trim() === '' },
          })
    }
    ${button(t('Choose a Problem…'), () => host.post({ type: 'chooseProblem' }), { disabled: pending })}
    <label class="search"
      >${t('Temperature')}
      <input
        type="number"
        min="0"
        max=${largestTemperature}
        step="0.1"
        .value=${String(temperature)}
        @change=${(event: Event) => {
          const value = Number((event.target as HTMLInputElement).value);
          host.write({ temperature: Math.min(largestTemperature, Math.max(0, value)) });
          draw();
        }}
      />
    </label>
    <label
      ><input
        type="checkbox"
        .checked=${trial.blind}
        @change=${(event: Event) => host.post({ type: 'blind', on: (event.target as HTMLInputElement).checked })}
      />
      ${t('Hide which is which until I have chosen')}</label
    >
    <span class="grow"></span>
    <span class="dim" role="status">${trial.loading ?? (pending ? t('answering') : '')}</span>
  </div>`;
}

function answers(trial: TrialModel): TemplateResult | typeof nothing {
  const { sides } = trial;
  if (!sides) {
    return nothing;
  }
  const [left, right] = sides;
  const shown = isRevealed(trial);
  const { baseName, trainedName } = trial;
  const names = trial.left === 'base' ? [baseName, trainedName] : [trainedName, baseName];
  return html`
    <div class="columns sides section">
      ${sideView('A', shown ? names[0] : undefined, left, trial.judged)}
      ${sideView('B', shown ? names[1] : undefined, right, trial.judged)}
    </div>
    ${isComparable(trial) ? choice(trial, left.text === right.text) : nothing}
  `;
}

function choice({ preferred }: TrialModel, same: boolean): TemplateResult {
  const choices = [
    ['left', t('A is better')],
    ['right', t('B is better')],
    ['tie', t('Both alike')],
  ] as const;
  return html`<div class="bar section">
    <h2 class="plain" id="choice">${t('Which is better?')}</h2>
    <div class="bar actions" role="group" aria-labelledby="choice">
      ${choices.map(
        ([side, words]) =>
          html`<button
            type="button"
            class="choice"
            aria-pressed=${preferred === side ? 'true' : 'false'}
            @click=${() => host.post({ type: 'prefer', choice: side })}
          >
            ${words}
          </button>`,
      )}
    </div>
    <span class="dim" role="status"
      >${
        preferred === undefined
          ? same
            ? t('Both answers are the same.')
            : ''
          : t('Kept in preferences.jsonl of the run.')
      }</span
    >
  </div>`;
}

host.post({ type: 'ready' });
