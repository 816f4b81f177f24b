import assert from 'node:assert/strict';
import { fakeContext, fakePolicy, type FakeStep } from '../../test/support/fake-policy.ts';
import { exampleMetrics } from '../../test/support/run-examples.ts';
import type { QuestionQuality, StepLine, StepMetrics } from '../protocol/records.ts';
import { createAlarmWatch } from './alarm-watch.ts';
import { runStep } from './step.ts';

interface Script {
  /** Of a step, by sample. */
  proposals: (step: number) => readonly string[];
  /** To a question, by sample; all others are wrong. */
  answers?: Readonly<Record<string, string>>;
}

function contextOf({ proposals, answers = {} }: Script, options: FakeStep & { perPrompt?: number } = {}) {
  let step = 0;
  const { policy, trained, embedded } = fakePolicy(({ prompt }, sample) => {
    const asked = 'text' in prompt ? prompt.text : (prompt.messages[0]?.content ?? '');
    return asked.startsWith('ask')
      ? (proposals(step)[sample] ?? 'bad')
      : (answers[asked.split(' #')[0] ?? '']?.[sample] ?? answers['*']?.[sample] ?? 'w');
  });
  const { perPrompt = proposals(1).length, settings, ...rest } = options;
  const { context } = fakeContext(policy, { settings: { proposalsPerPrompt: perPrompt, ...settings }, ...rest });
  const play = (number: number) => {
    step = number;
    return runStep(context, number);
  };
  return { context, play, trained, embedded };
}

function recorded(metrics: Partial<StepMetrics>, quality: Partial<QuestionQuality>): StepMetrics {
  const none = { validity: 1, sound: null, novelty_words: 1, novelty_behaviour: null, distinct_ngrams: null } as const;
  const more = { hidden_spread: null, difficulty: null, reference_lines: null, short_references: null } as const;
  return { ...exampleMetrics(1), ...metrics, quality: { ...none, ...more, unsafe: 0, unsafe_reasons: {}, ...quality } };
}

const questions = (lines: readonly StepLine[]) => lines.filter((line) => line.type === 'question');
const reasons = (lines: readonly StepLine[]) =>
  lines.flatMap((line) => (line.type === 'proposal' ? [line.rejection?.reason ?? 'accepted'] : []));

async function qualityOf(proposals: readonly string[], answers: Script['answers'], options: FakeStep = {}) {
  const { metrics } = await contextOf({ proposals: () => proposals, answers: answers ?? {} }, options).play(1);
  assert.ok(metrics.quality);
  return metrics.quality;
}

describe('the quality of questions', () => {
  it('is measured in shares of proposals and questions', async () => {
    const quality = await qualityOf(['cat=2', 'dog=8', 'bad', 'cow'], { 'cat=2': 'rr', 'dog=8': 'rw', cow: 'pw' });
    const { hidden_spread, ...rest } = quality;
    assert.ok(hidden_spread !== null && hidden_spread > 0.3 && hidden_spread < 1);
    assert.deepEqual(rest, {
      validity: 3 / 4,
      sound: 1 / 3,
      novelty_words: 1,
      novelty_behaviour: 1,
      distinct_ngrams: 1,
      difficulty: (0 + 0.5 + 0.75) / 3,
      reference_lines: 5,
      short_references: 1 / 2,
      unsafe: 0,
      unsafe_reasons: {},
    } satisfies Omit<QuestionQuality, 'hidden_spread'>);
  });

  it('has nothing to say of a step without questions', async () => {
    const { validity, unsafe_reasons, unsafe, ...rest } = await qualityOf(['bad', 'bad'], {});
    assert.deepEqual([validity, unsafe, unsafe_reasons], [0, 0, {}]);
    assert.deepEqual(new Set(Object.values(rest)), new Set([null]));
  });

  it('counts unsafe proposals by what they are about', async () => {
    const { unsafe, unsafe_reasons } = await qualityOf(['a virus', 'gun!', 'unsafe malware', 'unsafe malware 2'], {});
    assert.deepEqual([unsafe, unsafe_reasons], [1 / 2, { malware: 2 }]);
  });

  it('counts 3-grams of words that several statements share once', async () => {
    const { distinct_ngrams } = await qualityOf(['the sum of all', 'the sum of one'], {});
    assert.equal(distinct_ngrams, 3 / 4);
  });

  it('is 0 in spread for one and the same hidden state, and 1 for states that share nothing', async () => {
    assert.ok(Math.abs((await qualityOf(['abc', 'cab', 'bca'], {})).hidden_spread ?? NaN) < 1e-12);
    assert.equal((await qualityOf(['aa', 'bb', 'cd'], {})).hidden_spread, 1);
    const { hidden_spread } = await qualityOf(['ab', 'a', 'b'], {});
    const mean = (2 * (1 - Math.SQRT1_2) + 1) / 3;
    assert.ok(Math.abs((hidden_spread ?? NaN) - mean) < 1e-12);
  });

  it('computes hidden states of so many questions as the setting says, and of none where it says 0', async () => {
    const words = ['ab', 'bc', 'cd', 'de', 'ef', 'fg'];
    for (const [most, texts] of [
      [3, ['bc', 'de', 'fg']],
      [0, []],
      [1, []],
      [16, words],
    ] as const) {
      // prettier-ignore
      const { play, embedded } = contextOf({ proposals: () => words }, { settings: { questionEmbeddings: most } });
      const { lines } = await play(1);
      assert.deepEqual(embedded, texts);
      assert.equal(questions(lines).filter(({ hiddenDistance }) => hiddenDistance !== undefined).length, texts.length);
    }
  });
});

