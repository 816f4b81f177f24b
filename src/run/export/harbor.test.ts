import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleRun } from '../../../test/support/run-examples.ts';
import { functionProblem, honest, programProblem } from '../../../test/support/problems.ts';
import type { Problem } from '../../protocol/problem.ts';
import { makeRunFolders, writeRun, writeStep } from '../folder.ts';
import { exportHarbor } from './harbor.ts';

describe('export of problems as Harbor tasks', () => {
  let dir: string;
  let out: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'harbor-'));
    out = join(dir, 'harbor');
    makeRunFolders(dir);
    writeRun(dir, exampleRun());
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function asked(id: string, content: object): void {
    const question = { type: 'question' as const, id, statement: 'Sum.', content, prompts: [], solveRate: 0.5 };
    writeStep(dir, 1, [question]);
  }

  function problem(given: Problem, reference?: string): string {
    asked('p1_0/2', { problem: given, reference });
    assert.equal(exportHarbor(dir, out), 1);
    return join(out, 'step-1-p1_0-2');
  }

  /** What tests/check.cjs prints of a solution. */
  function reward(task: string, solution: string): number {
    const file = join(dir, 'solution.js');
    writeFileSync(file, solution);
    const { stdout } = spawnSync(process.execPath, [join(task, 'tests', 'check.cjs'), file], { encoding: 'utf8' });
    return Number(stdout.trim() || NaN);
  }

  it('has the files of a task, of which the solution gets the whole reward', () => {
    const task = problem(functionProblem(), honest);
    assert.deepEqual(readdirSync(task).sort(), ['environment', 'instruction.md', 'solution', 'task.toml', 'tests']);
    assert.match(readFileSync(join(task, 'instruction.md'), 'utf8'), /`solve\(arg0\)`.*\/app\/solution\.js/);
    assert.match(readFileSync(join(task, 'task.toml'), 'utf8'), /^step = 1\nsolve_rate = 0\.5$/m);
    const solve = readFileSync(join(task, 'solution', 'solve.sh'), 'utf8');
    assert.ok(solve.includes(honest));
    assert.ok((statSync(join(task, 'tests', 'test.sh')).mode & 0o100) !== 0 || process.platform === 'win32');
    assert.equal(reward(task, honest), 1);
  });

  it('rewards a function by the share of tests that it passes, whatever it prints', () => {
    const task = problem(functionProblem());
    assert.equal(reward(task, 'function solve(a) { console.log("result"); return a.length ? 6 : 1; }'), 2 / 3);
    assert.equal(reward(task, 'function solve() {'), 0);
    assert.equal(reward(task, 'function solve() { for (;;); }'), 0);
    assert.ok(!existsSync(join(task, 'solution')));
  });

  it('compares the output of a program by its tokens', () => {
    const task = problem(programProblem());
    const program = "const [, ...n] = require('fs').readFileSync(0, 'utf8').trim().split(/\\s+/).map(Number);";
    assert.equal(reward(task, `${program} console.log(' ' + n.reduce((a, b) => a + b))`), 1);
    assert.equal(reward(task, 'console.log(6)'), 0.5);
  });

  it('compares as the problem says: order, letters, tolerance, a checker', () => {
    const list = (compare: Problem['compare']) =>
      problem(functionProblem({ compare, tests: [{ input: [], output: ['b', 'a', 0.5] }] }));
    const answer = 'function solve() { return [0.5001, "A", "b"]; }';
    assert.equal(reward(list({ mode: 'unordered', tolerance: 0.01 }), answer), 0);
    assert.equal(reward(list({ mode: 'unordered', tolerance: 0.01 }), answer.replace('A', 'a')), 1);
    const checker = 'function check(input, actual) { return actual.length === 3; }';
    assert.equal(reward(list({ checker }), answer), 1);
  });

  it('says so where a run has no programming problems', () => {
    asked('d1.0', { expression: '1 + 1' });
    assert.throws(() => exportHarbor(dir, out), /no programming problems/);
  });
});
