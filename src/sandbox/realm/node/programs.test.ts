import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSandbox, type SandboxPool } from '../../host/pool.ts';
import { type StdinProgram, stdinPrograms } from '../../../../test/support/stdin-programs.ts';

/** Standard output under real Node. A source with `import` is run as an ES module. */
function underNode(program: StdinProgram): Promise<string> {
  const type = /^import /.test(program.source) ? ['--input-type=module'] : ['--input-type=commonjs'];
  return new Promise((resolve, reject) => {
    const script = type[0] === '--input-type=commonjs' ? commonJsRunner(program.source) : program.source;
    // Through cat, so that standard input is a pipe that /dev/stdin can open, as under a judge.
    const command = 'cat | "$0" "$@"';
    const stdio: ['pipe', 'pipe', 'ignore'] = ['pipe', 'pipe', 'ignore'];
    const child = spawn('/bin/sh', ['-c', command, process.execPath, ...type, '-e', script], { stdio });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', () => {
      resolve(text);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(program.stdin);
  });
}

/** `-e` is no module: the source is compiled as Node compiles a file, with a module of its own as the main one. */
function commonJsRunner(source: string): string {
  return [
    "const Module = require('module');",
    "const main = new Module('/solution.js', null);",
    'process.mainModule = main;',
    "process.argv = ['node', '/solution.js'];",
    'const own = Object.assign((id) => require(id), { main });',
    "const run = require('vm').compileFunction(" +
      JSON.stringify(source) +
      ", ['exports', 'require', 'module'], { filename: '/solution.js' });",
    'run.call(main.exports, main.exports, own, main);',
  ].join('\n');
}

describe('standard input and output of programs', function () {
  this.timeout(120_000);
  let sandbox: SandboxPool;
  const expected = new Map<StdinProgram, Promise<string>>();

  before(async () => {
    sandbox = await createSandbox({ workers: 1, canaries: 'none' });
  });
  after(async () => {
    await sandbox.close();
  });

  it('is compared on at least sixty programs', () => {
    assert.ok(stdinPrograms.length >= 60, `${stdinPrograms.length}`);
  });

  for (const [index, program] of stdinPrograms.entries()) {
    it(`is the same as Node's for ${program.name}`, async () => {
      // Node starts slowly, so the next ones are started ahead.
      for (const ahead of stdinPrograms.slice(index, index + 3)) {
        expected.set(ahead, expected.get(ahead) ?? underNode(ahead));
      }
      const run = await sandbox.run({ ...program, limits: { timeMs: 2000, memoryMb: 128 } });
      assert.equal(run.stdout, await expected.get(program), `${run.verdict} ${run.message}`);
    });
  }

  it('gives standard error and the exit code', async () => {
    const run = await sandbox.run({
      source: "console.error('oops %d', 3); console.log('out'); process.exitCode = 3;",
      stdin: '',
      limits: { timeMs: 1000, memoryMb: 64 },
    });
    assert.deepEqual(
      { stdout: run.stdout, stderr: run.stderr, exitCode: run.exitCode, verdict: run.verdict },
      { stdout: 'out\n', stderr: 'oops 3\n', exitCode: 3, verdict: 'RE' },
    );
  });
});
