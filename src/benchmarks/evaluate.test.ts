import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakePolicy, wordsDomain } from '../../test/support/fake-policy.ts';
import { BoundaryError } from '../base/errors.ts';
import type { Domain } from '../domains/domain.ts';
import type { GenerateRequest } from '../protocol/runtime.ts';
import { type Answering, evaluate, type EvaluationProgress, type EvaluationTools, journalOwner } from './evaluate.ts';
import { openJournal } from './journal.ts';

const questions = ['one', 'two', 'three', 'four'].map((id) => ({ id, statement: id, content: id }));
const benchmark = { name: 'words', questions };
const policy = { step: 3, model: 'm', modelHash: 'h', adapter: null, precision: 'balanced' };
const greedy: Answering = { samples: 1, temperature: 0, seed: 7, maxTokens: 100 };
const sampled: Answering = { ...greedy, samples: 4, temperature: 1 };

/** What a script answers to each question: a letter a sample, which wordsDomain grades. */
const script: Readonly<Record<string, string>> = { one: 'rrrr', two: 'rwww', three: 'pwuw', four: 'wwww' };

function say({ prompt }: GenerateRequest, sample: number): string {
  const asked = 'messages' in prompt ? (prompt.messages[0]?.content ?? '') : '';
  return script[asked.split(' ')[0] ?? '']?.[sample] ?? 'u';
}

/** Tools over a fake policy that tells each completion as it comes. */
function toolsOver(policyOf = fakePolicy(say), domain: Domain = wordsDomain()) {
  const generate: EvaluationTools['generate'] = async (requests, onFinished) => {
    const completions = await policyOf.policy.generate(requests);
    for (const [request, samples] of completions.entries()) {
      samples.forEach(({ text, tokenIds }, sample) => onFinished({ request, sample, text, tokens: tokenIds.length }));
    }
    return completions;
  };
  return { tools: { domain, generate }, asked: policyOf.asked };
}

const close = (actual: number | undefined, expected: number): void =>
  assert.ok(Math.abs((actual ?? NaN) - expected) < 1e-12, `${actual} is not ${expected}`);

describe('an evaluation', () => {
  it('has the figures of its answers: accuracy over samples, pass@k, reference score, mean score', async () => {
    const evaluation = await evaluate(benchmark, policy, sampled, toolsOver().tools);
    assert.deepEqual([evaluation.total, evaluation.solved, evaluation.samples], [4, 2, 4]);
    close(evaluation.accuracy, (1 + 0.25) / 4);
    assert.deepEqual(Object.keys(evaluation.passAt ?? {}), ['1', '2', '4']);
    close(evaluation.passAt?.[1], evaluation.accuracy);
    // Of `two` half of all pairs hold its one right answer.
    close(evaluation.passAt?.[2], (1 + 0.5) / 4);
    close(evaluation.passAt?.[4], 2 / 4);
    // Five right, one half, nine wrong, one unparsable.
    close(evaluation.referenceScore, (5 + 0.1 * 10) / 16);
    close(evaluation.meanScore, 5.5 / 16);
    const [low, high] = evaluation.interval;
    assert.ok(low < evaluation.accuracy && evaluation.accuracy < high && low >= 0);
    assert.deepEqual(evaluation.problems[2]?.answers.map(({ mark }) => mark), ['partial', 'wrong', 'unparsable', 'wrong']); // prettier-ignore
    assert.equal(evaluation.tokens, 16);
    const { step, model, precision, temperature, seed, maxTokens } = evaluation;
    assert.deepEqual([step, model, precision, temperature, seed, maxTokens], [3, 'm', 'balanced', 1, 7, 100]);
  });

  it('has no pass@k where there is one greedy answer to each question', async () => {
    const { tools, asked } = toolsOver();
    const evaluation = await evaluate(benchmark, policy, greedy, tools);
    assert.deepEqual([evaluation.solved, evaluation.accuracy, evaluation.passAt], [2, 0.5, undefined]);
    assert.ok(asked.every(({ samples, temperature }) => samples === 1 && temperature === 0));
  });

  it('draws for a question what it draws for it among any others', async () => {
    const seeds = async (part: typeof questions): Promise<Map<unknown, number>> => {
      const { tools, asked } = toolsOver();
      await evaluate({ name: 'words', questions: part }, policy, sampled, tools);
      return new Map(asked.map(({ prompt, seed }) => [JSON.stringify(prompt), seed]));
    };
    const [whole, part] = [await seeds(questions), await seeds(questions.slice(2))];
    assert.equal(new Set(whole.values()).size, 4);
    part.forEach((seed, prompt) => assert.equal(whole.get(prompt), seed));
  });

  it('goes on without a question whose prompt has no room, which counts as not solved and is named', async () => {
    const { tools, asked } = toolsOver();
    const lengths = [20, 501, 500, 20];
    const room = { contextTokens: 600, countTokens: async () => lengths };
    const evaluation = await evaluate(benchmark, policy, sampled, { ...tools, room });
    assert.equal(asked.length, 3);
    const { unasked, answers } = evaluation.problems[1] ?? assert.fail();
    assert.deepEqual([unasked, answers.length, answers[0]?.mark], [true, 4, 'masked']);
    assert.deepEqual([evaluation.solved, evaluation.total], [1, 4]);
  });

  it('says how far it is, to the end', async () => {
    const seen: EvaluationProgress[] = [];
    const onProgress = (progress: EvaluationProgress): void => void seen.push(progress);
    await evaluate(benchmark, policy, sampled, { ...toolsOver().tools, onProgress });
    assert.deepEqual([seen[0]?.done, seen[0]?.secondsLeft], [0, undefined]);
    assert.deepEqual([seen.at(-1)?.done, seen.at(-1)?.total, seen.at(-1)?.secondsLeft], [4, 4, 0]);
  });

  it('judges while others are generated', async () => {
    const domain = wordsDomain();
    const order: string[] = [];
    const grade: Domain['grade'] = (question, answer) => {
      order.push(`grade ${question.id}`);
      return domain.grade(question as never, answer);
    };
    const { policy: answers } = fakePolicy(say);
    const generate: EvaluationTools['generate'] = async (requests, onFinished) => {
      for (const [request, one] of requests.entries()) {
        const [[completion] = []] = await answers.generate([one]);
        onFinished({ request, sample: 0, text: completion?.text ?? '', tokens: 1 });
      }
      order.push('generated');
      return requests.map(() => []);
    };
    await evaluate(benchmark, policy, greedy, { domain: { ...domain, grade }, generate });
    assert.deepEqual(order, [...questions.map(({ id }) => `grade ${id}`), 'generated']);
  });

  it('fails with the reason why an answer could not be judged', async () => {
    const grade = (): Promise<never> => Promise.reject(new BoundaryError('sandbox', 'It is gone.', 'Mend it.'));
    const { tools } = toolsOver(undefined, { ...wordsDomain(), grade });
    await assert.rejects(evaluate(benchmark, policy, greedy, tools), /It is gone/);
  });
});

