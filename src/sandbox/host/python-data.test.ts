import assert from 'node:assert/strict';
import { type JsonValue, parseJson } from '../../protocol/json.ts';
import type { JudgeResult, Limits } from '../../protocol/problem.ts';
import { functionProblem } from '../../../test/support/problems.ts';
import { createSandbox, type SandboxPool } from './pool.ts';

const limits: Limits = { timeMs: 2000, memoryMb: 128 };

describe('data between problems and Python', function () {
  this.timeout(180_000);
  let sandbox: SandboxPool;

  before(async () => {
    sandbox = await createSandbox({ workers: 1, canaries: 'none' });
  });
  after(async () => {
    await sandbox.close();
  });

  /** `tests`: JSON text of [input, output] pairs, as the file of a problem has them. */
  function judge(tests: string, source: string): Promise<JudgeResult> {
    const pairs = parseJson(tests) as [JsonValue[], JsonValue][];
    const problem = functionProblem({ limits, tests: pairs.map(([input, output]) => ({ input, output })) });
    return sandbox.judge({ problem, source, language: 'python' });
  }

  const googol = `1${'0'.repeat(100)}`;
  const digits = '7'.repeat(10_000);
  const numbers: [verdict: string, name: string, tests: string, source: string][] = [
    ['AC', 'an integer beyond 2 ** 53', '[[[9007199254740993], 3]]', 'def solve(n): return n % 10'],
    [
      'WA',
      'a large integer that is one too many',
      '[[[25], 15511210043330985984000000]]',
      'from math import factorial\ndef solve(n): return factorial(n) + 1',
    ],
    [
      'AC',
      'a large integer',
      '[[[25], 15511210043330985984000000]]',
      'from math import factorial\ndef solve(n): return factorial(n)',
    ],
    [
      'WA',
      'a float in place of a large integer',
      '[[[25], 15511210043330985984000000]]',
      'from math import factorial\ndef solve(n): return float(factorial(n))',
    ],
    ['WA', 'an integer that went through a float', '[[[1], 10000000000000001]]', 'def solve(n): return int(1e16 + n)'],
    ['AC', 'a float that a large integer equals', '[[[1], 10000000000000000]]', 'def solve(n): return 1e16'],
    ['AC', 'a googol there and back', `[[[${googol}], ${googol}]]`, 'def solve(n): return n'],
    ['AC', 'ten thousand digits', `[[[${digits}], ${digits}]]`, 'def solve(n): return n'],
    ['AC', 'an integer beyond every double', `[[[2000], ${2n ** 2000n}]]`, 'def solve(n): return 2 ** n'],
    ['AC', 'a whole float', '[[[3.0], true], [[3], false]]', 'def solve(x): return isinstance(x, float)'],
    ['AC', 'an exponent', '[[[1e3], "1000.0"], [[1E-2], "0.01"]]', 'def solve(x): return str(x)'],
    ['AC', 'a negative zero', '[[[-0.0], "-0.0"]]', 'def solve(x): return str(x)'],
    ['AC', 'an int for an expected float', '[[[3], 3.0]]', 'def solve(x): return x'],
    ['AC', 'a float for an expected int', '[[[3], 3]]', 'def solve(x): return x / 1'],
    ['AC', 'a rounding error of an expected float', '[[[3], 3.0]]', 'def solve(x): return x + 4e-16 + 1e-9'],
    ['WA', 'a rounding error of an expected int', '[[[3], 3]]', 'def solve(x): return x + 1e-9'],
    [
      'AC',
      'large numbers within containers',
      `[[[{"a": [${googol}, 2.0]}], [2.0, ${googol}]]]`,
      'def solve(d): return [type(d["a"][1])(2), d["a"][0]]',
    ],
    ['AC', 'True for 1 and 0 for false', '[[[1], 1], [[0], false]]', 'def solve(n): return n == 1 if n else 0'],
    ['WA', 'True for 2', '[[[1], 2]]', 'def solve(n): return True'],
    ['WA', '"1" for 1', '[[[1], 1]]', 'def solve(n): return "1"'],
    [
      'AC',
      'Fraction and Decimal',
      '[[[1], [0.5, 3, 2.5]]]',
      'from fractions import Fraction as F\nfrom decimal import Decimal as D\ndef solve(n): return [F(1, 2), F(3), D("2.5")]',
    ],
  ];
  for (const [verdict, name, tests, source] of numbers) {
    it(`gives ${verdict} for ${name}`, async () => {
      const result = await judge(tests, source);
      assert.equal(result.verdict, verdict, JSON.stringify(result));
    });
  }

  it('shows a large number as it is', async () => {
    const result = await judge('[[[1], 9007199254740993]]', 'def solve(n): return 9007199254740992');
    assert.deepEqual([result.tests[0]?.expected, result.tests[0]?.actual], ['9007199254740993', '9007199254740992']);
  });

  const kinds: [verdict: string, name: string, output: string, expression: string][] = [
    ['AC', 'a Counter', '{"a": 2, "b": 1}', 'Counter("aab")'],
    ['AC', 'a defaultdict', '{"a": [1]}', 'defaultdict(list, a=[1])'],
    ['AC', 'an OrderedDict', '{"a": 1, "b": 2}', 'OrderedDict([("b", 2), ("a", 1)])'],
    [
      'AC',
      'a ChainMap, a UserDict, a UserList, a UserString',
      '[{"a": 1}, {"b": 2}, [3], "c"]',
      '[ChainMap({"a": 1}), UserDict(b=2), UserList([3]), UserString("c")]',
    ],
    ['AC', 'a namedtuple', '[1, 2]', 'namedtuple("P", "x y")(1, 2)'],
    ['AC', 'a deque', '[1, 2]', 'deque([1, 2])'],
    [
      'AC',
      'subclasses of list, tuple, str, int and float',
      '[[1], [2], "s", 3, 4.5]',
      '[type("L", (list,), {})([1]), type("T", (tuple,), {})([2]), type("S", (str,), {})("s"), type("I", (int,), {})(3), type("F", (float,), {})(4.5)]',
    ],
    ['AC', 'members of IntEnum and StrEnum', '[1, "x"]', '[IntEnum("E", "a")(1), StrEnum("S", {"a": "x"})("x")]'],
    ['WA', 'an int that claims to equal everything', '3', 'type("I", (int,), {"__eq__": lambda self, other: True})(4)'],
    [
      'WA',
      'a str that claims to equal everything',
      '"a"',
      'type("S", (str,), {"__eq__": lambda self, other: True, "__str__": lambda self: "a"})("b")',
    ],
    ['WA', 'a Counter with another count', '{"a": 2}', 'Counter("a")'],
    ['BAD', 'a set', '[1]', '{1}'],
    ['BAD', 'a frozenset', '[1]', 'frozenset([1])'],
    ['BAD', 'a range', '[0, 1]', 'range(2)'],
    ['BAD', 'a generator', '[0, 1]', '(x for x in range(2))'],
    ['BAD', 'bytes', '"a"', 'b"a"'],
    ['BAD', 'keys that JSON writes alike', '{"1": 3}', '{1: 2, "1": 3}'],
  ];
  for (const [verdict, name, output, expression] of kinds) {
    it(`gives ${verdict} for ${name}`, async () => {
      const source = `from collections import *\nfrom enum import IntEnum, StrEnum\ndef solve(n): return ${expression}`;
      const result = await judge(`[[[1], ${output}]]`, source);
      assert.equal(result.verdict, verdict, JSON.stringify(result));
    });
  }

  it('names what is no data', async () => {
    const result = await judge('[[[1], [1]]]', 'def solve(n): return {n}');
    assert.match(result.message ?? '', /holds a set/);
  });

  const forged: [name: string, body: string][] = [
    ['a replaced json.dumps', "import json; json.dumps = lambda *a, **k: 'x'\ndef solve(n): return 'x'"],
    ['text that is no JSON', 'reply("x")'],
    ['a number that is none', 'reply(\'{"\\\\u0000":"1.5n"}\')'],
    ['a hundred thousand levels', 'reply("[" * 100000 + "]" * 100000)'],
    ['a hundred thousand levels of numbers', 'reply("[" * 100000 + "1e5" + "]" * 100000)'],
    ['a thousand levels', 'reply("[" * 1000 + "]" * 1000)'],
  ];
  for (const [name, body] of forged) {
    it(`gives a solution that forges ${name} a verdict of its own`, async () => {
      const forge = `import builtins, gc, sys, types
def reply(text):
    for found in gc.get_objects():
        if isinstance(found, dict) and found.get('_Writer') is not None and callable(found.get('write')):
            found['write'] = lambda value, limit: 'v' + text
`;
      const source = body.startsWith('reply') ? `${forge}${body}\ndef solve(n): return 1` : body;
      const result = await judge('[[[1], 1]]', source);
      assert.ok(['BAD', 'WA'].includes(result.verdict), JSON.stringify(result));
      assert.equal((await judge('[[[1], 1]]', 'def solve(n): return n')).verdict, 'AC');
    });
  }
});
