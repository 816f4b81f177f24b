import assert from 'node:assert/strict';
import type { FunctionProblem } from '../../protocol/problem.ts';
import { Problem } from '../../protocol/problem.ts';
import { functionProblem } from '../../../test/support/problems.ts';
import { createSandbox, type SandboxPool } from '../host/pool.ts';

type Test = FunctionProblem['tests'][number];

describe('solutions of function problems', function () {
  this.timeout(60_000);
  let sandbox: SandboxPool;

  before(async () => {
    sandbox = await createSandbox({ workers: 1, canaries: 'none' });
  });
  after(async () => {
    await sandbox.close();
  });

  async function verdict(source: string, tests: Test[], more: Partial<FunctionProblem> = {}): Promise<string> {
    const problem = functionProblem({ tests, limits: { timeMs: 2000, memoryMb: 64 }, ...more });
    const result = await sandbox.judge({ problem, source });
    return [result.verdict, result.message].filter((part) => part !== undefined).join(' ');
  }

  it('are worth nothing where they define nothing', async () => {
    const one: Test[] = [{ input: ['12'], output: 12 }];
    for (const [source, entry] of [
      ['// nothing', 'parseInt'],
      ['let x = 1;', 'Number'],
      ['', 'isNaN'],
      ['', 'toString'],
    ]) {
      assert.match(await verdict(source ?? '', one, { entry: entry ?? '' }), /^CE there is no function named/);
    }
    assert.equal(await verdict('function parseInt(x) { return +x; }', one, { entry: 'parseInt' }), 'AC');
    assert.equal(await verdict('const Number = (x) => +parseInt(x);', one, { entry: 'Number' }), 'AC');
  });

  it('never cost more than their reward, whatever a result says of itself', async () => {
    const tests: Test[] = [{ input: [], output: 1 }];
    const liar = (length: string): string =>
      `const q = '"'.repeat(18000); const a = [new Proxy([], { get: (t, k) => (k === 'length' ? ${length} : t[k]) })];
       function solve() { for (let i = 0; i < 1000; i++) a.push(q); return a; }`;
    for (const length of ['NaN', '{}']) {
      assert.match(await verdict(liar(length), tests), /^OLE/, length);
    }
    const many = Array.from({ length: 5 }, (): Test => ({ input: [], output: 1 }));
    assert.match(await verdict(`const s = '\\u0001'.repeat(1e6); function solve() { return s; }`, many), /^WA/);
    assert.equal(sandbox.counters.internalErrors, 0);
  });

  it('are wrong where a checker cannot take them, and no fault of theirs where it takes nothing', async () => {
    const tests: Test[] = [{ input: [3], output: [1, 2] }];
    const sums = {
      checker: 'function check(input, actual) { return actual.reduce((a, b) => a + b, 0) === input[0]; }',
    };
    assert.match(await verdict('function solve() { return null; }', tests, { compare: sums }), /^WA/);
    assert.match(await verdict('function solve() { return [3]; }', tests, { compare: sums }), /^AC/);
    const broken = { checker: 'function check(input, actual) { return nothing.here; }' };
    assert.match(await verdict('function solve() { return [3]; }', tests, { compare: broken }), /^IE/);
  });

  const increment: Test[] = [
    { input: [1], output: 2 },
    { input: [41], output: 42 },
  ];
  const answers: [name: string, source: string][] = [
    ['a script', 'function solve(x) { return x + 1; }'],
    ['a constant', 'const solve = (x) => x + 1;'],
    [
      'the idiom of a main module',
      'function solve(x) { return x + 1; }\nif (require.main === module) { console.log(solve(1)); throw 1; }',
    ],
    ['an export of CommonJS', 'module.exports = { solve: (x) => x + 1 };'],
    ['an export of CommonJS behind a return', 'module.exports = (x) => x + 1;\nreturn;'],
    ['a member of exports', 'exports.solve = (x) => x + 1;'],
    [
      'an ES module',
      "import { strict as assert } from 'node:assert';\nexport function solve(x) { assert(x); return x + 1; }",
    ],
    ['a default export', 'export default (x) => x + 1;'],
    ['an ES module that exports nothing', 'const k = await Promise.resolve(1);\nfunction solve(x) { return x + k; }'],
    ['a constant of such a module', 'const k = await 1;\nconst solve = async (x) => x + k;'],
    [
      'top-level await on a timer',
      'const k = await new Promise((r) => setTimeout(() => r(1), 50));\nfunction solve(x) { return x + k; }',
    ],
    ['a module that ends in a comment', 'const k = await 1;\nexport const solve = (x) => x + k; // the end'],
    [
      'dynamic import',
      "const { strictEqual } = await import('node:assert');\nexport const solve = (x) => { strictEqual(x, x); return x + 1; };",
    ],
    [
      'modules and globals',
      "const util = require('util'); const solve = (x) => Number(Buffer.from(util.format('%d', x + 1)).toString()) + new URL('http://a/?q=0').searchParams.get('q') * 1;",
    ],
    [
      'streams that nobody reads',
      "function solve(x) { process.stdout.write('out'); console.log({ x }); console.error(x); require('fs').writeSync(1, Buffer.from('x')); return x + require('fs').readFileSync(0, 'utf8').length + 1; }",
    ],
    [
      'ticks before promises',
      "async function solve(x) { const seen = []; const p = Promise.resolve().then(() => seen.push('p')); process.nextTick(() => seen.push('n')); await p; return seen.join('') === 'np' ? x + 1 : seen; }",
    ],
    [
      'a sleep',
      "const sleep = require('util').promisify(setTimeout); async function solve(x) { await sleep(20); return x + 1; }",
    ],
    ['a byte order mark', '\ufefffunction solve(x) { return x + 1; }'],
  ];
  for (const [name, source] of answers) {
    it(`may be ${name}`, async () => {
      assert.equal(await verdict(source, increment), 'AC');
    });
  }

  const failures: [name: string, source: string, expected: RegExp][] = [
    ['that end the process', 'function solve() { process.exit(0); }', /^RE Error: process\.exit was called/],
    [
      'that wait for ever at the top',
      'await new Promise(() => {});\nfunction solve(x) { return x + 1; }',
      /^RE the top-level await never settles/,
    ],
    [
      'that want a network',
      "const http = require('http'); function solve(x) { return x + 1; }",
      /^RE Error: Cannot find module 'http': there is no network/,
    ],
    [
      'that import a package',
      "import _ from 'lodash';\nexport const solve = (x) => x + 1;",
      /^RE Error: Cannot find module 'lodash': only Node's own/,
    ],
    ['without the function', 'const k = await 1;', /^CE there is no function named solve/],
  ];
  for (const [name, source, expected] of failures) {
    it(`are told why they fail: those ${name}`, async () => {
      assert.match(await verdict(source, increment), expected);
    });
  }

  it('have a tolerance for whole numbers where the problem names one', async () => {
    const tests: Test[] = [{ input: [], output: [0.1, 3.0] }];
    const source = 'const solve = () => [0.1000000001, 3.0000000000000004];';
    assert.match(await verdict(source, tests), /^WA/);
    assert.equal(await verdict(source, tests, { compare: { tolerance: 1e-6 } }), 'AC');
    assert.match(await verdict(source, tests, { compare: { tolerance: 0 } }), /^WA/);
  });

  it('get and may return a key named __proto__', async () => {
    const text = '[{"input":[{"__proto__":{"x":1},"b":2}],"output":2},{"input":[{"__proto__":[]}],"output":1}]';
    const parsed = Problem.parse({ ...functionProblem(), tests: JSON.parse(text) as unknown });
    const { tests } = parsed as FunctionProblem;
    assert.equal(await verdict('const solve = (o) => Object.keys(o).length;', tests), 'AC');
    const mirrored = Problem.parse({
      ...functionProblem(),
      tests: JSON.parse('[{"input":[{"__proto__":1}],"output":{"__proto__":1}}]') as unknown,
    }) as FunctionProblem;
    assert.equal(await verdict('const solve = (o) => o;', mirrored.tests), 'AC');
    assert.match(await verdict('const solve = () => ({});', mirrored.tests), /^WA/);
  });

  it('get keys of the wire as they are, and keep what they return apart from them', async () => {
    const tests: Test[] = [{ input: [{ '\0': 'NaN', '\0\0': 1 }], output: { '\0': 'NaN', '\0\0': 1 } }];
    assert.equal(await verdict('const solve = (o) => o;', tests), 'AC');
    assert.match(await verdict('const solve = () => NaN;', [{ input: [], output: { '\0': 'NaN' } }]), /^WA/);
  });

  const results: [name: string, source: string, check: string][] = [
    ['undefined', 'function solve() {}', 'a === undefined'],
    ['NaN', 'const solve = () => [NaN, -Infinity];', 'Number.isNaN(a[0]) && a[1] === -Infinity'],
    ['bigints', 'const solve = () => ({ n: 12345678901234567890n });', 'a.n === 12345678901234567890n'],
    ['__proto__', 'const solve = () => JSON.parse(\'{"__proto__":1}\');', "Object.keys(a)[0] === '__proto__'"],
    ['the key of the wire', 'const solve = () => ({ "\\0": "NaN" });', 'a["\\0"] === "NaN"'],
  ];
  for (const [name, source, check] of results) {
    it(`are decided on by a checker where they return ${name}`, async () => {
      const tests: Test[] = [{ input: [], output: null }];
      const compare = { checker: `function check(i, a, e) { return ${check}; }` };
      assert.equal(await verdict(source, tests, { compare }), 'AC');
      assert.match(
        await verdict('const solve = () => 7;', tests, {
          compare: { checker: `function check(i, a, e) { return ${check}; }` },
        }),
        /^(?:WA|IE)/,
      );
    });
  }
});
