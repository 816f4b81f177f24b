import assert from 'node:assert/strict';
import { createSandbox, type SandboxPool } from '../../host/pool.ts';
import { nodePrograms } from '../../../../test/support/node-programs.ts';
import { type StdinProgram, stdinPrograms } from '../../../../test/support/stdin-programs.ts';
import { type NodeRun, underNode } from '../../../../test/support/under-node.ts';

const programs: readonly StdinProgram[] = [...stdinPrograms, ...nodePrograms];

describe('programs in the sandbox', function () {
  this.timeout(120_000);
  let sandbox: SandboxPool;
  const expected = new Map<StdinProgram, Promise<NodeRun>>();

  before(async () => {
    sandbox = await createSandbox({ workers: 1, canaries: 'none' });
  });
  after(async () => {
    await sandbox.close();
  });

  it('are compared on at least a hundred', () => {
    assert.ok(programs.length >= 100, `${programs.length}`);
  });

  for (const [index, program] of programs.entries()) {
    it(`write what they write under Node: ${program.name}`, async () => {
      // Node starts slowly, so the next ones are started ahead.
      for (const ahead of programs.slice(index, index + 3)) {
        expected.set(ahead, expected.get(ahead) ?? underNode(ahead.source, ahead.stdin));
      }
      const run = await sandbox.run({ ...program, limits: { timeMs: 2000, memoryMb: 128 } });
      const wanted = await expected.get(program);
      assert.equal(run.stdout, wanted?.stdout, `${run.verdict} ${run.message} ${wanted?.stderr}`);
      assert.equal(run.exitCode, wanted?.exitCode, `${run.verdict} ${run.message} ${wanted?.stderr}`);
    });
  }

  it('give standard error and the exit code', async () => {
    const run = await sandbox.run({
      source: "console.error('oops %d', 3); console.assert(1 === 2); console.log('out'); process.exitCode = 3;",
      stdin: '',
      limits: { timeMs: 1000, memoryMb: 64 },
    });
    assert.deepEqual(
      { stdout: run.stdout, stderr: run.stderr, exitCode: run.exitCode, verdict: run.verdict },
      { stdout: 'out\n', stderr: 'oops 3\nAssertion failed\n', exitCode: 3, verdict: 'RE' },
    );
  });

  const refused: [name: string, source: string, words: RegExp][] = [
    ['a network', "require('http')", /'http': there is no network\. Read the data from standard input/],
    [
      'other processes',
      "import { spawn } from 'node:child_process';\nspawn('ls');",
      /'node:child_process': a program runs alone/,
    ],
    ['packages', "require('lodash')", /'lodash': only Node's own modules are here/],
    ['files to write', "require('fs').writeFileSync('out.txt', 'x')", /EROFS: read-only file system, open 'out\.txt'/],
    ['folders', "require('fs').readdirSync('.')", /fs\.readdirSync is not available: there are no files here/],
    ['fetch', "fetch('http://example.com')", /fetch is not available: there is no network/],
    [
      'a promise that nothing settles',
      "import 'fs';\nawait new Promise(() => {});",
      /the top-level await never settles/,
    ],
  ];
  for (const [name, source, words] of refused) {
    it(`are refused ${name} by name`, async () => {
      const run = await sandbox.run({ source, stdin: '', limits: { timeMs: 1000, memoryMb: 64 } });
      assert.equal(run.verdict, 'RE');
      assert.match(run.message, words);
    });
  }
});
