import { html, type TemplateResult } from 'lit';
import type { RunView, SeriesName } from '../../src/view/messages.ts';
import { stagesFigure } from '../charts/bars.ts';
import { linesFigure, type Curve, type LinesOptions } from '../charts/lines.ts';
import { t } from '../texts.ts';
import { stageWord } from '../words.ts';

interface CurveSpec {
  series: SeriesName;
  name: string;
  colour: string;
}

const runColours = ['var(--blue)', 'var(--orange)', 'var(--green)', 'var(--purple)', 'var(--red)', 'var(--yellow)'];

/** The curves that a person looks at first. */
export function curves(runs: readonly RunView[], smoothing: number): TemplateResult {
  const main = runs[0]!;
  const solver = { series: 'solver.reward', name: t('solver'), colour: 'var(--green)' } as const;
  const proposer = { series: 'proposer.reward', name: t('proposer'), colour: 'var(--purple)' } as const;
  const marks = { steps: main.proposerUpdates.length > 60 ? [] : main.proposerUpdates, meaning: t('proposer updated') };
  return html`
    <section class="card wide">
      ${chart(runs, [solver, proposer], {
        ...{ name: 'reward', heading: t('Reward'), height: 200, range: [0, 1], smoothing },
        ...(runs.length === 1 ? { marks } : {}),
      })}
    </section>
    <section class="card">
      <sq-figure .figure=${stagesFigure(main.stageTimes, stageWord)}></sq-figure>
    </section>
    <section class="card wide">
      ${chart(
        runs,
        [
          { series: 'test_pass_rate', name: t('tests passed'), colour: 'var(--blue)' },
          { series: 'solved_rate', name: t('answers right'), colour: 'var(--green)' },
          { series: 'valid_share', name: t('proposals accepted'), colour: 'var(--orange)' },
        ],
        { name: 'pass-rate', heading: t('Shares'), height: 200, range: [0, 1], smoothing },
      )}
    </section>
    <section class="card">
      ${chart(runs, [{ series: 'diversity', name: t('diversity'), colour: 'var(--blue)' }], {
        ...{ name: 'diversity', heading: t('Diversity of the questions'), height: 200, range: [0, 1], smoothing },
      })}
    </section>
  `;
}

/** Smaller ones, for those who know what they look for. */
export function smallCurves(runs: readonly RunView[], smoothing: number): TemplateResult[] {
  const both = (metric: 'entropy' | 'kl' | 'mean_length' | 'frac_reward_zero_std'): CurveSpec[] => [
    { series: `solver.${metric}`, name: t('solver'), colour: 'var(--green)' },
    { series: `proposer.${metric}`, name: t('proposer'), colour: 'var(--purple)' },
  ];
  const one = (series: SeriesName): CurveSpec[] => [{ series, name: t('solver'), colour: 'var(--green)' }];
  const specs: [name: string, heading: string, unit: string, curves: CurveSpec[]][] = [
    ['entropy', t('Entropy'), t('nats'), both('entropy')],
    ['kl', t('KL to the base'), t('nats'), both('kl')],
    ['completion-length', t('Length of completions'), t('tokens'), both('mean_length')],
    ['frac_reward_zero_std', t('Groups without signal'), '', both('frac_reward_zero_std')],
    ['clipped_ratio', t('Answers cut at the limit'), '', one('solver.clipped_ratio')],
    ['grad_norm', t('Norm of the gradient'), '', one('solver.grad_norm')],
    ['sampling_logp_difference', t('Sampler against trainer'), t('nats'), one('solver.sampling_logp_difference')],
  ];
  return specs.map(
    ([name, heading, unit, of]) =>
      html`<section class="card">${chart(runs, of, { name, heading, unit, height: 84, smoothing })}</section>`,
  );
}

function chart(
  runs: readonly RunView[],
  specs: readonly CurveSpec[],
  options: Omit<LinesOptions, 'curves' | 'steps'>,
): TemplateResult {
  // Small ones have no room for what is yet to come.
  const steps = Math.max(...runs.map((run) => (options.height < 120 ? run.step : run.steps)));
  return html`<sq-figure .figure=${linesFigure({ ...options, curves: curvesOf(runs, specs), steps })}></sq-figure>`;
}

/** Of one run: a colour for each figure. Of several: a colour for each run, as the runs are what is compared. */
function curvesOf(runs: readonly RunView[], specs: readonly CurveSpec[]): Curve[] {
  return specs.flatMap(({ series, name, colour }) =>
    runs.map((run, i) => ({
      name: runs.length === 1 ? name : `${run.name} ${specs.length > 1 ? name : ''}`.trim(),
      colour: runs.length === 1 ? colour : runColours[i % runColours.length]!,
      points: run.series[series],
    })),
  );
}
