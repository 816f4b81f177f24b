import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { createSandbox, type SandboxPool } from '../../src/sandbox/host/pool.ts';
import { fuzzSeconds } from '../support/fuzz.ts';
import { underNode } from '../support/under-node.ts';
import { type FuzzProgram, reading, schedule, statements } from './programs.ts';

describe('generated programs in JavaScript', function () {
  this.timeout((fuzzSeconds + 60) * 1000);
  let sandbox: SandboxPool;
  before(async () => {
    sandbox = await createSandbox({ workers: 1, canaries: 'none' });
  });
  after(async () => {
    await sandbox.close();
  });

  async function compare(name: string, seed: number, { source, stdin }: FuzzProgram): Promise<void> {
    const ours = await sandbox.run({ source, stdin, limits: { timeMs: 10_000, memoryMb: 128 } });
    let theirs = await underNode(source, stdin);
    // Under Node, callbacks may meet a timer that is far away where the machine stood still meanwhile.
    for (let more = 3; theirs.stdout !== ours.stdout && more > 0; more--) {
      theirs = await underNode(source, stdin);
    }
    const where = `${name}, seed ${seed}: ${ours.verdict} ${ours.message}`;
    // Statement by statement, so that the message names the one that differs.
    const [left, right] = [ours.stdout.split(/^#/m), theirs.stdout.split(/^#/m)];
    for (const [index, part] of right.entries()) {
      if (left[index] !== part) {
        const line = source.split('\n').find((text) => text.includes(`'#${part.split('\n')[0] ?? ''}'`));
        assert.equal(left[index], part, `${where}\n${line ?? source}\n${stdin}`);
      }
    }
    assert.equal(ours.stdout, theirs.stdout, where);
    assert.equal(ours.exitCode, theirs.exitCode, where);
  }

  const kinds: [name: string, make: (seed: number) => FuzzProgram][] = [
    ['statements', (seed) => statements(seed, 150)],
    ['schedules of callbacks', schedule],
    ['ways to read', reading],
  ];
  for (const [name, make] of kinds) {
    it(`print what they print under Node: ${name}`, async () => {
      const end = performance.now() + (fuzzSeconds * 1000) / kinds.length;
      let seed = 0;
      const worker = async (): Promise<void> => {
        do {
          seed += 1;
          await compare(name, seed, make(seed));
        } while (performance.now() < end);
      };
      await Promise.all(Array.from({ length: availableParallelism() }, worker));
    });
  }
});