describe('an evaluation that is cut off', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-journal-'));
    path = join(dir, 'result.json.journal');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const owner = (answering = sampled) => journalOwner(benchmark, policy, answering, { domain: wordsDomain() });
  const refuse = (what: string | undefined): never => assert.fail(`of another: ${what}`);

  /** Evaluates until `until` completions are there; then generation ends with an error. */
  async function cutAfter(until: number): Promise<void> {
    const { policy: answers } = fakePolicy(say);
    let told = 0;
    const generate: EvaluationTools['generate'] = async (requests, onFinished) => {
      const completions = await answers.generate(requests);
      for (const [request, samples] of completions.entries()) {
        for (const [sample, { text }] of samples.entries()) {
          if (told++ === until) {
            throw new BoundaryError('interrupted', 'Cut.', 'Again.');
          }
          onFinished({ request, sample, text, tokens: 1 });
        }
      }
      return completions;
    };
    const journal = openJournal(path, owner(), refuse);
    await assert.rejects(evaluate(benchmark, policy, sampled, { domain: wordsDomain(), generate, journal }), /Cut/);
  }

  it('continues with the questions that were not finished, and comes to the same result', async () => {
    await cutAfter(10);
    const journal = openJournal(path, owner(), refuse);
    assert.deepEqual([...journal.problems.keys()], ['one', 'two']);
    const { tools, asked } = toolsOver();
    const evaluation = await evaluate(benchmark, policy, sampled, { ...tools, journal });
    assert.equal(asked.length, 2);
    const whole = await evaluate(benchmark, policy, sampled, toolsOver().tools);
    const timeless = ({ time: _, seconds: __, ...rest }: typeof whole) => rest;
    assert.deepEqual(timeless(evaluation), timeless(whole));
    assert.ok(evaluation.seconds >= journal.seconds);
    journal.remove();
    assert.ok(!existsSync(path));
  });

  it('drops a line that was torn, and nothing that comes after it', async () => {
    await cutAfter(10);
    appendFileSync(path, '{"type":"problem","seconds":1,"prob');
    const journal = openJournal(path, owner(), refuse);
    assert.equal(journal.problems.size, 2);
    journal.add({ id: 'three', answers: [] }, 5);
    assert.deepEqual([...openJournal(path, owner(), refuse).problems.keys()], ['one', 'two', 'three']);
  });

  it('does not take the answers of another one, and says whose they are', async () => {
    await cutAfter(10);
    const others: (string | undefined)[] = [];
    const journal = openJournal(path, owner({ ...sampled, seed: 8 }), (what) => others.push(what));
    assert.deepEqual(
      [others, journal.problems.size],
      [['words, 4 questions, 4 answers each, m at step 3, balanced'], 0],
    );
    writeFileSync(path, 'notes of my own\n\n');
    openJournal(path, owner(), (what) => others.push(what));
    assert.equal(others[1], undefined);
    assert.equal(others.length, 2);
    const { key } = owner();
    for (const other of [
      { ...policy, precision: 'exact' },
      { ...policy, step: 4 },
      { ...policy, modelHash: 'i' },
    ]) {
      assert.notEqual(journalOwner(benchmark, other, sampled, { domain: wordsDomain() }).key, key);
    }
    assert.notEqual(journalOwner(benchmark, policy, sampled, { domain: wordsDomain(), adapterHash: 'a' }).key, key);
  });

  it('judges again what could not be judged through a fault of ours', async () => {
    const faulty = fakePolicy((request, sample) => (say(request, sample) === 'r' ? 'm' : say(request, sample)));
    const journal = openJournal(path, owner(), refuse);
    await evaluate(benchmark, policy, sampled, { ...toolsOver(faulty).tools, journal });
    assert.equal(readFileSync(path, 'utf8').trim().split('\n').length, 1 + 2);
    assert.deepEqual([...openJournal(path, owner(), refuse).problems.keys()], ['three', 'four']);
  });
});
