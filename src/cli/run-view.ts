import type { RunEvent, RunEventOf } from '../protocol/control.ts';
import type { RunRecord, StepMetrics } from '../protocol/records.ts';
import { benchmarkTitle, evaluationText } from '../view/evaluation.ts';
import { asSentence, formatDuration, formatShare } from '../view/format.ts';
import { shownProgress, stageText as stageProgress, stateText } from '../view/progress.ts';
import { answerSharesOf, originsOf, series } from '../view/series.ts';
import { english } from '../view/translate.ts';
import { reasonWord, seriesWord } from '../view/words.ts';
import { visibleText } from '../view/visible-text.ts';
import { bar, oneLine, paint, type ProgressOutput } from './terminal.ts';

/** Draws a live run for a person. */
export interface RunView {
  show(event: RunEvent): void;
  close(): void;
}

/** Proposals shown when they are verified; the rest is counted. */
const shownProposals = 4;
/** Rejected proposals shown as examples, where fewer than half are questions. */
const shownRejections = 2;
/** Interval between progress lines when standard error is not a terminal, milliseconds. */
const lineEveryMs = 15_000;

type StageEvent = RunEventOf<'stage'>;

/**
 * A view that draws the events of a run on `output`; `now` in milliseconds. `brief`: a line for each step, without its
 * proposals and questions.
 */
