import assert from 'node:assert/strict';
import { ArithmeticContent, truthOf as product } from '../domains/arithmetic/content.ts';
import { AlgebraContent, truthOf as solution } from '../domains/algebra/content.ts';
import { benchmarkOf, findBenchmark } from './registry.ts';
import { splitOf } from './split.ts';
import { linearEquations, multiplications } from './values.ts';

const load = async (name: string) => (await findBenchmark(name)?.load()) ?? assert.fail(`there is no ${name}`);

describe('the multiplications', () => {
  it('are the 4,096 of the paper, by the first, the last and the largest', async () => {
    const questions = (await load('multiplication')).map((question) => ({
      ...question,
      content: ArithmeticContent.parse(question.content),
    }));
    assert.equal(questions.length, 4096);
    assert.deepEqual(
      [questions[0], questions.at(-1)].map((question) => question?.statement),
      ['163 * 856', '18 * 405'],
    );
    const products = questions.map((question) => product(question) ?? assert.fail(question.statement));
    assert.deepEqual([products[0]?.n, products.at(-1)?.n], [139_528n, 7290n]);
    assert.equal(
      products.reduce((most, { n }) => (n > most ? n : most), 0n),
      963_322n,
    );
    assert.equal(new Set(questions.map(({ statement }) => statement)).size, 4096);
  });

  it('are refused where a byte of their file differs', async () => {
    await assert.rejects(multiplications({ file: 'multiplication.csv', sha256: '0'.repeat(64) }), {
      boundary: 'environment',
      message: /not the file that was shipped/,
    });
  });
});

describe('the mixed arithmetic', () => {
  it('is 400 sums, differences and products each, none of them twice in either order', async () => {
    const questions = await load('mixed-arithmetic');
    const parts = questions.map(({ statement }) => statement.split(' '));
    assert.deepEqual(
      ['+', '-', '*'].map((operator) => parts.filter((part) => part[1] === operator).length),
      [400, 400, 400],
    );
    assert.equal(new Set(parts.map((part) => part.toSorted().join(' '))).size, 1200);
    for (const question of questions) {
      const value = product({ ...question, content: ArithmeticContent.parse(question.content) });
      assert.ok(value && value.n > 0n, question.statement);
    }
  });
});

describe('the linear equations', () => {
  it('are 100 and 400 different systems, each with one solution, an integer from -80 to 80', async () => {
    const all = [...(await load('linear-equations')), ...(await load('linear-equations-400'))];
    assert.equal(all.length, 500);
    assert.equal(new Set(all.map(({ statement }) => statement)).size, 500);
    assert.equal(new Set(all.map(({ id }) => id)).size, 500);
    for (const question of all) {
      // The exact solver gives no value where there is no unique solution; loading compares it with the file's answer.
      const value = solution({ ...question, content: AlgebraContent.parse(question.content) });
      assert.ok(value?.d === 1n && value.n <= 80n, question.statement);
    }
  });

  it('are refused where a byte of their file differs', async () => {
    const file = { file: 'linear-equations.jsonl', sha256: '' };
    await assert.rejects(linearEquations('linear-equations', file), { boundary: 'environment' });
  });
});

describe('the benchmarks of runs', () => {
  it('have enough questions for validation and for the test, which no other question moves', async () => {
    const counts = ['arithmetic', 'algebra', 'coding'].map(async (domain) => {
      const row = benchmarkOf(domain) ?? assert.fail(domain);
      const parts = (await row.load()).map(({ id }) => splitOf(id));
      return [row.name, ...(['validation', 'test'] as const).map((part) => parts.filter((own) => own === part).length)];
    });
    assert.deepEqual(await Promise.all(counts), [
      ['mixed-arithmetic', 346, 854],
      ['linear-equations-400', 101, 299],
      ['functions', 71, 229],
    ]);
  });
});
