import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { functionProblem, honest } from './fixtures.ts';
import { hostilePrograms } from './hostile.ts';
import { createSandbox, type SandboxPool } from './pool.ts';

/** Honest programs get a limit that a busy machine does not turn into a verdict. */
const honestProblem = functionProblem({ limits: { timeMs: 500, memoryMb: 32 } });

/** Highest resident memory of a process so far, MiB. */
function peakRssMb(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

describe('hostile programs', function () {
  this.timeout(60_000);
  let sandbox: SandboxPool;
  let peakMb = 0;
  let pollPeak: NodeJS.Timeout;

  before(async () => {
    sandbox = await createSandbox({ workers: 1 });
    pollPeak = setInterval(() => {
      peakMb = Math.max(peakMb, ...sandbox.workerPids().map(peakRssMb));
    }, 20);
  });
  after(async () => {
    clearInterval(pollPeak);
    await sandbox.close();
  });

  it('are at least eighty and reach every class', () => {
    assert.ok(hostilePrograms.length >= 80);
    assert.equal(new Set(hostilePrograms.map((program) => program.abuse)).size, 6);
  });

  for (const { abuse, name, source, verdicts, timeMs } of hostilePrograms) {
    it(`${abuse}: ${name} gets ${verdicts.join(' or ')}, then clean`, async () => {
      const problem = functionProblem({ limits: { timeMs, memoryMb: 32 } });
      const [result, next] = await Promise.all([
        sandbox.judge({ problem, source }),
        sandbox.judge({ problem: honestProblem, source: honest }),
      ]);
      assert.ok(verdicts.includes(result.verdict), `${result.verdict}: ${JSON.stringify(result).slice(0, 500)}`);
      assert.equal(next.verdict, 'AC', JSON.stringify(next).slice(0, 500));
      // CPU time, because the machine may be busy.
      const longest = Math.max(...result.tests.map((test) => test.timeMs ?? 0));
      assert.ok(longest <= timeMs + 1500, `${longest} ms for a limit of ${timeMs} ms`);
    });
  }

  it('never took a worker over a gigabyte', function () {
    if (process.platform !== 'linux') {
      this.skip();
    }
    assert.ok(peakMb > 0 && peakMb < 1024, `${peakMb} MiB`);
  });
});
