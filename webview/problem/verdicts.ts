import type { AnswerMark, AnswerView, Mark, Verdict } from '../../src/view/messages.ts';
import { markWord, verdictWord } from '../../src/view/words.ts';
import { t } from '../texts.ts';

/** How a mark is coloured. */
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

/** What became of an answer, in words. */
export function answerWord({ mark, verdict, vote }: AnswerView): string {
  return verdict === undefined ? markWord(t, mark, vote !== undefined) : verdictWord(t, verdict);
}
