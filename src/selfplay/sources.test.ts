import assert from 'node:assert/strict';
import { fakeContext, fakePolicy } from '../../test/support/fake-policy.ts';
import type { Question } from '../protocol/question.ts';
import { emptyRound } from './rollout.ts';
import type { QuestionSource } from './context.ts';
import { beforehandSource, mixtureSource, poolSource, proposerSource } from './sources.ts';
import { runStep } from './step.ts';

const pool = Array.from({ length: 5 }, (_, i): Question => ({
  id: `q${i}`,
  statement: `word${i}`,
  content: `word${i}`,
}));

/** Each prompt gives two proposals; a step has `prompts` of them. */
function contextOf(source: QuestionSource, prompts: number, answer = 'rw') {
  const { policy } = fakePolicy(({ prompt, seed }, sample) => {
    const asked = 'text' in prompt ? prompt.text : (prompt.messages[0]?.content ?? '');
    return asked.startsWith('ask') ? `new${seed}.${sample}` : answer[sample]!;
  });
  return fakeContext(policy, { source, settings: { proposerPrompts: prompts, proposalsPerPrompt: 2 } }).context;
}

const drawnBy = async (source: QuestionSource, steps: number, prompts = 1): Promise<string[][]> => {
  const context = contextOf(source, prompts);
  const draws: string[][] = [];
  for (let step = 1; step <= steps; step++) {
    const { drawn } = await source.draw(context, step, prompts, emptyRound);
    draws.push(drawn.map(({ question }) => question.id));
  }
  return draws;
};

describe('the proposer', () => {
  it('teaches nothing that the run is evaluated on', async () => {
    const { policy } = fakePolicy((_, sample) => ['kept', 'new'][sample] ?? '');
    const { context } = fakeContext(policy, {});
    context.heldOut.add('benchmark/1', { key: 'kept' });
    const { proposals, drawn } = await proposerSource.draw(context, 1, 1, emptyRound);
    assert.deepEqual(
      proposals.map(({ rejection }) => rejection?.reason),
      ['held_out', undefined],
    );
    assert.match(proposals[0]?.rejection?.detail ?? '', /benchmark\/1/);
    assert.deepEqual(
      drawn.map(({ question }) => question.statement),
      ['new'],
    );
  });
});

describe('questions made beforehand', () => {
  it('are proposed in the first steps, and asked again in all others', async () => {
    let calls = 0;
    const collected = (): Question[] => {
      calls++;
      return pool;
    };
    const draws = await drawnBy(beforehandSource(2, collected), 7);
    assert.deepEqual(draws.slice(0, 2).flat(), ['p1.0.0', 'p1.0.1', 'p2.0.0', 'p2.0.1']);
    const again = draws.slice(2).flat();
    assert.deepEqual(new Set(again), new Set(pool.map(({ id }) => id)));
    assert.deepEqual([again.length, calls], [10, 1]);
  });
});

describe('a pool of questions', () => {
  it('asks every question once before any comes again, in an order of the run', async () => {
    const draws = (await drawnBy(poolSource(pool, { labelled: false }), 5)).flat();
    assert.equal(draws.length, 10);
    assert.deepEqual(
      draws.slice(0, 5).toSorted(),
      pool.map(({ id }) => id),
    );
    assert.deepEqual(
      draws.slice(5).toSorted(),
      pool.map(({ id }) => id),
    );
    assert.notDeepEqual(draws.slice(0, 5), draws.slice(5));
  });

  it('draws the same for a step that is run again', async () => {
    const source = poolSource(pool, { labelled: false });
    assert.deepEqual(await drawnBy(source, 3), await drawnBy(source, 3));
  });

  it('adds fractions of a question up over the steps', async () => {
    const draws = await drawnBy(poolSource(pool, { labelled: true, share: 0.25 }), 8);
    assert.deepEqual(draws.map(({ length }) => length), [0, 1, 0, 1, 0, 1, 0, 1]); // prettier-ignore
  });

  it('grades labelled questions by their truth, and lets the domain reward the others', async () => {
    const marksOf = async (labelled: boolean) => {
      const { lines } = await runStep(contextOf(poolSource(pool, { labelled }), 1, 'tw'), 1);
      return lines.flatMap((line) => (line.type === 'answer' ? [line.mark] : []));
    };
    assert.deepEqual(await marksOf(true), ['right', 'wrong', 'right', 'wrong']);
    assert.deepEqual(await marksOf(false), ['unparsable', 'wrong', 'unparsable', 'wrong']);
  });

  it('leaves the origin of a question in the record, and no proposals', async () => {
    const { lines, metrics } = await runStep(contextOf(poolSource(pool, { labelled: true }), 1), 1);
    const questions = lines.filter((line) => line.type === 'question');
    assert.deepEqual(questions.map(({ id, labelled }) => [id, labelled]), [['d1.0', true], ['d1.1', true]]); // prettier-ignore
    assert.ok(questions.every(({ origin }) => pool.some(({ id }) => id === origin)));
    assert.equal(metrics.proposals, 0);
    assert.equal(metrics.valid, 2);
  });
});

describe('a mixture of sources', () => {
  it('gives each its share and samples no proposals for what the pools replace', async () => {
    const source = mixtureSource([poolSource(pool, { labelled: true, share: 0.5 })], 0.5);
    const { drawn, proposals } = await source.draw(contextOf(source, 4), 1, 4, emptyRound);
    assert.deepEqual(drawn.map(({ id }) => id[0]), ['p', 'p', 'p', 'p', 'd', 'd', 'd', 'd']); // prettier-ignore
    assert.equal(proposals.length, 4);
  });

  it('proposes nothing where pools are everything', async () => {
    const source = mixtureSource([poolSource(pool, { labelled: false })], 1);
    const { proposals, drawn } = await source.draw(contextOf(source, 2), 1, 2, emptyRound);
    assert.deepEqual([proposals.length, drawn.length], [0, 4]);
  });
});
