import type { AnswerView } from '../../src/view/messages.ts';
import { t } from '../texts.ts';

export type ShownVerdict = AnswerView['verdict'];

/** Tone and sign of a verdict: colour is never alone. */
export function toneOf(verdict: ShownVerdict): 'good' | 'bad' | 'warn' | 'dim' {
  switch (verdict) {
    case 'AC':
      return 'good';
    case 'TLE':
    case 'MLE':
    case 'OLE':
      return 'warn';
    case 'IE':
    case 'none':
      return 'dim';
    default:
      return 'bad';
  }
}

export function signOf(verdict: ShownVerdict): string {
  return { good: '✓', bad: '✗', warn: '◷', dim: '–' }[toneOf(verdict)];
}

export function verdictWord(verdict: ShownVerdict): string {
  const words: Record<ShownVerdict, string> = {
    AC: t('accepted'),
    WA: t('wrong answer'),
    RE: t('runtime error'),
    CE: t('does not compile'),
    TLE: t('time limit'),
    MLE: t('memory limit'),
    OLE: t('output too large'),
    BAD: t('result is not plain data'),
    IE: t('fault of the judge, not counted'),
    none: t('not judged'),
  };
  return words[verdict];
}
