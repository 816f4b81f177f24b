import { html, nothing, type TemplateResult } from 'lit';
import { firstDifference } from '../../src/view/difference.ts';
import type { AnswerView, ProblemMessage, ProblemModel, TestsView } from '../../src/view/messages.ts';
import { formatMilliseconds, formatNumber, formatSigned } from '../../src/view/format.ts';
import { verdictWord } from '../../src/view/words.ts';
import { t } from '../texts.ts';
import { button } from '../ui.ts';
import { highlighted } from './code.ts';
import { answerWord, signOf, toneOfAnswer } from './verdicts.ts';

type Question = NonNullable<ProblemModel['question']>;

interface Actions {
  choose: (answer: number) => void;
  post: (message: ProblemMessage) => void;
}

/** The answers as tabs; the chosen one in full with its first difference. */
export function answersView(question: Question, chosen: number, actions: Actions): TemplateResult {
  const { answers } = question;
  const answer = answers[chosen];
  const best = answers.findIndex(({ mark }, i) => mark === 'right' && i !== chosen);
  const other = best >= 0 ? best : chosen === 0 ? 1 : 0;
  return html`<div class="answers">
    <h2 id="answers-heading">${t('Answers')}</h2>
    <div class="bar">
      <div
        class="tabs"
        role="tablist"
        aria-labelledby="answers-heading"
        @keydown=${(event: KeyboardEvent) => key(event, chosen, answers.length, actions)}
      >
        ${answers.map((answer, i) => tab(answer, i, i === chosen, actions))}
      </div>
      <span class="grow"></span>
      ${
        answers.length > 1
          ? button(t('Diff with {0}', other + 1), () =>
              actions.post({ type: 'diffAnswers', left: other, right: chosen }),
            )
          : nothing
      }
      ${answer ? button(t('Open'), () => actions.post({ type: 'openAnswer', answer: chosen })) : nothing}
    </div>
    ${answer ? panel(answer, question) : html`<p class="caption">${t('This question was not answered.')}</p>`}
  </div>`;
}

function tab(answer: AnswerView, i: number, on: boolean, { choose }: Actions): TemplateResult {
  const tone = toneOfAnswer(answer);
  const word = answer.verdict ?? (answer.answer.length > 12 || answer.answer === '' ? signOf(tone) : answer.answer);
  return html`<button
    type="button"
    role="tab"
    id="tab-${i}"
    aria-selected=${on ? 'true' : 'false'}
    aria-controls="answer"
    tabindex=${on ? 0 : -1}
    title=${answerWord(answer)}
    @click=${() => choose(i)}
  >
    ${i + 1} <span class=${tone}>${word}</span>
  </button>`;
}

function key(event: KeyboardEvent, chosen: number, count: number, { choose }: Actions): void {
  const next = { ArrowRight: chosen + 1, ArrowLeft: chosen - 1, Home: 0, End: count - 1 }[event.key];
  if (next === undefined || next < 0 || next >= count) {
    return;
  }
  event.preventDefault();
  choose(next);
  document.getElementById(`tab-${next}`)?.focus();
}

