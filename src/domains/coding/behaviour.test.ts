import assert from 'node:assert/strict';
import type { JsonValue } from '../../protocol/json.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import type { Execution, Sandbox } from '../../sandbox/sandbox.ts';
import { behaviourKey, probesOf } from './behaviour.ts';
import { parameterTypes, typeText } from './data-type.ts';

const limits = { timeMs: 1000, memoryMb: 64 };

describe('the types of parameters', () => {
  const textOf = (inputs: JsonValue[][]): string | undefined => parameterTypes(inputs)?.map(typeText).join(', ');

  it('are the narrowest that all calls have', () => {
    assert.equal(textOf([[1, 'a', true, null]]), 'integer, string, boolean, null');
    assert.equal(textOf([[1], [0.5]]), 'number');
    assert.equal(textOf([[[]], [[1, 2]]]), 'integer[]');
    assert.equal(textOf([[[]]]), 'unknown[]');
    assert.equal(textOf([[[[1], []]]]), 'integer[][]');
    assert.equal(textOf([[{ b: 1, a: [''] }], [{ a: ['x'], b: 2 }]]), '{"a":string[],"b":integer}');
  });

  it('are unknown where calls differ in kind or number', () => {
    for (const inputs of [[[1], ['a']], [[1], [1, 2]], [[[1, 'a']]], [[{ a: 1 }], [{ b: 1 }]], []]) {
      assert.equal(textOf(inputs), undefined);
    }
  });
});

describe('probe inputs', () => {
  it('are the same for the same types, of these types, and various', () => {
    const inputs: JsonValue[][] = [[[1, 2], 'a', { n: 0.5, flag: true }]];
    const types = parameterTypes(inputs) ?? [];
    const probes = probesOf(types);
    assert.deepEqual(probesOf(parameterTypes([[[7], '', { flag: false, n: 2.5 }]]) ?? []), probes);
    assert.deepEqual(parameterTypes(probes)?.map(typeText), types.map(typeText));
    assert.ok(new Set(probes.map((probe) => JSON.stringify(probe))).size > 20);
  });
});

describe('the behaviour of a reference', function () {
  this.timeout(180_000);
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ workers: 1 });
  });
  after(() => sandbox.close());

  const keyOf = (source: string, inputs: JsonValue[][], judge = sandbox): Promise<string | undefined> =>
    behaviourKey({ source, entry: 'solve', inputs }, judge, limits);
  const words: JsonValue[][] = [['abc'], ['hello']];

  it('is one for the same task in other words and another for another task', async () => {
    const reversed = await keyOf("function solve(s) { return s.split('').reverse().join(''); }", words);
    assert.ok(reversed);
    assert.equal(await keyOf("const solve = (text) => [...text].reduce((a, c) => c + a, '');", [['x']]), reversed);
    assert.notEqual(await keyOf('function solve(s) { return s.toUpperCase(); }', words), reversed);
  });

  it('tells tasks apart that differ at the edge', async () => {
    const numbers: JsonValue[][] = [[[3, 1]], [[2]]];
    const largest = await keyOf('function solve(a) { return Math.max(0, ...a); }', numbers);
    assert.ok(largest);
    assert.notEqual(await keyOf('function solve(a) { return Math.max(...a, -1); }', numbers), largest);
  });

  it('counts truth values where both occur', async () => {
    const even = await keyOf('function solve(n) { return n % 2 === 0; }', [[1], [2]]);
    assert.ok(even);
    assert.equal(await keyOf('function solve(n) { return !(n & 1); }', [[1], [2]]), even);
    assert.notEqual(await keyOf('function solve(n) { return n % 2 !== 0; }', [[1], [2]]), even);
    assert.equal(await keyOf('function solve(n) { return n === 12345; }', [[1], [2]]), undefined);
  });

  it('is not claimed where results hardly differ, calls fail, or arguments have no type', async () => {
    assert.equal(await keyOf("function solve(s) { return s === 'abc' ? 1 : 0; }", words), undefined);
    assert.equal(
      await keyOf("function solve(s) { if (s !== 'abc') throw new Error('no'); return s; }", words),
      undefined,
    );
    assert.equal(await keyOf('function solve(s) { return s; }', [['a'], [1]]), undefined);
    assert.equal(await keyOf('function solve() { return Math.PI; }', [[]]), undefined);
  });

  it('is not claimed where the probes lack what a reference looks for, so that it gives back its argument', async () => {
    assert.equal(await keyOf("function solve(s) { return s.replaceAll('<-', ''); }", words), undefined);
  });

  it('is not claimed where the sandbox lost a probe', async () => {
    const lost: Execution = { ok: false, verdict: 'IE', message: 'lost' };
    const broken: Sandbox = {
      counters: sandbox.counters,
      judge: (job) => sandbox.judge(job),
      close: () => sandbox.close(),
      execute: async (job) => (await sandbox.execute(job)).with(0, lost),
    };
    assert.equal(await keyOf('function solve(s) { return s.length; }', words, broken), undefined);
  });

  it('does not wait for a reference that loops on probes', async () => {
    assert.equal(
      await keyOf('function solve(n) { while (n !== 1) n = n > 1 ? n - 1 : n; return n; }', [[3]]),
      undefined,
    );
  });
});
