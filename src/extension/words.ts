import * as vscode from 'vscode';
import type { Stage } from '../protocol/stages.ts';
import type { ShownState } from '../protocol/run-state.ts';
import type { Outcome } from '../view/problem-index.ts';

/** The stages of a step in the reader's language. */
export function stageWord(stage: Stage): string {
  const words: Record<Stage, string> = {
    load: vscode.l10n.t('loading the model'),
    evaluate: vscode.l10n.t('evaluating'),
    propose: vscode.l10n.t('proposing'),
    verify: vscode.l10n.t('verifying'),
    solve: vscode.l10n.t('solving'),
    judge: vscode.l10n.t('judging'),
    update: vscode.l10n.t('training'),
    record: vscode.l10n.t('recording'),
  };
  return words[stage];
}

/** The state of a run in the reader's language. */
export function stateWord(state: ShownState): string {
  const words: Record<ShownState, string> = {
    starting: vscode.l10n.t('starting'),
    running: vscode.l10n.t('running'),
    paused: vscode.l10n.t('paused'),
    stopping: vscode.l10n.t('stopping'),
    interrupted: vscode.l10n.t('interrupted'),
    stopped: vscode.l10n.t('stopped'),
    finished: vscode.l10n.t('finished'),
    failed: vscode.l10n.t('failed'),
  };
  return words[state];
}

/** What became of a proposal. */
export function outcomeWord(outcome: Outcome): string {
  const words: Record<Outcome, string> = {
    some: vscode.l10n.t('Solved by some answers'),
    all: vscode.l10n.t('Solved by every answer'),
    none: vscode.l10n.t('Solved by no answer'),
    unjudged: vscode.l10n.t('Not judged'),
    rejected: vscode.l10n.t('Rejected'),
  };
  return words[outcome];
}

/** A rejection's stable code as words: `near-duplicate` and `tooFewTests` alike. */
export function reasonWord(reason: string): string {
  return reason
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_]/g, ' ')
    .toLowerCase();
}
