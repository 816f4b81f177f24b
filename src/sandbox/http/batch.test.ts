import assert from 'node:assert/strict';
import { judgeBatch, judgeOne, type BatchResult } from './batch.ts';
import { functionProblem, honest } from '../../../test/support/problems.ts';
import { createSandbox, type SandboxPool } from '../host/pool.ts';

const job = (solution: string): string => JSON.stringify({ problem: functionProblem(), solution });

async function* chunksOf(text: string, size: number): AsyncGenerator<Buffer> {
  const data = Buffer.from(text);
  for (let start = 0; start < data.length; start += size) {
    yield Promise.resolve(data.subarray(start, start + size));
  }
}

function summary(result: BatchResult): string {
  return 'result' in result ? `${result.line} ${result.result.verdict}` : `${result.line} error`;
}

describe('batch judging', function () {
  this.timeout(60_000);
  let sandbox: SandboxPool;
  before(async () => {
    sandbox = await createSandbox({ workers: 2, canaries: 'none' });
  });
  after(async () => {
    await sandbox.close();
  });

  it('answers in the order of the input although slow programs come first', async () => {
    const lines = [
      job('function solve() { for (;;); }'),
      job(honest),
      job('function solve() { return 6; }'),
      job(honest),
    ];
    const seen: string[] = [];
    for await (const result of judgeBatch(sandbox, chunksOf(lines.join('\n'), 7))) {
      seen.push(summary(result));
    }
    assert.deepEqual(seen, ['1 TLE', '2 AC', '3 WA', '4 AC']);
  });

  it('gives torn and wrong lines an error with their number and goes on', async () => {
    const lines = [
      job(honest),
      '{"problem": {"id"',
      '',
      '{"problem":1}',
      JSON.stringify({ problem: functionProblem(), solution: 3 }),
      job(honest),
    ];
    const results: BatchResult[] = [];
    for await (const result of judgeBatch(sandbox, chunksOf(`${lines.join('\r\n')}\r\n`, 100))) {
      results.push(result);
    }
    assert.deepEqual(results.map(summary), ['1 AC', '2 error', '4 error', '5 error', '6 AC']);
    const fault = results[3];
    assert.ok(fault !== undefined && 'error' in fault && /Line 5.*solution/.test(fault.error), JSON.stringify(fault));
  });

  it('goes on after a value that is nested too deep, and after a solution that forges its result', async () => {
    const deep = job(honest).replace('"output":6', `"output":${'['.repeat(3000)}${']'.repeat(3000)}`);
    const forger = JSON.stringify({
      problem: functionProblem(),
      solution: "import json; json.dumps = lambda *a, **k: 'x'\ndef solve(a): return 'x'",
      language: 'python',
    });
    const lines = [`\ufeff${job(honest)}`, deep, '['.repeat(1_000_000), forger, job(honest)];
    const seen: string[] = [];
    for await (const result of judgeBatch(sandbox, chunksOf(lines.join('\n'), 65_536))) {
      seen.push(summary(result));
    }
    assert.deepEqual(seen, ['1 AC', '2 error', '3 error', '4 WA', '5 AC']);
  });

  it('reads no further ahead than it is told, however long the input is', async () => {
    let made = 0;
    async function* endless(): AsyncGenerator<string> {
      for (;;) {
        made += 1;
        yield Promise.resolve(`${job(honest)}\n`);
      }
    }
    let taken = 0;
    for await (const result of judgeBatch(sandbox, endless(), { ahead: 8 })) {
      assert.equal(summary(result), `${taken + 1} AC`);
      taken += 1;
      assert.ok(made <= taken + 9, `${made} made, ${taken} taken`);
      if (taken === 50) {
        break;
      }
    }
  });

  it('names the field that breaks the schema', async () => {
    const problem = { ...functionProblem(), limits: { timeMs: 0, memoryMb: 64 } };
    await assert.rejects(judgeOne(sandbox, { problem, solution: honest }), /problem\.limits\.timeMs/);
  });
});
