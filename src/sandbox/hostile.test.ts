import assert from 'node:assert/strict';
import { functionProblem, honest } from '../../test/support/problems.ts';
import { hostilePrograms } from '../../test/support/hostile-programs.ts';
import { type PeakWatch, watchPeak } from './host/platform.ts';
import { createSandbox, type SandboxPool } from './host/pool.ts';

/** Honest programs get a limit that a busy machine does not turn into a verdict. */
const honestProblem = functionProblem({ limits: { timeMs: 500, memoryMb: 32 } });

describe('hostile programs', function () {
  this.timeout(60_000);
  let sandbox: SandboxPool;
  let memory: PeakWatch;

  before(async () => {
    sandbox = await createSandbox({ workers: 1 });
    memory = watchPeak(() => sandbox.workerPids());
  });
  after(async () => {
    memory.stop();
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
    const peakMb = memory.peakMb() ?? 0;
    assert.ok(peakMb > 0 && peakMb < 1024, `${peakMb} MiB`);
  });
});
