import { html, nothing, type TemplateResult } from 'lit';
import type { RunView, SeriesName } from '../../src/view/messages.ts';
import { shareCharts } from '../../src/view/series.ts';
import { seriesWord, stageWord } from '../../src/view/words.ts';
import { stagesFigure } from '../charts/bars.ts';
import { linesFigure, type Curve, type LinesOptions } from '../charts/lines.ts';
import { t } from '../texts.ts';
import { coloursOf, runLetter } from './compared.ts';

type ChartOptions = Omit<LinesOptions, 'curves' | 'steps'>;

const colours: Partial<Record<SeriesName, string>> = {
  test_pass_rate: 'var(--blue)',
  solved_rate: 'var(--green)',
  label_accuracy: 'var(--blue)',
  answer_accuracy: 'var(--green)',
  majority_ratio: 'var(--purple)',
  form_agreement: 'var(--blue)',
  labelled_rate: 'var(--orange)',
  valid_share: 'var(--orange)',
  diversity: 'var(--blue)',
  distinct_ngrams: 'var(--orange)',
  hidden_spread: 'var(--purple)',
  sound: 'var(--green)',
  novelty_words: 'var(--blue)',
  novelty_behaviour: 'var(--purple)',
  difficulty: 'var(--orange)',
  short_references: 'var(--yellow)',
};

function colourOf(series: SeriesName): string {
  return colours[series] ?? (series.startsWith('proposer.') ? 'var(--purple)' : 'var(--green)');
}

/** The curves that a person looks at first. Which there are is decided by what the metrics hold. */
export function curves(runs: readonly RunView[], smoothing: number): TemplateResult {
  const main = runs[0]!;
  const { shares, agreement, quality, variety } = shareCharts((name) =>
    runs.some((run) => run.series[name].length > 0),
  );
  const marks = { steps: main.proposerUpdates.length > 60 ? [] : main.proposerUpdates, meaning: t('proposer updated') };
  const common = { height: 200, range: [0, 1], smoothing } as const;
  return html`
    <section class="card wide">
      ${chart(runs, ['solver.reward', 'proposer.reward'], {
        ...{ ...common, name: 'reward', heading: t('Reward') },
        hint: t('The solver’s reward also falls when questions become harder: held-out problems are the measure.'),
        ...(runs.length === 1 ? { marks } : {}),
      })}
    </section>
    <section class="card">
      <sq-figure .figure=${stagesFigure(main.stageTimes, (stage) => stageWord(t, stage))}></sq-figure>
    </section>
    <section class="card wide">${chart(runs, shares, { ...common, name: 'shares', heading: t('Shares') })}</section>
    <section class="card">
      ${chart(runs, variety, {
        ...{ ...common, name: 'diversity', heading: t('Diversity of the questions') },
        hint: t(
          'Within a step, 0 = all alike: mean distance of the statements by their words; share of distinct 3-grams of words; mean distance of the model’s own hidden states.',
        ),
      })}
    </section>
    ${
      quality.length === 0
        ? nothing
        : html`<section class="card full">
            ${chart(runs, quality, {
              ...{ ...common, name: 'quality', heading: t('Quality of the questions') },
              hint: t(
                'Sound: at least two answers pass everything. New in words, in behaviour: not a repetition of an earlier question. Difficulty: 1 = no answer right. Short references: three lines or fewer.',
              ),
            })}
          </section>`
    }
    ${
      agreement.length === 0
        ? nothing
        : html`<section class="card full">
            ${chart(runs, agreement, {
              ...{ ...common, name: 'agreement', heading: t('Agreement of the answers') },
              hint: t(
                'Majority ratio: share of a question’s answers with its most frequent value. Form agreement: share of pairs of forms whose most frequent values are equal. Both can rise while the labels become wrong.',
              ),
            })}
          </section>`
    }
  `;
}

/** Smaller ones, for those who know what they look for; those without a value are skipped. */
export function smallCurves(runs: readonly RunView[], smoothing: number): TemplateResult[] {
  const specs: [name: string, heading: string, unit: string, hint: string, curves: SeriesName[]][] = [
    [
      ...(['entropy', t('Entropy'), t('nats')] as const),
      t(
        'Mean surprise of a sampled token in nats; a coin toss has 0.69. Near 0 the model writes nearly always the same.',
      ),
      ['solver.entropy', 'proposer.entropy'],
    ],
    [
      ...(['kl', t('KL to the base'), t('nats')] as const),
      t('How far training has moved the model from the one it began with, in nats; 0 = not at all.'),
      ['solver.kl', 'proposer.kl'],
    ],
    [
      ...(['completion-length', t('Length of completions'), t('tokens')] as const),
      t('Tokens of a proposal or an answer.'),
      ['solver.mean_length', 'proposer.mean_length'],
    ],
    [
      ...(['reference_lines', t('Length of references'), t('lines')] as const),
      t('Lines of the proposer’s own solutions, without empty lines and comments.'),
      ['reference_lines'],
    ],
    [
      ...(['unsafe', t('Unsafe proposals'), ''] as const),
      t('Share of the proposals that the safety guard rejected.'),
      ['unsafe'],
    ],
    [
      ...(['frac_reward_zero_std', t('Groups without signal'), ''] as const),
      t('Share of groups whose rewards are all equal: nothing is learned from them.'),
      ['solver.frac_reward_zero_std', 'proposer.frac_reward_zero_std'],
    ],
    [
      ...(['clipped_ratio', t('Answers cut at the limit'), ''] as const),
      t('Share of answers that reached the token limit.'),
      ['solver.clipped_ratio'],
    ],
    [
      ...(['grad_norm', t('Norm of the gradient'), ''] as const),
      t('Size of the update before it is scaled down to its limit.'),
      ['solver.grad_norm'],
    ],
    [
      ...(['sampling_logp_difference', t('Sampler against trainer'), t('nats')] as const),
      t('Mean difference between the log-probabilities of sampling and of training: should stay near 0.'),
      ['solver.sampling_logp_difference'],
    ],
  ];
  return specs
    .filter(([name, , , , of]) =>
      runs.some((run) => of.some((series) => isTelling(run, series, name === 'kl' || name === 'unsafe'))),
    )
    .map(
      ([name, heading, unit, hint, of]) =>
        html`<section class="card">${chart(runs, of, { name, heading, unit, hint, height: 84, smoothing })}</section>`,
    );
}

/** Without a KL term in the loss nothing measures the KL: it is recorded as 0. */
function isTelling(run: RunView, series: SeriesName, zeroIsNothing: boolean): boolean {
  return run.series[series].some(([, value]) => !zeroIsNothing || value !== 0);
}

function chart(runs: readonly RunView[], series: readonly SeriesName[], options: ChartOptions): TemplateResult {
  // Small ones have no room for what is yet to come.
  const steps = Math.max(...runs.map((run) => (options.height < 120 ? run.step : run.steps)));
  return html`<sq-figure .figure=${linesFigure({ ...options, curves: curvesOf(runs, series), steps })}></sq-figure>`;
}

/** Of one run: a colour for each figure. Of several: a colour for each run, as the runs are what is compared. */
function curvesOf(runs: readonly RunView[], series: readonly SeriesName[]): Curve[] {
  const ofRuns = coloursOf(runs);
  return series.flatMap((name) =>
    runs.map((run, i) => ({
      name:
        runs.length === 1
          ? seriesWord(t, name)
          : `${runLetter(i)} ${series.length > 1 ? seriesWord(t, name) : ''}`.trim(),
      colour: runs.length === 1 ? colourOf(name) : (ofRuns[i] ?? colourOf(name)),
      points: run.series[name],
    })),
  );
}
