import { html, nothing, render, type TemplateResult } from 'lit';
import type { HostMessage, ProblemMessage, ProblemModel } from '../../src/view/messages.ts';
import { short } from '../charts/scale.ts';
import { connect } from '../host.ts';
import { t } from '../texts.ts';
import { button } from '../ui.ts';
import { reasonWord } from '../words.ts';
import { answersView } from './answers.ts';
import { highlighted } from './code.ts';
import { signed } from './signed.ts';
import { testsView } from './tests.ts';
import { votesView } from './votes.ts';

/** Kept over hide, reload and restart of the window. */
interface PageState {
  dir: string;
  step: number;
  id: string;
  answer: number;
}

let model: ProblemModel | undefined;
let failure: { message: string; remedy: string } | undefined;

const host = connect<ProblemMessage, PageState>((message: HostMessage) => {
  if (message.type === 'problem') {
    show(message.model);
  } else if (message.type === 'failure') {
    failure = message;
    draw();
  }
});

const page = document.getElementById('page')!;

function show(next: ProblemModel): void {
  const same = host.read().id === next.id && host.read().step === next.step;
  model = next;
  failure = undefined;
  host.write({
    dir: next.dir,
    step: next.step,
    id: next.id,
    answer: same ? (host.read().answer ?? 0) : firstTelling(next),
  });
  draw();
  if (!same) {
    scrollTo(0, 0);
  }
}

/** The answer that a person wants to see first: one that went wrong, else the first. */
function firstTelling({ question }: ProblemModel): number {
  return Math.max(0, question?.answers.findIndex(({ mark }) => mark !== 'right') ?? 0);
}

function choose(answer: number): void {
  host.write({ answer });
  draw();
}

function draw(): void {
  if (failure) {
    render(html`<p role="alert">${failure.message} ${failure.remedy}</p>`, page);
  } else if (model) {
    render(view(model), page);
  }
}

function view(problem: ProblemModel): TemplateResult {
  const { question, proposal } = problem;
  const answers = question?.answers ?? [];
  const chosen = Math.min(host.read().answer ?? 0, Math.max(0, answers.length - 1));
  return html`
    <header class="bar">
      <h1>${problem.title}</h1>
      <span class="dim num">${t('step {0} · proposal {1} of {2}', problem.step, problem.place, problem.count)}</span>
      <span class="grow"></span>
      <span class="bar actions">
        ${button(t('Previous'), () => host.post({ type: 'move', by: -1 }), { icon: 'chevron-left' })}
        ${button(t('Next'), () => host.post({ type: 'move', by: 1 }), { icon: 'chevron-right' })}
        ${question ? button(t('Copy JSON'), () => host.post({ type: 'copy' })) : nothing}
        ${question?.tests ? button(t('Solve it yourself'), () => host.post({ type: 'solve' }), { primary: true }) : nothing}
      </span>
    </header>
    <p class="facts num">${facts(problem)}</p>
    <div class=${question ? 'columns' : ''}>
      <div>
        ${
          question
            ? html`<h2>${t('Problem')}</h2>
                <p class="statement">${question.statement}</p>
                ${question.tests ? testsView(question.tests, answers, chosen, choose) : votesView(question, chosen, choose)}`
            : nothing
        }
        <details ?open=${!question}>
          <summary>${t('What the proposer wrote ({0} tokens)', proposal.tokens)}</summary>
          <pre tabindex="0">${highlighted(proposal.text)}</pre>
        </details>
        ${
          question?.tests?.reference
            ? html`<details>
                <summary>${t('Reference solution')}</summary>
                <pre tabindex="0">${highlighted(question.tests.reference)}</pre>
              </details>`
            : nothing
        }
        <details>
          <summary>${t('What the proposer was asked')}</summary>
          <pre class="wrap" tabindex="0">${proposal.prompt}</pre>
        </details>
      </div>
      ${question ? answersView(question, chosen, { choose, post: host.post }) : nothing}
    </div>
  `;
}

/** Why it counts, in one line. */
function facts({ rejection, question, proposal }: ProblemModel): TemplateResult {
  const rest = [
    ...(question?.solveRate === undefined ? [] : [t('pass rate {0}', short(question.solveRate))]),
    ...(question?.tests
      ? [
          question.tests.testsMode === 'written'
            ? t('tests written by the proposer')
            : t('tests computed from the reference'),
        ]
      : []),
    ...(proposal.meanLogprob === undefined ? [] : [t('mean logprob {0}', short(proposal.meanLogprob))]),
    ...(proposal.cut ? [t('cut at the token limit')] : []),
  ];
  const reward =
    proposal.reward === undefined
      ? t('proposer without reward')
      : t('proposer reward {0}, advantage {1}', short(proposal.reward), signed(proposal.advantage));
  return html`
    ${
      rejection
        ? html`<span class="bad">${t('rejected')}: ${reasonWord(rejection.reason)}.</span> ${rejection.detail}`
        : html`<span class="good">${t('accepted')}</span>`
    }
    <span class="dim"> · <span class="proposer">${reward}</span>${rest.map((part) => ` · ${part}`)}</span>
  `;
}

host.post({ type: 'ready' });
