import type { RunEvent, RunEventOf } from '../protocol/control.ts';
import type { RunRecord, StepMetrics } from '../protocol/records.ts';
import { evaluationText } from '../view/evaluation.ts';
import { formatDuration, formatShare } from '../view/format.ts';
import { stageText as stageProgress } from '../view/progress.ts';
import { answerSharesOf, series } from '../view/series.ts';
import { english } from '../view/translate.ts';
import { reasonWord, seriesWord } from '../view/words.ts';
import { bar, oneLine, paint, type ProgressOutput } from './terminal.ts';

/** Draws a live run for a person. */
export interface RunView {
  show(event: RunEvent): void;
  close(): void;
}

/** Proposals shown when they are verified; the rest is counted. */
const shownProposals = 4;
/** On something that is no terminal, a long stage says this often that it goes on, milliseconds. */
const lineEveryMs = 15_000;

type StageEvent = RunEventOf<'stage'>;

export function createRunView(run: RunRecord, output: ProgressOutput, now = () => Date.now()): RunView {
  let steps = run.steps;
  let stage: StageEvent | undefined;
  let saidAt = now();
  let accepted = 0;
  let rejected = 0;
  let precisions = run.precisions?.reason;
  const reasons = new Map<string, number>();
  let secondsPerStep: number | undefined;
  let stepStarted = now();

  function showStage(event: StageEvent): void {
    if (event.stage !== stage?.stage || event.step !== stage.step) {
      enter(event);
    }
    stage = event;
    const left = timeLeft(event);
    const line = stageLine(event, steps, left);
    output.status(line);
    if (!output.isTerminal && event.total > 0 && now() - saidAt > lineEveryMs) {
      saidAt = now();
      output.line(stageText(event, steps, left));
    }
  }

  function enter(event: StageEvent): void {
    saidAt = now();
    if (stage?.stage === 'verify') {
      sayVerified();
    }
    if (event.step !== stage?.step) {
      stepStarted = now();
    }
    if (event.stage === 'propose') {
      accepted = 0;
      rejected = 0;
      reasons.clear();
    }
    if (event.stage === 'load' || event.stage === 'evaluate') {
      output.line(paint('dim', event.stage === 'load' ? 'Loading the model …' : heldOutTitle(event.step)));
    }
  }

  function sayVerified(): void {
    const more = accepted - shownProposals;
    if (more > 0) {
      output.line(paint('dim', `  … and ${more} more`));
    }
    const why = [...reasons]
      .sort((a, b) => b[1] - a[1])
      .map(([reason, count]) => `${reasonWord(english, reason)} ${count}`);
    output.line(paint('dim', `  ${accepted} of ${accepted + rejected} proposals are questions; answering them`));
    if (why.length > 0) {
      output.line(paint('dim', `  rejected: ${why.join(', ')}`));
    }
  }

  function showProposal(event: RunEventOf<'proposal'>): void {
    if (event.rejection || event.statement === undefined) {
      rejected++;
      const reason = event.rejection?.reason ?? 'malformed';
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      return;
    }
    accepted++;
    if (accepted <= shownProposals) {
      output.line(`  ${paint('cyan', '•')} ${oneLine(event.statement, 110)}`);
    }
  }

  /** Why other precisions are computed than the settings say, once. */
  function sayPrecisions(reason: string | undefined): void {
    if (reason !== undefined && reason !== precisions) {
      output.line(`${paint('yellow', '!')} ${reason}`);
    }
    precisions = reason;
  }

  function timeLeft({ step, stage: name }: StageEvent): number | undefined {
    if (secondsPerStep === undefined || step === 0) {
      return undefined;
    }
    const spent = name === 'evaluate' ? secondsPerStep : (now() - stepStarted) / 1000;
    return Math.max(0, secondsPerStep - spent) + (steps - step) * secondsPerStep;
  }

  function showMetrics(metrics: StepMetrics): void {
    const seconds = Object.values(metrics.seconds).reduce((sum, value) => sum + value, 0);
    secondsPerStep = secondsPerStep === undefined ? seconds : 0.5 * secondsPerStep + 0.5 * seconds;
    output.line(metricsLine(metrics, steps, seconds));
  }

  return {
    show(event) {
      switch (event.type) {
        case 'stage':
          return showStage(event);
        case 'proposal':
          return showProposal(event);
        case 'question':
          return output.line(questionLine(event));
        case 'metrics':
          return showMetrics(event.metrics);
        case 'evaluation': {
          const { evaluation } = event;
          const seconds = paint('dim', `(${formatDuration(evaluation.seconds)})`);
          return output.line(`  ${paint('bold', evaluationText(english, evaluation))} ${seconds}`);
        }
        case 'alarm':
          return output.line(
            event.change === 'raised'
              ? `${paint('yellow', '!')} ${event.message}`
              : paint('dim', `✔ No longer: ${event.message}`),
          );
        case 'restart':
          return output.line(`${paint('yellow', '!')} The ${event.child} process died and was started again.`);
        case 'state':
          steps = event.run.steps;
          sayPrecisions(event.run.precisions?.reason);
          return showState(event.run, output);
        default:
          return event satisfies never;
      }
    },
    close: () => output.clear(),
  };
}

/** What a run is about; `topic` may be empty. */
export function describeSubject(domain: string, topic: string): string {
  return topic === '' ? domain : `${domain} (${topic})`;
}

function showState(run: RunRecord, output: ProgressOutput): void {
  if (run.state === 'paused') {
    output.line(paint('yellow', 'Paused. `selfq resume DIR` lets it go on.'));
  }
}

function heldOutTitle(step: number): string {
  return step === 0 ? 'Held-out problems before training …' : `Held-out problems after step ${step} …`;
}

function stageLine(event: StageEvent, steps: number, left: number | undefined): string {
  const share = event.total > 0 ? `${bar(event.done / event.total)} ` : '';
  const what = event.what ? paint('dim', ` ${oneLine(event.what, 60)}`) : '';
  return share + stageText(event, steps, left) + what;
}

function stageText(event: StageEvent, steps: number, left: number | undefined): string {
  const parts = [
    `step ${event.step}/${steps}`,
    stageProgress(english, event),
    ...(event.tokensPerSecond ? [`${Math.round(event.tokensPerSecond)} tokens/s`] : []),
    ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
  ];
  return parts.join(' · ');
}

/** A strip with one sign for each answer, then the problem. */
function questionLine({ marks, solveRate, statement }: RunEventOf<'question'>): string {
  const strip = marks.map((mark) => (mark === 'right' ? paint('green', '✔') : paint('red', '✘'))).join('');
  const rate = formatShare(solveRate).padEnd(4);
  return `  ${strip} ${paint('dim', rate)} ${oneLine(statement, 100)}`;
}

function metricsLine(metrics: StepMetrics, steps: number, seconds: number): string {
  const shares = answerSharesOf([metrics]).map(
    (name) => `${seriesWord(english, name)} ${formatShare(series[name](metrics))}`,
  );
  const parts = [
    `${metrics.valid} of ${metrics.proposals} proposals valid`,
    ...(metrics.skipped ? [`${metrics.skipped} skipped in the update`] : []),
    ...shares,
    `reward solver ${formatShare(metrics.solver.reward)}, proposer ${formatShare(metrics.proposer.reward)}`,
    `${Math.round(metrics.tokens_per_second)} tokens/s`,
    formatDuration(seconds),
  ];
  return `${paint('bold', `step ${metrics.step}/${steps}`)} · ${parts.join(' · ')}`;
}
