import assert from 'node:assert/strict';
import { get } from 'node:http';
import { functionProblem, honest } from '../../../test/support/problems.ts';
import { createSandbox, type SandboxPool } from '../host/pool.ts';
import { type SandboxServer, startServer } from './server.ts';

describe('judge server', function () {
  this.timeout(120_000);
  let sandbox: SandboxPool;
  let server: SandboxServer;

  before(async () => {
    sandbox = await createSandbox({ workers: 2, canaries: 'none' });
    server = await startServer({ sandbox, port: 0, maxBodyBytes: 10_000, maxInFlight: 4 });
  });
  after(async () => {
    await server.close();
    await sandbox.close();
  });

  async function post(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; json: Record<string, unknown>; headers: Headers }> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: text,
    });
    return {
      status: response.status,
      json: (await response.json()) as Record<string, unknown>,
      headers: response.headers,
    };
  }

  const runs: [name: string, request: Record<string, unknown>, expected: unknown][] = [
    [
      'a program that ends well',
      { code: "console.log(require('fs').readFileSync(0, 'utf8') * 2)", stdin: '21' },
      ['Success', null, 'Finished', 0, '42\n'],
    ],
    ['a program without input', { code: "console.log('x')", stdin: null }, ['Success', null, 'Finished', 0, 'x\n']],
    [
      'TypeScript',
      { code: 'const a: number = 4; console.log(a);', language: 'typescript' },
      ['Success', null, 'Finished', 0, '4\n'],
    ],
    ['an exception', { code: "console.log(1); throw new Error('no')" }, ['Failed', null, 'Finished', 1, '1\n']],
    ['an exit code', { code: 'process.exit(3)' }, ['Failed', null, 'Finished', 3, '']],
    ['an endless loop', { code: 'for (;;);', run_timeout: 0.1 }, ['Failed', null, 'TimeLimitExceeded', null, '']],
    ['a syntax error', { code: 'const' }, ['Failed', null, 'Finished', 1, '']],
    [
      'the short name of a language',
      { code: 'console.log(1)', language: 'js' },
      ['Success', null, 'Finished', 0, '1\n'],
    ],
    [
      'what a program wrote before it was cut off',
      { code: 'console.log("x"); for (;;);', run_timeout: 0.3 },
      ['Failed', null, 'TimeLimitExceeded', null, 'x\n'],
    ],
    [
      'what a Python program wrote before it was cut off',
      { code: 'print("x")\nwhile True: pass', run_timeout: 4, language: 'python' },
      ['Failed', null, 'TimeLimitExceeded', null, 'x\n'],
    ],
    [
      'a program that wants too much memory',
      { code: 'console.log(1); const a = []; for (;;) a.push(new Array(1000).fill(1));', memory_limit_MB: 16 },
      ['Failed', null, 'Finished', 137, ''],
    ],
    [
      'Python',
      { code: 'print(int(input()) * 2)', stdin: '21', language: 'python' },
      ['Success', null, 'Finished', 0, '42\n'],
    ],
    [
      'an exception in Python',
      { code: 'print(1)\nassert 1 == 2', language: 'python' },
      ['Failed', null, 'Finished', 1, '1\n'],
    ],
    ['a syntax error in Python', { code: 'int a = 1', language: 'python' }, ['Failed', null, 'Finished', 1, '']],
    ['files', { code: '1', files: { 'a.txt': 'eA==' } }, ['SandboxError', null, undefined, undefined, undefined]],
  ];
  for (const [name, request, expected] of runs) {
    it(`answers /run_code for ${name} in Sandbox Fusion's shape`, async () => {
      const defaults = {
        compile_timeout: 5,
        run_timeout: 5,
        memory_limit_MB: 128,
        language: 'nodejs',
        files: {},
        fetch_files: [],
      };
      const { status, json } = await post('/run_code', { ...defaults, ...request });
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(json).sort(), [
        'compile_result',
        'executor_pod_name',
        'files',
        'message',
        'run_result',
        'status',
      ]);
      const run = json['run_result'] as Record<string, unknown> | null;
      const compile = json['compile_result'] as Record<string, unknown> | null;
      assert.deepEqual(
        [json['status'], compile?.['status'] ?? null, run?.['status'], run?.['return_code'], run?.['stdout']],
        expected,
      );
    });
  }

  it("answers what verl's client sends, byte for byte", async () => {
    // json.dumps of call_sandbox_api (verl 0.9): blanks after separators, text in ASCII, null where there is no input.
    const requests: [body: string, expected: unknown][] = [
      [
        '{"compile_timeout": 10, "run_timeout": 10, "code": "console.log(\\"\\u00e9\\")\\n\\n", "stdin": null, ' +
          '"memory_limit_MB": 1024, "language": "nodejs", "files": {}, "fetch_files": []}',
        ['Success', 'Finished', 0, 'é\n'],
      ],
      [
        '{"compile_timeout": 2, "run_timeout": 2, "code": "import sys\\nprint(sum(map(int, sys.stdin)))\\n\\nassert True", ' +
          '"stdin": "1\\n2", "memory_limit_MB": 256, "language": "python", "files": {}, "fetch_files": []}',
        ['Success', 'Finished', 0, '3\n'],
      ],
    ];
    for (const [body, expected] of requests) {
      const { status, json } = await post('/run_code', body, { accept: 'application/json' });
      const run = json['run_result'] as Record<string, unknown> | null;
      assert.equal(status, 200);
      assert.deepEqual([json['status'], run?.['status'], run?.['return_code'], run?.['stdout']], expected);
    }
  });

  it('judges one job, and several in order', async () => {
    const problem = functionProblem();
    const one = await post('/judge', { problem, solution: honest });
    assert.equal(one.json['verdict'], 'AC');
    const two = await post('/judge', {
      jobs: [
        { problem, solution: 'function solve() {}' },
        { problem, solution: honest },
      ],
    });
    assert.deepEqual(
      (two.json['results'] as { verdict: string }[]).map((result) => result.verdict),
      ['WA', 'AC'],
    );
  });

  it('says what does not parse on standard error, and no message beside it', async () => {
    for (const [code, language] of [
      ['int a = 1', 'python'],
      ['const', 'nodejs'],
    ]) {
      const { json } = await post('/run_code', { code, language });
      const run = json['run_result'] as Record<string, unknown>;
      assert.match(String(run['stderr']), /SyntaxError/);
      assert.equal(json['message'], '');
    }
  });

  it('gives each job of a request its own result, whatever the others do', async () => {
    const problem = functionProblem({ tests: [{ input: [1], output: 1 }] });
    const crash = "import json; json.dumps = lambda *a, **k: 'x'\ndef solve(a): return 'x'";
    const { status, json } = await post('/judge', {
      jobs: [
        { problem, solution: crash, language: 'python' },
        { problem, solution: 'function solve(a) { return a; }' },
      ],
    });
    assert.equal(status, 200);
    const verdicts = (json['results'] as { verdict: string }[]).map(({ verdict }) => verdict);
    assert.deepEqual(verdicts, ['WA', 'AC']);
  });

  it('keeps the digits of numbers between request and Python', async () => {
    const job = { problem: functionProblem(), solution: 'def solve(n): return n % 10', language: 'python' };
    const tests = '[{"input":[9007199254740993],"output":3},{"input":[12.0],"output":2.0}]';
    const body = JSON.stringify({ ...job, problem: { ...job.problem, tests: [] } }).replace(
      '"tests":[]',
      `"tests":${tests}`,
    );
    assert.equal((await post('/judge', body)).json['verdict'], 'AC');
  });

  it('refuses what is nested too deep, and a body that is not JSON, by name', async () => {
    const deep = '['.repeat(3000) + ']'.repeat(3000);
    const body = JSON.stringify({ problem: functionProblem(), solution: honest }).replace(
      '"output":6',
      `"output":${deep}`,
    );
    const refused = await post('/judge', body);
    assert.equal(refused.status, 422);
    assert.match(String(refused.json['error']), /output: .*500 levels/);
    for (const path of ['/judge', '/run_code']) {
      const torn = await post(path, 'hello');
      assert.deepEqual([torn.status, torn.json], [422, { error: 'The body is not JSON.' }]);
    }
  });

  it('judges TypeScript as ever after sources that its compiler cannot take', async () => {
    const deep = `const add = (a: number) => ${'('.repeat(1000)}a${')'.repeat(1000)}; console.log(add(1));`;
    const hopeless = deep.replaceAll(/\(+a\)+/g, `${'('.repeat(20_000)}a${')'.repeat(20_000)}`);
    const typed = { code: 'const a: number = 4; console.log(a);', language: 'typescript' };
    const large = await startServer({ sandbox, port: 0 });
    const ask = async (code: string): Promise<unknown> => {
      const response = await fetch(`${large.url}/run_code`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...typed, code }),
      });
      return ((await response.json()) as { status: string }).status;
    };
    for (let round = 0; round < 3; round += 1) {
      assert.equal(await ask(deep), 'Success');
      assert.equal(await ask(hopeless), 'Failed');
      assert.equal(await ask(typed.code), 'Success');
    }
    await large.close();
  });

  it('answers to the names of its own machine alone, and no page of another site', async () => {
    const ask = (headers: Record<string, string>): Promise<number> =>
      new Promise((resolve, reject) => {
        // fetch sets these by itself.
        get(`${server.url}/healthz`, { headers }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        }).on('error', reject);
      });
    assert.equal(await ask({ host: 'evil.com' }), 403);
    assert.equal(await ask({ host: `evil.com:${server.port}` }), 403);
    assert.equal(await ask({ host: 'localhost:1234' }), 200);
    assert.equal(await ask({ host: '[::1]:1234' }), 200);
    assert.equal(await ask({ origin: 'http://evil.com' }), 403);
    assert.equal(await ask({ origin: 'null' }), 403);
    assert.equal(await ask({ origin: server.url }), 200);
  });

  it('stops programs whose client has left, and lets the others in', async () => {
    const many = await startServer({ sandbox, port: 0 });
    const leaving = new AbortController();
    const loops = Array.from({ length: 20 }, () =>
      fetch(`${many.url}/run_code`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code: 'for (;;);', language: 'nodejs', run_timeout: 30 }),
        signal: leaving.signal,
      }).catch(() => undefined),
    );
    const inFlight = async (): Promise<number> => {
      const text = await (await fetch(`${many.url}/metrics`)).text();
      return Number(/^selfq_programs_in_flight (\d+)$/m.exec(text)?.[1]);
    };
    while ((await inFlight()) < 20);
    leaving.abort();
    await Promise.all(loops);
    const started = performance.now();
    const honestRun = await post('/run_code', { code: 'console.log(1)', language: 'nodejs' });
    assert.equal(honestRun.json['status'], 'Success');
    assert.ok(performance.now() - started < 20_000, 'it waited for loops that nobody waits for');
    while ((await inFlight()) > 0);
    await many.close();
  });

  it('says which ports there are', async () => {
    await assert.rejects(startServer({ sandbox, port: 99_999 }), /There is no port 99999/);
  });

  it('refuses what is wrong, too large, of another type, or unknown', async () => {
    const wrong = await post('/judge', { jobs: [{ problem: { ...functionProblem(), entry: 'a b' }, solution: '' }] });
    assert.equal(wrong.status, 422);
    assert.match(String(wrong.json['error']), /jobs\.0\.problem\.entry/);
    assert.equal((await post('/judge', '{"torn')).status, 422);
    assert.equal((await post('/run_code', { code: '1', language: 'cobol' })).status, 422);
    assert.equal((await post('/run_code', { code: 'x'.repeat(20_000), language: 'nodejs' })).status, 413);
    assert.equal((await post('/run_code', '{}', { 'content-type': 'text/plain' })).status, 415);
    assert.equal((await fetch(`${server.url}/other`)).status, 404);
  });

  it('says 429 and when to come again if too much is in flight', async () => {
    const slow = { code: 'for (;;);', language: 'nodejs', run_timeout: 0.1 };
    const answers = await Promise.all(Array.from({ length: 8 }, () => post('/run_code', slow)));
    const refused = answers.filter(({ status }) => status === 429);
    assert.equal(refused.length, 4);
    assert.equal(refused[0]?.headers.get('retry-after'), '1');
  });

  it('tells its health and its metrics', async () => {
    const health = (await (await fetch(`${server.url}/healthz`)).json()) as Record<string, unknown>;
    assert.equal(health['status'], 'ok');
    const text = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(text, /^selfq_verdicts_total\{verdict="AC"\} \d+$/m);
    assert.match(text, /^selfq_sandbox_programs_total \d+$/m);
  });

  it('wants a token on any address but loopback, and checks it', async () => {
    await assert.rejects(startServer({ sandbox, port: 0, host: '0.0.0.0' }), /token/);
    const guarded = await startServer({ sandbox, port: 0, token: 'secret' });
    const ask = (headers: Record<string, string>): Promise<Response> => fetch(`${guarded.url}/metrics`, { headers });
    assert.equal((await ask({})).status, 401);
    assert.equal((await ask({ authorization: 'Bearer wrong' })).status, 401);
    assert.equal((await ask({ authorization: 'Bearer secret' })).status, 200);
    await guarded.close();
  });

  it('finishes what is in flight when it stops', async () => {
    const other = await startServer({ sandbox, port: 0 });
    const answer = fetch(`${other.url}/judge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ problem: functionProblem(), solution: 'function solve() { for (;;); }' }),
    });
    for (let text = ''; !/^selfq_programs_in_flight 1$/m.test(text);) {
      text = await (await fetch(`${other.url}/metrics`)).text();
    }
    const [response] = await Promise.all([answer, other.close(100_000)]);
    assert.equal(((await response.json()) as Record<string, unknown>)['verdict'], 'TLE');
    await assert.rejects(fetch(`${other.url}/healthz`));
  });

  it('says which port is taken', async () => {
    await assert.rejects(startServer({ sandbox, port: server.port }), new RegExp(`Port ${server.port}`));
  });
});