export function createRunView(
  run: RunRecord,
  output: ProgressOutput,
  now = () => Date.now(),
  { brief = false } = {},
): RunView {
  let steps = run.steps;
  let stage: StageEvent | undefined;
  let saidAt = now();
  let precisions = run.precisions?.reason;
  const tally = createProposalTally(output);
  /** What is under way, as it was said: a step's model may be loaded in parts, between other stages. */
  const said = new Set<string>();
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
    if (stage?.stage === 'verify' && !brief) {
      tally.say();
    }
    if (stage?.stage === 'search' && stage.what !== undefined) {
      output.line(paint('dim', `  ${oneLine(stage.what, 110)}`));
    }
    if (event.step !== stage?.step) {
      stepStarted = now();
    }
    if (event.stage === 'propose') {
      tally.clear();
    }
    if (event.stage === 'load' || event.stage === 'evaluate') {
      sayOnce(event.step, event.stage === 'load' ? 'Loading the model …' : heldOutTitle(event.step));
    }
  }

  function sayOnce(step: number, title: string): void {
    const key = `${step} ${title}`;
    if (!said.has(key)) {
      said.add(key);
      output.line(paint('dim', title));
    }
  }

  /** Why other precisions are computed than the settings say, once. */
  function sayPrecisions(reason: string | undefined): void {
    if (reason !== undefined && reason !== precisions) {
      output.line(`${paint('yellow', '!')} ${visibleText(reason)}`);
    }
    precisions = reason;
  }

  /** Seconds to the end of the last step; undefined where no step that trained was measured, or this one takes longer. */
  function timeLeft({ step, stage: name }: StageEvent): number | undefined {
    if (secondsPerStep === undefined || step === 0) {
      return undefined;
    }
    const spent = name === 'evaluate' ? secondsPerStep : (now() - stepStarted) / 1000;
    const left = Math.max(0, secondsPerStep - spent) + (steps - step) * secondsPerStep;
    return left > 0 ? left : undefined;
  }

  function showMetrics(metrics: StepMetrics): void {
    const seconds = Object.values(metrics.seconds).reduce((sum, value) => sum + value, 0);
    // A step without a question takes a fraction of the time of others.
    if (metrics.valid > 0) {
      secondsPerStep = secondsPerStep === undefined ? seconds : 0.5 * secondsPerStep + 0.5 * seconds;
    }
    output.line(metricsLine(metrics, steps, seconds));
  }

  return {
    show(event) {
      switch (event.type) {
        case 'stage':
          return showStage(event);
        case 'proposal':
          return brief ? undefined : tally.add(event);
        case 'question':
          return brief ? undefined : output.line(questionLine(event));
        case 'metrics':
          return showMetrics(event.metrics);
        case 'evaluation': {
          const { evaluation } = event;
          const seconds = paint('dim', `(${formatDuration(evaluation.seconds)})`);
          return output.line(
            `  ${paint('bold', `${benchmarkTitle(evaluation)}: ${evaluationText(english, evaluation)}`)} ${seconds}`,
          );
        }
        case 'alarm':
          return output.line(
            event.change === 'raised'
              ? `${paint('yellow', '!')} ${visibleText(event.message)}`
              : paint('dim', `✔ No longer: ${visibleText(event.message)}`),
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

/**
 * What became of a step's proposals: the first questions as they come, the rest as counts, and where most are rejected,
 * examples: without one nobody can tell what to ask for instead.
 */
function createProposalTally(output: ProgressOutput) {
  let accepted = 0;
  const rejected: Rejected[] = [];
  return {
    add({ statement, rejection, text = '' }: RunEventOf<'proposal'>): void {
      if (rejection || statement === undefined) {
        rejected.push({ reason: 'malformed', detail: '', ...rejection, text });
        return;
      }
      accepted++;
      if (accepted <= shownProposals) {
        output.line(`  ${paint('cyan', '•')} ${oneLine(statement, 110)}`);
      }
    },
    say(): void {
      if (accepted > shownProposals) {
        output.line(paint('dim', `  … and ${accepted - shownProposals} more`));
      }
      const all = accepted + rejected.length;
      output.line(paint('dim', `  ${accepted} of ${all} proposals are questions; answering them`));
      const why = mostFirst(rejected, 'reason').map(
        ({ first, count }) => `${reasonWord(english, first.reason)} ${count}`,
      );
      if (why.length > 0) {
        output.line(paint('dim', `  rejected: ${why.join(', ')}`));
      }
      if (accepted < rejected.length) {
        mostFirst(rejected, 'detail')
          .slice(0, shownRejections)
          .forEach(({ first }) => output.line(paint('dim', rejectionLine(first))));
      }
    },
    clear(): void {
      accepted = 0;
      rejected.length = 0;
    },
  };
}

/** A proposal that is no question, and why. */
interface Rejected {
  reason: string;
  detail: string;
  /** What the model wrote, its beginning; empty where the engine does not say. */
  text: string;
}

/** The first of those that have one `part` in common, and how many there are, the most frequent first. */
function mostFirst(rejected: readonly Rejected[], part: 'reason' | 'detail'): { first: Rejected; count: number }[] {
  return [...Map.groupBy(rejected, (one) => one[part]).values()]
    .sort((a, b) => b.length - a.length)
    .flatMap(([first, ...others]) => (first ? [{ first, count: 1 + others.length }] : []));
}

/** How proposals of code begin, which says nothing. */
const codeOpening = /^```\w*\s*\/\*\*[\s*]*/;

function rejectionLine({ detail, text }: Rejected): string {
  const written = text === '' ? [] : [`“${oneLine(text.replace(codeOpening, ''), 80)}”`];
  return `    ${[oneLine(detail, 90), ...written].join(' ')}`;
}

/** What a run is about; `topic` may be empty. */
export function describeSubject(domain: string, topic: string): string {
  return topic === '' ? domain : `${domain} (${topic})`;
}

function showState(run: RunRecord, output: ProgressOutput): void {
  const progress = shownProgress({ run, state: run.state });
  if (progress.wait) {
    // What it did last is over.
    output.clear();
    output.line(paint('yellow', asSentence(stateText(english, progress))));
    return;
  }
  if (run.state === 'paused') {
    output.line(paint('yellow', 'Paused. `selfq resume DIR` continues it.'));
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
  const { accepted, given } = originsOf(metrics);
  const parts = [
    ...(metrics.proposals > 0 ? [`${accepted} of ${metrics.proposals} proposals valid`] : []),
    ...(given > 0 ? [`${given} questions given`] : []),
    ...(metrics.skipped
      ? [metrics.skipped === metrics.valid ? 'nothing trained' : `${metrics.skipped} skipped in the update`]
      : []),
    ...shares,
    `reward solver ${formatShare(metrics.solver.reward)}, proposer ${formatShare(metrics.proposer.reward)}`,
    `${Math.round(metrics.tokens_per_second)} tokens/s`,
    formatDuration(seconds),
  ];
  return `${paint('bold', `step ${metrics.step}/${steps}`)} · ${parts.join(' · ')}`;
}