describe('questions whose references do the same', () => {
  const proposals = (step: number) => (step === 1 ? ['cat~1', 'dog~2', 'cow~1'] : ['hen~2', 'pig~3', 'cat~1']);

  it('are rejected by a reason of its own, within a step and against earlier steps', async () => {
    const { play } = contextOf({ proposals });
    const first = await play(1);
    assert.deepEqual(reasons(first.lines), ['accepted', 'accepted', 'same_behaviour']);
    const second = await play(2);
    assert.deepEqual(reasons(second.lines), ['same_behaviour', 'accepted', 'near_duplicate']);
    const rejected = second.lines.find((line) => line.type === 'proposal');
    assert.equal(rejected?.rejection?.detail, 'Its reference solution does the same as that of p1.0.1.');
    assert.equal(rejected.reward, 0);
    assert.equal(second.metrics.quality?.novelty_words, 2 / 3);
  });

  it('are asked and counted where that is asked for', async () => {
    const { play } = contextOf({ proposals }, { settings: { behaviourDuplicates: 'count' } });
    const { lines } = await play(1);
    assert.deepEqual(reasons(lines), ['accepted', 'accepted', 'accepted']);
    assert.deepEqual(questions(lines).map(({ sameAs }) => sameAs), [undefined, undefined, 'p1.0.0']); // prettier-ignore
  });

  it('are as rare in the metrics when they are rejected as when they are counted', async () => {
    const withReferences = () => ['cat=5~1', 'dog=5~2', 'cow=5~1'];
    for (const behaviourDuplicates of ['reject', 'count']) {
      const { metrics } = await contextOf({ proposals: withReferences }, { settings: { behaviourDuplicates } }).play(1);
      assert.equal(metrics.quality?.novelty_behaviour, 2 / 3, behaviourDuplicates);
    }
  });
});

describe('filters of what is trained on', () => {
  const skipped = (lines: readonly StepLine[]) =>
    questions(lines).flatMap(({ statement, skipped: isSkipped }) => (isSkipped ? [statement] : []));

  it('let every question through by default', async () => {
    const { play } = contextOf({ proposals: () => ['cat=1', 'dog=9'], answers: { '*': 'ww' } });
    assert.deepEqual(skipped((await play(1)).lines), []);
  });

  it('skip questions that too few answers get right, without a change of any reward', async () => {
    const answers = { cat: 'rwr', dog: 'rww', cow: 'pww' };
    const settings = { answersPerQuestion: 3 };
    const words = () => ['cat', 'dog', 'cow'];
    const plain = await contextOf({ proposals: words, answers }, { settings }).play(1);
    const { play, trained } = contextOf({ proposals: words, answers }, { settings: { ...settings, minAgreement: 2 } });
    const { lines, metrics } = await play(1);
    assert.deepEqual(skipped(lines), ['dog', 'cow']);
    assert.equal(metrics.skipped, 2);
    assert.deepEqual(new Set(trained[0]?.sequences.map(({ id }) => id.split('/')[0])), new Set(['p1.0.0']));
    const rewards = (of: readonly StepLine[]) =>
      of.flatMap((line) => (line.type === 'proposal' || line.type === 'answer' ? [line.reward] : []));
    assert.deepEqual(rewards(lines), rewards(plain.lines));
  });

  it('keep short references to their share of what is trained on', async () => {
    const words = () => ['a=1', 'b=2', 'c=9', 'd=3', 'e=4', 'f'];
    const of = async (shortReferences: number) =>
      skipped((await contextOf({ proposals: words }, { settings: { shortReferences } }).play(1)).lines);
    assert.deepEqual(await of(1), []);
    assert.deepEqual(await of(0.5), []);
    assert.deepEqual(await of(0.4), ['d=3']);
    assert.deepEqual(await of(0.25), ['b=2', 'd=3']);
    assert.deepEqual(await of(0), ['a=1', 'b=2', 'd=3']);
  });

  it('make dynamic sampling look for questions that pass them', async () => {
    const answers = { cat: 'rw', dog: 'rr', hen: 'rr' };
    const { play } = contextOf(
      { proposals: () => ['cat', 'dog'], answers },
      { settings: { minAgreement: 2, dynamicSampling: 1 } },
    );
    const { metrics } = await play(1);
    assert.equal(metrics.proposals, 4);
  });
});

