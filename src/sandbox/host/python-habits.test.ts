import assert from 'node:assert/strict';
import type { JudgeResult, Limits } from '../../protocol/problem.ts';
import { functionProblem } from '../../../test/support/problems.ts';
import { createSandbox, type SandboxPool } from './pool.ts';

const limits: Limits = { timeMs: 3000, memoryMb: 128 };
const bom = '\ufeff';

/** What contest programs and answers of models do as a matter of course, with what CPython prints. */
describe('habits of Python programs', function () {
  this.timeout(180_000);
  let sandbox: SandboxPool;

  before(async () => {
    sandbox = await createSandbox({ workers: 1, canaries: 'none' });
  });
  after(async () => {
    await sandbox.close();
  });

  function judge(source: string): Promise<JudgeResult> {
    return sandbox.judge({ problem: functionProblem({ limits }), source, language: 'python' });
  }

  function run(source: string, stdin = '3 4\n'): ReturnType<SandboxPool['run']> {
    return sandbox.run({ source, stdin, language: 'python', limits });
  }

  const functions: [name: string, source: string][] = [
    [
      'a main part that reads input',
      'def solve(a): return sum(a)\nif __name__ == "__main__": print(solve(list(map(int, input().split()))))',
    ],
    [
      'a main part that ends the program',
      'def solve(a): return sum(a)\nif __name__ == "__main__":\n    import sys\n    sys.exit(solve([1]))',
    ],
    [
      'a dataclass with annotations in text',
      'from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass Box:\n    items: list[int]\ndef solve(a): return sum(Box(a).items)',
    ],
    ['a byte order mark', `${bom}def solve(a): return sum(a)`],
    [
      'recursion under lru_cache, 20,000 levels deep',
      'import sys\nfrom functools import lru_cache\nsys.setrecursionlimit(10 ** 6)\n@lru_cache(None)\ndef down(n): return n and 1 + down(n - 1)\ndef solve(a):\n    assert down(20000) == 20000\n    return sum(a)',
    ],
    [
      'recursion under cache of a method',
      'import sys\nfrom functools import cache\nsys.setrecursionlimit(10 ** 6)\nclass Solution:\n    @cache\n    def down(self, n): return n and 1 + self.down(n - 1)\n    def solve(self, a):\n        assert self.down(10000) == 10000\n        return sum(a)',
    ],
    [
      'recursion through max over a generator',
      'import sys\nsys.setrecursionlimit(10 ** 6)\ndef down(n): return n and 1 + max(down(m) for m in [n - 1])\ndef solve(a):\n    assert down(10000) == 10000\n    return sum(a)',
    ],
    [
      'threads that are joined',
      'import threading\ndef solve(a):\n    out = [0]\n    def add(x): out[0] += x\n    threads = [threading.Thread(target=add, args=(x,)) for x in a]\n    for t in threads: t.start()\n    for t in threads: t.join()\n    return out[0]',
    ],
    [
      'a pool of threads',
      'from concurrent.futures import ThreadPoolExecutor\ndef solve(a):\n    with ThreadPoolExecutor(4) as pool: return sum(pool.map(int, a))',
    ],
    [
      'an async function that sleeps',
      'import asyncio\nasync def solve(a):\n    await asyncio.sleep(1)\n    return sum(a)',
    ],
    ['asyncio.run inside', 'import asyncio\nasync def add(a): return sum(a)\ndef solve(a): return asyncio.run(add(a))'],
  ];
  for (const [name, source] of functions) {
    it(`accepts a function with ${name}`, async () => {
      const result = await judge(source);
      assert.equal(result.verdict, 'AC', JSON.stringify(result));
    });
  }

  const programs: [name: string, source: string, stdout: string][] = [
    [
      'its main function in a thread',
      'import sys, threading\ndef main(): print(sum(map(int, input().split())))\nsys.setrecursionlimit(10 ** 7)\nthreading.stack_size(2 ** 26)\nthreading.Thread(target=main).start()',
      '7\n',
    ],
    [
      'deep recursion in a thread that is joined',
      'import sys, threading\nsys.setrecursionlimit(10 ** 7)\ndef down(n): return n and 1 + down(n - 1)\nt = threading.Thread(target=lambda: print(down(50000)))\nt.start()\nt.join()',
      '50000\n',
    ],
    [
      'a consumer that starts before its producer',
      'import queue, threading\nq, out = queue.Queue(), []\ndef consume():\n    while (x := q.get()) is not None: out.append(x)\nt = threading.Thread(target=consume)\nt.start()\nfor i in range(3): q.put(i)\nq.put(None)\nt.join()\nprint(out, t.is_alive())',
      '[0, 1, 2] False\n',
    ],
    [
      'a worker that serves for ever',
      'import queue, threading\nq = queue.Queue()\ndef serve():\n    while True:\n        print(q.get())\n        q.task_done()\nthreading.Thread(target=serve, daemon=True).start()\nfor i in range(2): q.put(i)\nq.join()',
      '0\n1\n',
    ],
    [
      'data of each thread',
      'import threading\nlocal = threading.local()\nlocal.x = 1\ndef look(): print(hasattr(local, "x"), threading.current_thread().name)\nt = threading.Thread(target=look, name="w")\nt.start()\nt.join()\nprint(local.x, threading.current_thread() is threading.main_thread())',
      'False w\n1 True\n',
    ],
    [
      'asyncio.run with sleep, gather and a queue',
      'import asyncio\nasync def produce(q):\n    for i in range(2):\n        await q.put(i)\n        await asyncio.sleep(30)\n    await q.put(None)\nasync def consume(q):\n    while (x := await q.get()) is not None: print(x)\nasync def main():\n    q = asyncio.Queue()\n    await asyncio.gather(consume(q), produce(q))\n    try: await asyncio.wait_for(asyncio.sleep(100), 1)\n    except TimeoutError: print("late")\n    print(await asyncio.to_thread(abs, -1))\nasyncio.run(main())',
      '0\n1\nlate\n1\n',
    ],
    [
      'a loop of asyncio of its own',
      'import asyncio\nloop = asyncio.get_event_loop()\nprint(loop.run_until_complete(asyncio.sleep(1, "x")))',
      'x\n',
    ],
    [
      'the size of its input',
      'import io, os\nprint(sum(map(int, io.BytesIO(os.read(0, os.fstat(0).st_size)).read().split())))',
      '7\n',
    ],
    [
      'its input from the start again',
      'import sys\ninput()\nsys.stdin.seek(0)\nprint(sys.stdin.read(), end="")',
      '3 4\n',
    ],
    ['its input by the name of the file', 'print(sum(map(int, open("/dev/stdin").read().split())))', '7\n'],
    ['a byte order mark', `${bom}print(1)`, '1\n'],
    [
      'random bytes',
      'import os, uuid, secrets\nprint(len(os.urandom(5)), len(str(uuid.uuid4())), uuid.uuid4() != uuid.uuid4(), secrets.randbelow(1))',
      '5 36 True 0\n',
    ],
    ['a main part', 'if __name__ == "__main__": print(sum(map(int, input().split())))', '7\n'],
    [
      'sys.maxsize for infinity',
      'import sys\nfrom functools import lru_cache\n@lru_cache(maxsize=sys.maxsize)\ndef f(n): return min(n, sys.maxsize)\nprint(f(10 ** 18), f(10 ** 19) == 2 ** 63 - 1)',
      '1000000000000000000 True\n',
    ],
    [
      'arrays of long integers',
      'import array\nfrom array import array as make\na = make("l", [2 ** 40]) * 2\na.append(-1)\nprint(sum(a), a.itemsize, isinstance(a[1:], array.array), make("L", [2 ** 63])[0], make("i", [1]), make("d"))\nclass Own(array.array): pass\nprint(isinstance(Own("i", [1]), array.array), isinstance(a, Own))',
      "2199023255551 8 True 9223372036854775808 array('i', [1]) array('d')\nTrue False\n",
    ],
    [
      'a larger stack',
      'import resource, sys\nresource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\nsys.setrecursionlimit(10 ** 6)\nprint(resource.getrlimit(resource.RLIMIT_STACK)[1] == resource.RLIM_INFINITY)',
      'True\n',
    ],
    [
      'output that is flushed by its end',
      'class D:\n    def __del__(self): print("gone")\nd = D()\nout = open(1, "w", closefd=False)\nprint("end", flush=True)\nout.write("flushed ")',
      'end\nflushed gone\n',
    ],
    [
      'a look at its clocks',
      'import resource, time\nbegan = time.process_time(), time.perf_counter(), time.monotonic_ns()\nwhile time.process_time() < began[0] + 0.01: pass\nprint(0 <= began[0] < 1, time.process_time_ns() > 0, time.thread_time() > 0, resource.getrusage(resource.RUSAGE_SELF).ru_utime > 0)',
      'True True True True\n',
    ],
    [
      'a look at its own source',
      'import inspect, traceback\ndef f(x):\n    return 1 / x\nprint(inspect.getsource(f), end="")\ntry: f(0)\nexcept ZeroDivisionError: print(traceback.format_exc().splitlines()[-3].strip())',
      'def f(x):\n    return 1 / x\nreturn 1 / x\n',
    ],
    [
      'a Decimal without the sign of a zero',
      'from decimal import Decimal as D\nprint(f"{D("-0.001"):z.2f} {D("-1.5"):z.1f} {D("-0.001"):*>z8.1%}")\ntry: format(D(1), "q")\nexcept ValueError as e: print(e)',
      '0.00 -1.5 ***-0.1%\ninvalid format string\n',
    ],
    [
      'its own streams after others',
      'import io, sys\nsys.stdout = io.StringIO()\nprint("lost")\nsys.stdout = sys.__stdout__\nprint(sys.__stdin__.readline(), end="")\nprint(sys.stdin.name, sys.stdout.name, sys.stderr.name)',
      '3 4\n<stdin> <stdout> <stderr>\n',
    ],
  ];
  for (const [name, source, stdout] of programs) {
    it(`runs a program with ${name}`, async () => {
      const ended = await run(source);
      assert.deepEqual([ended.verdict, ended.stdout], ['AC', stdout], JSON.stringify(ended));
    });
  }

  const refused: [name: string, source: string, words: RegExp][] = [
    [
      'alarms',
      'import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\nsignal.alarm(1)',
      /signal.alarm is not available in the sandbox/,
    ],
    [
      'threads that take turns',
      'import threading\na, b = threading.Semaphore(1), threading.Semaphore(0)\ndef turn(mine, other):\n    for i in range(3):\n        mine.acquire()\n        other.release()\nthreads = [threading.Thread(target=turn, args=p) for p in ((a, b), (b, a))]\nfor t in threads: t.start()\nfor t in threads: t.join()',
      /DeadlockError: the sandbox runs threads one after the other/,
    ],
    [
      'a lock that is held',
      'import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()',
      /DeadlockError/,
    ],
    [
      'a task that waits for nothing',
      'import asyncio\nasync def main(): await asyncio.get_running_loop().create_future()\nasyncio.run(main())',
      /DeadlockError: every task waits/,
    ],
    [
      'processes',
      'from multiprocessing import Pool\nif __name__ == "__main__":\n    with Pool(2) as pool: print(pool.map(abs, [1]))',
      /multiprocessing is not available in the sandbox/,
    ],
    [
      'endless recursion through C',
      'import sys\nsys.setrecursionlimit(10 ** 9)\ndef down(x): return sorted([x], key=down)\ndown(1)',
      /RecursionError/,
    ],
  ];
  for (const [name, source, words] of refused) {
    it(`refuses ${name} by name`, async () => {
      const ended = await run(source);
      assert.equal(ended.verdict, 'RE', JSON.stringify(ended).slice(0, 2000));
      assert.match(ended.message, words);
    });
  }

  it('reads ends of lines as they are, as CPython does on Linux', async () => {
    const ended = await run('import sys\nprint([input(), *sys.stdin])', 'a\r\nb\rc\r\n');
    assert.equal(ended.stdout, "['a\\r', 'b\\rc\\r\\n']\n");
  });

  it('asks the program how to tell of its exception', async () => {
    const ended = await run(
      'import sys\nsys.excepthook = lambda kind, e, trace: print("hook", kind.__name__, trace.tb_lineno, file=sys.stderr)\n1 / 0',
    );
    assert.deepEqual([ended.verdict, ended.stderr, ended.exitCode], ['RE', 'hook ZeroDivisionError 3\n', 1]);
  });

  it('tells of a fault in a thread on standard error, and goes on', async () => {
    const ended = await run(
      'import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()\nprint("end")',
    );
    assert.deepEqual([ended.verdict, ended.stdout], ['AC', 'end\n']);
    assert.match(ended.stderr, /^Exception in thread[^]*ZeroDivisionError/);
  });
});
