import assert from 'node:assert/strict';
import { fakeContext, fakePolicy, type FakeStep, wordsDomain } from '../../test/support/fake-policy.ts';
import type { StepLine } from '../protocol/records.ts';
import { runStep, type StepResult } from './step.ts';

/** Proposals of a prompt by sample, and answers to a question by sample: `{ cat: 'rw' }`. */
function script(proposals: readonly string[], answers: Readonly<Record<string, string>>) {
  return fakePolicy(({ prompt }, sample) => {
    const asked = 'text' in prompt ? prompt.text : (prompt.messages[0]?.content ?? '');
    if (asked.startsWith('ask')) {
      return proposals[sample] ?? 'bad';
    }
    const [word = '', form = '0'] = asked.split(' #');
    return answers[`${word}#${form}`]?.[sample] ?? answers[word]?.[sample] ?? 'w';
  });
}

async function play(
  proposals: readonly string[],
  answers: Readonly<Record<string, string>>,
  options: FakeStep & { step?: number } = {},
) {
  const { policy, trained, asked } = script(proposals, answers);
  const { context, events, stages } = fakeContext(policy, options);
  return { result: await runStep(context, options.step ?? 1), context, trained, asked, events, stages };
}

const ofType = <Type extends StepLine['type']>({ lines }: StepResult, type: Type) =>
  lines.filter((line): line is Extract<StepLine, { type: Type }> => line.type === type);
const near = (actual: number | undefined, expected: number): void =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-5, `${actual} is not ${expected}`);

/** Advantage of the better of two rewards: (r - mean) / std of two values is 1 / sqrt 2. */
const better = Math.SQRT1_2;

