import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import { mutantsOf, tryParse } from './mutants.ts';
import { limitSteps } from './step-limit.ts';

const changes = (source: string): string[] => mutantsOf(source).map(({ before, after }) => `${before} => ${after}`);

describe('mutants of a program', () => {
  it('swap operators, move constants, negate conditions and drop statements', () => {
    assert.deepEqual(changes('function solve(n) { if (n > 0) n += 2; return n; }'), [
      'if (n > 0) n += 2; => ;',
      'if (n > 0) n += 2; => n += 2;',
      'n > 0 => (n >= 0)',
      'n > 0 => (n < 0)',
      'n > 0 => !(n > 0)',
      '0 => 1',
      '0 => (-1)',
      'n += 2 => n -= 2',
      'n += 2 => n = 2',
      'n += 2; => ;',
      '2 => 3',
      '2 => 1',
    ]);
  });

  it('take methods for each other and forget comparators and calls', () => {
    assert.deepEqual(changes('const f = (a) => a.sort((x, y) => x - y)[0] + Math.min(...a);').slice(0, 7), [
      'a.sort((x, y) => x - y) => a',
      'a.sort((x, y) => x - y) => a.sort()',
      'a.sort((x, y) => x - y)[0] + Math.min(...a) => (a.sort((x, y) => x - y)[0] - Math.min(...a))',
      'x - y => (x + y)',
      '0 => 1',
      '0 => (-1)',
      'Math.min(...a) => Math.max(...a)',
    ]);
  });

  it('find the operator behind a bracket and keep the grouping of the original', () => {
    const [first] = mutantsOf('const f = (a, b, c) => (a || b) && c;');
    assert.equal(first?.source, 'const f = (a, b, c) => ((a || b) || c);');
  });

  it('parse, differ from the original and from each other, and say the line', () => {
    const source =
      'function solve(s) {\n  const words = s.split(" ");\n  return words.length === 0 ? null : words[0];\n}';
    const mutants = mutantsOf(source);
    assert.equal(new Set([source, ...mutants.map((mutant) => mutant.source)]).size, mutants.length + 1);
    assert.equal(new Set(mutants.map(({ id }) => id)).size, mutants.length);
    assert.ok(mutants.every((mutant) => tryParse(mutant.source)));
    assert.deepEqual([...new Set(mutants.map(({ line }) => line))], [2, 3]);
  });

  it('leave alone how the input is read, and the names of modules', () => {
    const reading = "const t = require('fs').readFileSync(0, 'utf8').trim().split(' ').map((x) => x - 1);\n";
    assert.deepEqual(changes(`${reading}console.log(t.length > 2);`), [
      'console.log(t.length > 2); => ;',
      't.length > 2 => (t.length >= 2)',
      't.length > 2 => (t.length < 2)',
      '2 => 3',
      '2 => 1',
    ]);
  });

  it('are drawn by the seed, in the order of the source', () => {
    const source = 'const f = (a, b) => a + 1 - b * 2 + 3 * a - 4 + b - 5;';
    const all = mutantsOf(source).map(({ id }) => id);
    const drawn = mutantsOf(source, { limit: 5, seed: 1 }).map(({ id }) => id);
    assert.equal(drawn.length, 5);
    assert.deepEqual(
      drawn,
      all.filter((id) => drawn.includes(id)),
    );
    assert.deepEqual(
      mutantsOf(source, { limit: 5, seed: 1 }).map(({ id }) => id),
      drawn,
    );
    assert.notDeepEqual(
      mutantsOf(source, { limit: 5, seed: 2 }).map(({ id }) => id),
      drawn,
    );
  });

  it('do not exist for what does not parse', () => {
    assert.deepEqual(mutantsOf('function solve( {'), []);
  });
});

describe('a limit of steps', () => {
  it('ends loops and recursions that have no end', () => {
    for (const endless of [
      'for (;;) ;',
      'while (true) { }',
      'do x = 1; while (true)',
      'const f = () => f() || f(); f()',
    ]) {
      assert.throws(() => runInNewContext(limitSteps(`let x = 0; ${endless}`, 1000), {}, { timeout: 5000 }), {
        name: 'RangeError',
        message: /too many steps|call stack/,
      });
    }
  });

  it('changes nothing else, however statements nest', () => {
    const source = `'use strict';
const add = (a) => (b) => ({ sum: a + b });
let total = 0;
for (let i = 0; i < 3; i++) for (const j of [1, 2]) if (j > 1) total += add(i)(j).sum; else total--;
let last = null; for (const k of [1, 2]) last = (x) => x * k
for (const key in { a: 1 }) { total += key.length; }
[total, last(5), (function () { 'use strict'; return this === undefined; })(), (() => { try { undeclared = 1; } catch { return 'strict'; } })()]`;
    const expected = JSON.stringify(runInNewContext(source));
    assert.equal(expected, '[7,10,true,"strict"]');
    assert.equal(JSON.stringify(runInNewContext(limitSteps(source, 1000))), expected);
    assert.equal(limitSteps(source, 1000).split('\n').length, source.split('\n').length);
  });
});
