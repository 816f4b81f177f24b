import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryPath } from '../../base/entries.ts';
import type { JudgeResult, Limits, ProgramProblem } from '../../protocol/problem.ts';
import { functionProblem, programProblem } from '../../../test/support/problems.ts';
import { launchPlan, probeFences } from './launch.ts';
import { type PeakWatch, watchPeak } from './platform.ts';
import { createSandbox, type SandboxPool } from './pool.ts';
import { findPyodide, pythonKit } from './python.ts';

const limits: Limits = { timeMs: 1000, memoryMb: 64 };
const honest = 'def solve(a):\n    return sum(a)';

describe('Python solutions', function () {
  this.timeout(180_000);
  let sandbox: SandboxPool;
  let memory: PeakWatch;

  before(async () => {
    sandbox = await createSandbox({ workers: 2, canaries: 'none' });
    memory = watchPeak(() => sandbox.workerPids());
  });
  after(async () => {
    memory.stop();
    await sandbox.close();
  });

  function judge(source: string, own: Partial<Limits> = {}): Promise<JudgeResult> {
    return sandbox.judge({
      problem: functionProblem({ limits: { ...limits, ...own } }),
      source,
      language: 'python',
    });
  }

  function run(source: string, stdin = ''): ReturnType<SandboxPool['run']> {
    return sandbox.run({ source, stdin, language: 'python', limits });
  }

  const verdicts: [expected: string, name: string, source: string][] = [
    ['AC', 'a function', honest],
    ['AC', 'a method of a class Solution', 'class Solution:\n    def solve(self, a):\n        return sum(a)'],
    ['AC', 'an async function', 'async def solve(a):\n    return sum(a)'],
    ['AC', 'a function that prints', 'def solve(a):\n    print("x" * 1000)\n    return sum(a)'],
    [
      'AC',
      'modules',
      'import numbers, collections\nfrom functools import reduce\ndef solve(a):\n    return reduce(lambda x, y: x + y, a, 0)',
    ],
    [
      'AC',
      'deep recursion that raised its limit',
      'import sys\nsys.setrecursionlimit(10 ** 6)\ndef down(n):\n    return n and 1 + down(n - 1)\ndef solve(a):\n    assert down(20000) == 20000\n    return sum(a)',
    ],
    ['WA', 'a wrong answer', 'def solve(a):\n    return 6'],
    ['WA', 'no answer', 'def solve(a):\n    pass'],
    ['WA', 'a float that is not a number', 'def solve(a):\n    return float("nan")'],
    ['RE', 'an exception', 'def solve(a):\n    raise ValueError("no")'],
    ['RE', 'an exception at the top level', '1 / 0'],
    ['RE', 'an exit', 'import sys\ndef solve(a):\n    sys.exit(0)'],
    ['RE', 'endless recursion', 'def solve(a):\n    return solve(a)'],
    [
      'RE',
      'a coroutine that waits for ever',
      'import asyncio\nasync def solve(a):\n    await asyncio.get_running_loop().create_future()',
    ],
    ['CE', 'a syntax error', 'def solve(a'],
    ['CE', 'a missing entry function', 'def other(a):\n    return 6'],
    ['CE', 'JavaScript', 'function solve(a) { return 6; }'],
    ['BAD', 'a set', 'def solve(a):\n    return {1, 2}'],
    ['BAD', 'an object', 'def solve(a):\n    return object()'],
    ['BAD', 'a cyclic list', 'def solve(a):\n    b = []\n    b.append(b)\n    return b'],
    ['OLE', 'a huge result', 'def solve(a):\n    return "x" * 3000000'],
  ];
  for (const [expected, name, source] of verdicts) {
    it(`says ${expected} for ${name}`, async () => {
      const result = await judge(source);
      assert.equal(result.verdict, expected, JSON.stringify(result));
    });
  }

  const hostile: [verdicts: string, name: string, source: string][] = [
    ['TLE', 'an endless loop', 'def solve(a):\n    while True: pass'],
    ['TLE', 'an endless loop at the top level', 'while True: pass'],
    [
      'TLE',
      'a loop that catches everything',
      'def solve(a):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass',
    ],
    ['TLE RE MLE', 'a huge power', 'def solve(a):\n    return len(str(7 ** (7 ** 9)))'],
    ['TLE', 'a loop in C', 'def solve(a):\n    return sum(range(10 ** 12))'],
    [
      'TLE',
      'a catastrophic regular expression',
      'import re\ndef solve(a):\n    return bool(re.match("(a+)+$", "a" * 40 + "b"))',
    ],
    ['TLE', 'sleep', 'import time\ndef solve(a):\n    time.sleep(100)\n    return 6'],
    ['MLE', 'a list that grows', 'def solve(a):\n    x = []\n    while True: x.append([0] * 1000)'],
    ['MLE', 'one giant allocation', 'def solve(a):\n    return len(bytearray(10 ** 9))'],
    [
      'MLE',
      'a growth whose MemoryError is caught',
      'def solve(a):\n    x = []\n    try:\n        while True: x.append(bytearray(10 ** 6))\n    except MemoryError: raise ValueError',
    ],
    ['RE', 'os._exit', 'import os\ndef solve(a):\n    os._exit(0)'],
    ['RE', 'posix._exit', 'import posix\nposix._exit(0)\ndef solve(a):\n    return 6'],
    ['RE', 'abort', 'import os\ndef solve(a):\n    os.abort()'],
    [
      'TLE',
      'an endless thread',
      'import threading\ndef loop():\n    while True: pass\ndef solve(a):\n    t = threading.Thread(target=loop)\n    t.start()\n    t.join()',
    ],
    [
      'RE',
      'a socket',
      'import socket\ndef solve(a):\n    socket.create_connection(("127.0.0.1", 80), 1)\n    return 6',
    ],
    [
      // The modules alone take a third of a second.
      'RE TLE',
      'a request',
      'import urllib.request\ndef solve(a):\n    urllib.request.urlopen("http://127.0.0.1/")\n    return 6',
    ],
    ['RE', 'a subprocess', 'import subprocess\ndef solve(a):\n    subprocess.run(["true"])\n    return 6'],
    ['RE', 'os.system', 'import os\ndef solve(a):\n    os.system("true")\n    return 6'],
    ['RE', 'a fork', 'import os\ndef solve(a):\n    os.fork()\n    return 6'],
    ['RE', 'a file of the machine', 'def solve(a):\n    return open("/etc/passwd").read()'],
    ['RE', 'fetch of the JavaScript realm', 'import js\ndef solve(a):\n    return js.fetch("http://127.0.0.1/")'],
    ['RE', 'process of the JavaScript realm', 'import js\ndef solve(a):\n    return js.process.pid'],
    [
      'RE',
      'a memory of its own',
      'import pyodide_js\ndef solve(a):\n    m = pyodide_js._module\n    return m.HEAP8.buffer.constructor.new(1) and m.wasmMemory.constructor.name.index("Memory")',
    ],
    [
      'MLE RE',
      'growth through the JavaScript realm',
      'import pyodide_js\ndef solve(a):\n    (pyodide_js._module.wasmMemory or None).grow(20000)\n    return 6',
    ],
    [
      'RE TLE',
      'a broken interpreter',
      'import js, pyodide_js\ndef solve(a):\n    pyodide_js._module.HEAP8.fill(0)\n    return 6',
    ],
    [
      'WA RE',
      'a replaced driver',
      'import json, builtins, sys\njson.loads = lambda t: [[1, 2, 3]]\njson.dumps = lambda v: "6"\nfor m in list(sys.modules.values()):\n    pass\ndef solve(a):\n    return "6"',
    ],
    ['WA RE', 'an answer by count', 'n = 0\ndef solve(a):\n    global n\n    n += 1\n    return n'],
    ['TLE OLE RE', 'a flood', 'def solve(a):\n    while True: print("x" * 100000)'],
    ['CE RE', 'deep nesting', 'solve = ' + '('.repeat(5000) + '1' + ')'.repeat(5000)],
    ['CE', 'a source over a megabyte', `# ${'x'.repeat(1_000_001)}`],
    [
      'RE TLE',
      'an error whose text loops',
      'class E(Exception):\n    def __str__(self):\n        while True: pass\ndef solve(a):\n    raise E',
    ],
    [
      'BAD WA RE',
      'a list of its own kind',
      'class L(list):\n    def __iter__(self):\n        while True: yield 1\ndef solve(a):\n    return L()',
    ],
  ];
  for (const [verdict, name, source] of hostile) {
    it(`gives ${verdict.replaceAll(' ', ' or ')} for ${name}, then clean`, async () => {
      const [result, next] = await Promise.all([judge(source, { timeMs: 400 }), judge(honest)]);
      assert.ok(verdict.split(' ').includes(result.verdict), JSON.stringify(result).slice(0, 600));
      assert.equal(next.verdict, 'AC', JSON.stringify(next).slice(0, 600));
    });
  }

  it('never took a worker over a gigabyte', function () {
    if (process.platform !== 'linux') {
      this.skip();
    }
    const peakMb = memory.peakMb() ?? 0;
    assert.ok(peakMb > 0 && peakMb < 1024, `${peakMb} MiB`);
  });

  const readers: [name: string, source: string][] = [
    ['input()', 'n = int(input())\nprint(sum(map(int, input().split())))'],
    ['sys.stdin.read', 'import sys\nprint(sum(map(int, sys.stdin.read().split()[1:])))'],
    ['sys.stdin.buffer', 'import sys\nprint(sum(map(int, sys.stdin.buffer.read().split()[1:])))'],
    ['sys.stdin.readline', 'import sys\ninput = sys.stdin.readline\ninput()\nprint(sum(map(int, input().split())))'],
    ['lines of sys.stdin', 'import sys\nrows = [r for r in sys.stdin]\nprint(sum(map(int, rows[1].split())))'],
    ['open(0)', 'print(sum(map(int, open(0).read().split()[1:])))'],
    ['os.read', 'import os\nprint(sum(map(int, os.read(0, 10 ** 6).split()[1:])))'],
    ['fileinput', 'import fileinput\nrows = list(fileinput.input())\nprint(sum(map(int, rows[1].split())))'],
    ['an exit at the end', 'import sys\ninput()\nsys.stdout.write(str(sum(map(int, input().split()))))\nsys.exit()'],
    [
      'output at exit',
      'import atexit, io, sys\nout = io.StringIO()\natexit.register(lambda: sys.stdout.write(out.getvalue()))\ninput()\nout.write(str(sum(map(int, input().split()))))',
    ],
    [
      'a main function',
      'def main():\n    input()\n    print(sum(map(int, input().split())))\nif __name__ == "__main__":\n    main()',
    ],
  ];
  for (const [name, source] of readers) {
    it(`reads and writes with ${name}, each test anew`, async () => {
      const result = await sandbox.judge({ problem: { ...programProblem(), limits }, source, language: 'python' });
      assert.equal(result.verdict, 'AC', JSON.stringify(result));
    });
  }

  it('gives both streams and the exit code, in UTF-8', async () => {
    const ended = await run('import sys\nprint(input() + "é")\nprint("oops", file=sys.stderr)\nsys.exit(3)', 'ü\n');
    assert.deepEqual([ended.verdict, ended.stdout, ended.stderr, ended.exitCode], ['RE', 'üé\n', 'oops\n', 3]);
    const threw = await run('print(1)\nraise ValueError("no")');
    assert.deepEqual([threw.verdict, threw.stdout, threw.exitCode], ['RE', '1\n', 1]);
    assert.match(threw.stderr, /^Traceback[^]*solution\.py", line 2[^]*ValueError: no\n$/);
    const flood = await run('print("x" * 10 ** 7)');
    assert.equal(flood.verdict, 'OLE');
  });

  it('decodes values as JSON has them', async () => {
    const results: [source: string, output: ProgramProblem['tests'][number]['output'] | object | number][] = [
      ['(1, [2.5, None, True], {"a": "é\\u2028\\ud800"})', [1, [2.5, null, true], { a: 'é\u2028\ud800' }]],
      ['{1: "x", None: 2}', { 1: 'x', null: 2 }],
      ['10 ** 20', 1e20],
      ['1e25', 1e25],
      ['-0.0', 0],
      ['1e-9', 1e-9],
      ['dict(__proto__=1)', JSON.parse('{"__proto__": 1}') as object],
    ];
    const problem = functionProblem({
      limits,
      tests: results.map(([, output], index) => ({ input: [index], output: output as number })),
    });
    const source = `def solve(i):\n    return [${results.map(([text]) => text).join(', ')}][i]`;
    const result = await sandbox.judge({ problem, source, language: 'python' });
    assert.equal(result.verdict, 'AC', JSON.stringify(result));
  });
});

describe('Pyodide', function () {
  this.timeout(120_000);
  let cache: string;
  before(() => {
    cache = mkdtempSync(join(tmpdir(), 'selfq-test-'));
  });
  after(() => rmSync(cache, { recursive: true, force: true }));

  it('is asked for with the command that installs it where it is missing', () => {
    assert.throws(
      () => findPyodide(cache, join(cache, 'program.js')),
      (error: Error & { remedy?: string }) =>
        /not installed/.test(error.message) && error.remedy?.includes(`npm install --prefix "${cache}`) === true,
    );
  });

  it('gives one snapshot for each installation, made again where it was damaged', async () => {
    const fences = await probeFences();
    let made = 0;
    const kit = (): ReturnType<typeof pythonKit> =>
      pythonKit(
        findPyodide(cache),
        (python) => {
          made += 1;
          return launchPlan({
            nodePath: process.execPath,
            workerPath: entryPath('sandbox-worker'),
            cwd: tmpdir(),
            fences,
            python,
          });
        },
        cache,
      );
    const { snapshot = '' } = await kit();
    const size = statSync(snapshot).size;
    assert.ok(size > 10_000_000);
    assert.equal((await kit()).snapshot, snapshot);
    assert.equal(made, 1);
    writeFileSync(snapshot, readFileSync(snapshot).subarray(0, size / 2));
    await kit();
    assert.equal(made, 2);
    assert.equal(statSync(snapshot).size, size);
    assert.equal(readdirSync(join(cache, 'python')).length, 2);
  });
});
