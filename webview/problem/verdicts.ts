import type { Verdict } from '../../src/protocol/problem.ts';
import type { Mark } from '../../src/protocol/question.ts';
import type { AnswerMark } from '../../src/view/messages.ts';
import { t } from '../texts.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'dim';

/** Tone of a verdict; that of a test that was not run is `dim`. */
export function toneOf(verdict: Verdict | undefined): Tone {
  switch (verdict) {
    case 'AC':
      return 'good';
    case 'TLE':
    case 'MLE':
    case 'OLE':
      return 'warn';
    case 'IE':
    case undefined:
      return 'dim';
    default:
      return 'bad';
  }
}

/** Tone of an answer, by its mark. */
export function toneOfAnswer({ mark, verdict }: AnswerMark): Tone {
  const tones: Record<Mark, Tone> = { right: 'good', partial: 'bad', wrong: 'bad', unparsable: 'bad', masked: 'dim' };
  return verdict === undefined ? tones[mark] : toneOf(verdict);
}

/** Colour is never alone. */
export function signOf(tone: Tone): string {
  return { good: '✓', bad: '✗', warn: '◷', dim: '–' }[tone];
}

/** A verdict in words. */
export function verdictWord(verdict: Verdict | undefined): string {
  const words: Record<Verdict, string> = {
    AC: t('accepted'),
    WA: t('wrong answer'),
    RE: t('runtime error'),
    CE: t('does not compile'),
    TLE: t('time limit'),
    MLE: t('memory limit'),
    OLE: t('output too large'),
    BAD: t('result is not plain data'),
    IE: t('fault of the judge, not counted'),
  };
  return verdict === undefined ? t('not judged') : words[verdict];
}

/** What became of an answer, in words. */
export function answerWord({ mark, verdict }: AnswerMark): string {
  const words: Record<Mark, string> = {
    right: t('right'),
    partial: t('partly right'),
    wrong: t('wrong'),
    unparsable: t('no answer found'),
    masked: t('not judged'),
  };
  return verdict === undefined ? words[mark] : verdictWord(verdict);
}