describe('a step', () => {
  it('goes through its stages in order; hidden states of the questions belong to judging', async () => {
    const { stages } = await play(['cat', 'dog'], { cat: 'rw' });
    assert.deepEqual(stages, ['propose', 'verify', 'solve', 'judge', 'judge', 'update']);
    const { stages: plain } = await play(['cat', 'dog'], { cat: 'rw' }, { settings: { questionEmbeddings: 0 } });
    assert.deepEqual(plain, ['propose', 'verify', 'solve', 'judge', 'update']);
  });

  it('of those that only make questions beforehand records what was rewarded, and trains nothing', async () => {
    const settings = { questionsBeforehand: 1, proposerUpdateEvery: 1 };
    const { result, trained, stages } = await play(['cat', 'dog'], { cat: 'rw' }, { settings });
    assert.deepEqual([trained.length, stages.includes('update')], [0, false]);
    assert.deepEqual(
      ofType(result, 'answer').map(({ reward }) => reward),
      [1, 0, 0, 0],
    );
    assert.ok(ofType(result, 'question').every(({ skipped }) => skipped));
    const later = await play(['cat', 'dog'], { cat: 'rw' }, { settings, step: 2 });
    assert.ok(later.trained.length > 0);
  });

  it('tells the beginning of what was written instead of a question', async () => {
    const { events } = await play(['cat', `bad ${'x'.repeat(400)}`], {});
    const texts = events.flatMap((event) => (event.type === 'proposal' ? [event.text] : []));
    assert.deepEqual(texts.slice(0, 2), [undefined, `Q: bad ${'x'.repeat(293)}`]);
  });

  it('rewards answers and gives advantages within the group of a question', async () => {
    const { result } = await play(['cat', 'dog'], { cat: 'rw', dog: 'pp' });
    const answers = ofType(result, 'answer');
    assert.deepEqual(
      answers.map(({ id, reward, mark }) => [id, reward, mark]),
      [
        ['p1.0.0/0', 1, 'right'],
        ['p1.0.0/1', 0, 'wrong'],
        ['p1.0.1/0', 0.5, 'partial'],
        ['p1.0.1/1', 0.5, 'partial'],
      ],
    );
    near(answers[0]?.advantage, better);
    near(answers[1]?.advantage, -better);
    assert.deepEqual([answers[2]?.advantage, answers[3]?.advantage], [0, 0]);
  });

  it('rewards the proposer for a question between trivial and impossible, and a rejected proposal with 0', async () => {
    const { result } = await play(['cat', 'bad'], { cat: 'rw' });
    const [accepted, rejected] = ofType(result, 'proposal');
    assert.deepEqual([accepted?.reward, rejected?.reward], [1, 0]);
    assert.equal(rejected?.rejection?.reason, 'malformed');
    near(accepted?.advantage, better);
    near(rejected.advantage, -better);
  });

  it('gives the proposer 0 for what everybody solves and for what nobody solves', async () => {
    const { result } = await play(['cat', 'dog'], { cat: 'rr', dog: 'ww' });
    assert.deepEqual(ofType(result, 'proposal').map(({ reward, advantage }) => [reward, advantage]), [[0, 0], [0, 0]]); // prettier-ignore
  });

  it('masks what could not be judged: no reward, no advantage, not in the solve rate', async () => {
    const { result } = await play(['cat', 'fault'], { cat: 'rm' });
    const [right, masked] = ofType(result, 'answer');
    assert.deepEqual([right?.reward, right?.advantage], [1, 0]);
    assert.deepEqual([masked?.reward, masked?.advantage, masked?.mark], [undefined, 0, 'masked']);
    assert.equal(ofType(result, 'question')[0]?.solveRate, 1);
    const [, fault] = ofType(result, 'proposal');
    assert.deepEqual([fault?.reward, fault?.advantage], [undefined, 0]);
    assert.equal(result.metrics.sandbox_faults, 1);
  });

  it('has one solve rate, in record and event, whatever the solver is rewarded for', async () => {
    const { result, events } = await play(['cat', 'bad'], { cat: 'pw' }, { settings: { solverReward: 'format' } });
    const told = events.find((event) => event.type === 'question');
    assert.deepEqual([ofType(result, 'question')[0]?.solveRate, told?.solveRate], [0.25, 0.25]);
    assert.deepEqual(ofType(result, 'answer').map(({ reward }) => reward), [1, 1]); // prettier-ignore
  });

  it('rejects a question that the run has asked before, in this step or an earlier one', async () => {
    const { policy } = script(['cat', 'cat'], { cat: 'rw' });
    const { context } = fakeContext(policy, {});
    const first = ofType(await runStep(context, 1), 'proposal');
    assert.deepEqual(first.map(({ rejection }) => rejection?.reason), [undefined, 'near_duplicate']); // prettier-ignore
    const second = ofType(await runStep(context, 2), 'proposal');
    assert.deepEqual(second.map(({ rejection }) => rejection?.reason), ['near_duplicate', 'near_duplicate']); // prettier-ignore
  });

  it('rejects a question whose prompt is too long, and names the limit', async () => {
    const { result } = await play(['x'.repeat(40), 'dog'], {}, { settings: { maxPromptTokens: 32 } });
    const [long, short] = ofType(result, 'proposal');
    assert.deepEqual(long?.rejection, {
      reason: 'prompt_too_long',
      detail: 'Its prompt is longer than 32 tokens.',
    });
    assert.equal(short?.rejection, undefined);
  });

  it('asks every form of a question, each a group of its own', async () => {
    const { result, asked } = await play(['cat', 'bad'], { 'cat#0': 'rw', 'cat#1': 'ww' }, { domain: wordsDomain(2) });
    const answers = ofType(result, 'answer');
    assert.deepEqual(
      answers.map(({ groupId, questionId, form }) => [groupId, questionId, form]),
      [
        ['p1.0.0', 'p1.0.0', 0],
        ['p1.0.0', 'p1.0.0', 0],
        ['p1.0.0~1', 'p1.0.0', 1],
        ['p1.0.0~1', 'p1.0.0', 1],
      ],
    );
    near(answers[0]?.advantage, better);
    assert.deepEqual([answers[2]?.advantage, answers[3]?.advantage], [0, 0]);
    assert.equal(ofType(result, 'question')[0]?.prompts.length, 2);
    assert.equal(ofType(result, 'question')[0]?.solveRate, 0.25);
    const seeds = asked.slice(1).map(({ seed }) => seed);
    assert.equal(new Set(seeds).size, 2);
  });

  it('is the same step again from the same seed, and another one from another', async () => {
    const seedsOf = async (seed: number) =>
      (await play(['cat', 'dog'], {}, { settings: { seed } })).asked.map((request) => request.seed);
    assert.deepEqual(await seedsOf(1), await seedsOf(1));
    assert.notDeepEqual(await seedsOf(1), await seedsOf(2));
  });

  it('has no questions where no proposal is one, and trains nobody', async () => {
    const { result, trained } = await play(['bad', 'bad'], {});
    assert.equal(result.metrics.valid, 0);
    assert.equal(trained.length, 0);
    assert.equal(result.metrics.solver.reward, null);
  });
});