function panel(answer: AnswerView, { tests, label, forms }: Question): TemplateResult {
  const { reward, advantage, tokens, timeMs, meanLogprob, cut, message } = answer;
  const facts = [
    ...(tests ? [answerWord(answer)] : []),
    ...voteFacts(answer, label),
    reward === undefined ? t('no reward') : t('reward {0}', formatNumber(reward)),
    t('advantage {0}', formatSigned(advantage)),
    t('{0} tokens', tokens),
    ...(timeMs === undefined ? [] : [t('{0} for all tests', formatMilliseconds(timeMs, t))]),
    ...(meanLogprob === undefined ? [] : [t('mean logprob {0}', formatNumber(meanLogprob))]),
    ...(cut ? [t('cut at the token limit')] : []),
  ];
  return html`<div id="answer" role="tabpanel" tabindex="0" aria-labelledby="answers-heading">
    ${tests ? nothing : valueView(answer)}
    <p class="caption num">${facts.join(' · ')}</p>
    <pre class=${tests ? '' : 'wrap'} tabindex="0">
${tests ? highlighted(answer.answer || answer.text) : answer.text}</pre>
    ${message === undefined ? nothing : html`<p class="bad">${message}</p>`}
    ${tests ? difference(answer, tests) : nothing}
    ${
      !tests || answer.text.trim() === answer.answer.trim() || answer.answer === ''
        ? nothing
        : html`<details>
            <summary>${t('Whole completion')}</summary>
            <pre class="wrap" tabindex="0">${answer.text}</pre>
          </details>`
    }
    <details>
      <summary>${t('What the figures mean')}</summary>
      <p class="caption">
        ${t('Reward: what the answer earned. Advantage: how much more or less than the other answers to the same question, which is what training follows. Mean logprob: how sure the model was of its words; 0 is certain, −1 a chance of 37 % for each token.')}
      </p>
    </details>
    <details>
      <summary>
        ${forms.length > 1 ? t('What was asked (form {0} of {1})', answer.form + 1, forms.length) : t('What was asked')}
      </summary>
      <pre class="wrap" tabindex="0">${forms[answer.form] ?? ''}</pre>
    </details>
  </div>`;
}

/** What was read out of the answer, as the one figure of it. */
function valueView(answer: AnswerView): TemplateResult {
  const tone = toneOfAnswer(answer);
  return html`<p class="headline">
    <span class="dim">${t('answer')}</span>
    <span class="big value">${answer.answer === '' ? '–' : answer.answer}</span>
    <span class=${tone}>${signOf(tone)} ${answerWord(answer)}</span>
  </p>`;
}

/** How the vote went, where the answers elected a label. */
function voteFacts({ vote, expected }: AnswerView, label: Question['label']): string[] {
  return [
    ...(vote ? [t('{0} of {1} votes of its form', vote.votes, vote.of)] : []),
    ...(label?.value === null ? [t('no label')] : []),
    ...(vote?.correct === undefined ? [] : [vote.correct ? t('true') : t('not true')]),
    ...(expected === undefined ? [] : [t('expected {0}', expected)]),
  ];
}

/** The first test that failed: what was expected, what came, and the token where they part. */
function difference({ tests: results = [] }: AnswerView, { rows: tests }: TestsView): TemplateResult | typeof nothing {
  const index = results.findIndex(({ verdict }) => verdict !== 'AC');
  const failed = results[index];
  if (!failed) {
    return nothing;
  }
  const expected = failed.expected ?? tests[index]?.expected ?? '';
  const row = (name: string, value: unknown): TemplateResult =>
    html`<tr>
      <th scope="row">${name}</th>
      <td class="value">${value}</td>
    </tr>`;
  return html`
    <h2>${t('First failure')}</h2>
    <table class="difference">
      <tbody>
        ${row(t('test {0}, input', index + 1), tests[index]?.input ?? '')}
        ${
          failed.actual === undefined
            ? html`${row(t('expected'), expected)} ${row(verdictWord(t, failed.verdict), failed.message ?? '')}`
            : compared(expected, failed.actual, row)
        }
        ${placeIn(failed.at) === '' ? nothing : row(t('at'), placeIn(failed.at))}
        ${failed.timeMs === undefined ? nothing : row(t('time'), formatMilliseconds(failed.timeMs, t))}
      </tbody>
    </table>
  `;
}

/** Where in the result they part, such as `[2].name`; nothing where it is the result as a whole. */
function placeIn(path: string | undefined): string {
  return (path ?? '').replace(/^\$\.?/, '');
}

function compared(
  expected: string,
  actual: string,
  row: (name: string, value: unknown) => TemplateResult,
): TemplateResult {
  const { same, left, right, leftRest, rightRest } = firstDifference(expected, actual);
  const marked = (token: string, rest: string): TemplateResult => html`${same}<mark>${token || '␣'}</mark>${rest}`;
  return html`${row(t('expected'), marked(left, leftRest))} ${row(t('got'), marked(right, rightRest))}`;
}