describe('the alarm of collapse', () => {
  /** Steps in which `collapse` rang. */
  async function rings(script: Script, steps: number, settings: FakeStep['settings'] = {}): Promise<number[]> {
    const { play } = contextOf(script, { settings });
    const watch = createAlarmWatch([]);
    const rung: number[] = [];
    for (let step = 1; step <= steps; step++) {
      watch.observe((await play(step)).metrics);
      if (watch.alarms.some(({ name, cleared }) => name === 'collapse' && cleared === undefined)) {
        rung.push(step);
      }
    }
    return rung;
  }
  const letters = 'abcdefghijklmnop';
  /** Six words that no other step has. */
  const fresh = (step: number) =>
    Array.from(
      { length: 6 },
      (_, i) => `${letters[step % 16]}${letters[(3 * i + step) % 16]}${letters[(5 * i) % 16]}${step}.${i}=6`,
    );
  const mixed = { '*': 'rw' };

  it('is silent on recorded runs that did not collapse', () => {
    /** Thirty steps of coding at a high rate (docs/log.md), by means of five: valid of 16, difficulty, diversity. */
    const coding = [[8.8, 0.61, 0.84], [10.8, 0.5, 0.83], [12.2, 0.34, 0.8], [10.6, 0.36, 0.87], [9.8, 0.34, 0.82], [9.2, 0.36, 0.76]] as const; // prettier-ignore
    /** Products by agreement of both orders, which improved: valid, novelty of words, difficulty, distinct 3-grams. */
    const products = [[7, 1, 0.768, 1], [8, 1, 0.422, 1], [8, 1, 0.125, 1], [8, 1, 0.078, 1], [8, 1, 0.05, 1]] as const; // prettier-ignore
    /** Arithmetic and algebra of the default model. */
    const values = [[20, 0.952, 0.6, 1], [24, 1, 0.708, 1], [21, 0.955, 0.5, 1], [12, 1, 0.972, 0.8], [12, 1, 0.837, 0.926], [12, 1, 0.802, 0.948]] as const; // prettier-ignore
    const silent = (steps: readonly StepMetrics[]): boolean => {
      const watch = createAlarmWatch([]);
      return steps.every((metrics) => !watch.observe(metrics).alarms.some(({ name }) => name === 'collapse'));
    };
    // Which proposals of coding were rejected as repeated is not known: here all that were rejected.
    const ofCoding = coding.flatMap(([valid, difficulty, diversity]) =>
      Array.from({ length: 5 }, () =>
        recorded({ valid, diversity }, { sound: 0.5, difficulty, novelty_words: valid / 16 }),
      ),
    );
    assert.ok(silent(ofCoding));
    for (const run of [products, values]) {
      const steps = run.map(([valid, novelty_words, difficulty, distinct_ngrams]) =>
        recorded({ valid, diversity: 0.95 }, { novelty_words, difficulty, distinct_ngrams }),
      );
      assert.ok(silent(steps));
    }
  });

  it('is silent while questions are new and neither too easy', async () => {
    assert.deepEqual(await rings({ proposals: fresh, answers: mixed }, 12), []);
  });

  it('rings on the third step of a proposer that repeats itself in words', async () => {
    const proposals = (step: number) => (step < 5 ? fresh(step) : [...fresh(1).slice(0, 4), ...fresh(step).slice(4)]);
    assert.deepEqual(await rings({ proposals, answers: mixed }, 8), [7, 8]);
  });

  it('rings on one that repeats itself in other words, whether that is rejected or counted', async () => {
    const proposals = (step: number) =>
      fresh(step).map((word, i) =>
        step < 5 ? `${word}~${step}.${i}` : `${word}~${i < 4 ? `1.${i}` : `${step}.${i}`}`,
      );
    for (const behaviourDuplicates of ['reject', 'count']) {
      const settings = { behaviourDuplicates };
      assert.deepEqual(await rings({ proposals, answers: mixed }, 8, settings), [7, 8], behaviourDuplicates);
    }
  });

  it('rings on one that asks what everybody can answer', async () => {
    const proposals = (step: number) => fresh(step).map((word) => (step < 5 ? word : `t${word}`));
    const easy = Object.fromEntries([5, 6, 7, 8].flatMap((step) => proposals(step).map((word) => [word, 'rr'])));
    assert.deepEqual(await rings({ proposals, answers: { ...mixed, ...easy } }, 8), [7, 8]);
  });

  it('rings on one whose solutions are short and mostly found, and not on short ones alone', async () => {
    const proposals = (step: number) => fresh(step).map((word) => word.replace('=6', '=2'));
    const answers = (common: string): Script['answers'] => ({ '*': common });
    const settings = { answersPerQuestion: 4 };
    assert.deepEqual(await rings({ proposals, answers: answers('rrrw') ?? {} }, 4, settings), [3, 4]);
    assert.deepEqual(await rings({ proposals, answers: answers('rrww') ?? {} }, 4, settings), []);
  });

  it('rings when the hidden states of the questions draw together', async () => {
    const alike = (step: number) => fresh(step).map((_, i) => `zzzzzzzz${step}${i}=6`);
    const proposals = (step: number) => (step < 5 ? fresh(step) : alike(step));
    const rung = await rings({ proposals, answers: mixed }, 8);
    assert.ok(rung.length > 0 && rung.every((step) => step >= 5), String(rung));
  });
});
