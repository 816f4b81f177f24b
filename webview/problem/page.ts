import { html, nothing, render, type TemplateResult } from 'lit';
import type { HostMessage, ProblemMessage, ProblemModel, TestsView } from '../../src/view/messages.ts';
import { formatNumber, formatShare, formatSigned } from '../../src/view/format.ts';
import { reasonWord } from '../../src/view/words.ts';
import { connect } from '../host.ts';
import { t } from '../texts.ts';
import { button, type Failure, failureView } from '../ui.ts';
import { answersView } from './answers.ts';
import { highlighted } from './code.ts';
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
let failure: Failure | undefined;

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
    render(failureView(failure), page);
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
      <span class="dim num"
        >${[problem.runName, t('step {0} · {1} of {2}', problem.step, problem.place, problem.count)].join(' · ')}</span
      >
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
                <p class="statement ${isExpression(question.statement) ? 'expression' : ''}">${question.statement}</p>
                ${question.tests ? testsView(question.tests, answers, chosen, choose) : votesView(question, chosen, choose)}`
            : nothing
        }
        ${
          proposal
            ? html`<details ?open=${!question}>
                <summary>${t('What the proposer wrote ({0} tokens)', proposal.tokens)}</summary>
                <pre class="wrap" tabindex="0">
${question?.tests || !question ? highlighted(proposal.text) : proposal.text}</pre>
              </details>`
            : nothing
        }
        ${
          question?.tests?.reference
            ? html`<details>
                <summary>${t('Reference solution')}</summary>
                <pre tabindex="0">${highlighted(question.tests.reference)}</pre>
              </details>`
            : nothing
        }
        ${
          proposal
            ? html`<details>
                <summary>${t('What the proposer was asked')}</summary>
                <pre class="wrap" tabindex="0">${proposal.prompt}</pre>
              </details>`
            : nothing
        }
      </div>
      ${question ? answersView(question, chosen, { choose, post: host.post }) : nothing}
    </div>
  `;
}

/** Longest statement that is set large, as one reads a formula. */
const expressionLength = 60;

function isExpression(statement: string): boolean {
  return statement.length <= expressionLength && !statement.includes('\n') && /\d/.test(statement);
}

/** Why it counts, in one line. */
function facts(problem: ProblemModel): TemplateResult {
  const { rejection, question, proposal } = problem;
  const rest = [
    ...(proposal ? [rewardText(proposal)] : []),
    ...(question?.solveRate === undefined
      ? []
      : [t('mean reward of the answers {0}', formatShare(question.solveRate))]),
    ...(question?.skipped ? [t('not trained on in this step')] : []),
    ...(question?.tests ? [testsOrigin(question.tests.testsMode)] : []),
    ...(question?.tests?.seed ? [seedText(question.tests.seed)] : []),
    ...(proposal?.meanLogprob === undefined ? [] : [t('mean logprob {0}', formatNumber(proposal.meanLogprob))]),
    ...(proposal?.cut ? [t('cut at the token limit')] : []),
  ];
  return html`${verdictOf(problem)}${rest.map((part) => html`<span class="dim"> · ${part}</span>`)} ${rejection?.detail}`;
}

function verdictOf({ rejection, source, origin }: ProblemModel): TemplateResult {
  if (rejection) {
    return html`<span class="bad">${t('rejected')}: ${reasonWord(t, rejection.reason)}</span>`;
  }
  if (source === 'proposer') {
    return html`<span class="good">${t('accepted')}</span>`;
  }
  const where = source === 'pool' ? t('from a pool') : t('from a data set');
  return html`<span>${[where, ...(origin === undefined ? [] : [origin])].join(': ')}</span>`;
}

/** Which function of the person's own code it comes from. */
function seedText({ name, place, isReference }: NonNullable<TestsView['seed']>): string {
  return isReference ? t('solved by {0} of {1}', name, place) : t('after {0} of {1}', name, place);
}

function rewardText({ reward, advantage }: NonNullable<ProblemModel['proposal']>): string {
  return reward === undefined
    ? t('proposer without reward')
    : t('proposer reward {0}, advantage {1}', formatShare(reward), formatSigned(advantage));
}

function testsOrigin(testsMode: string): string {
  return testsMode === 'written' ? t('tests written by the proposer') : t('tests computed from the reference');
}

host.post({ type: 'ready' });
