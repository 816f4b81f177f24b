import assert from 'node:assert/strict';
import { Script } from 'node:vm';
import type { Problem } from '../../protocol/problem.ts';
import { solutionFolder, solutionTemplate } from './template.ts';

const problem: Problem = {
  ...{ id: 'p', kind: 'function', entry: 'solve', limits: { timeMs: 1000, memoryMb: 64 } },
  statement: 'Compute a */ b.\nEnd with **/ or */.',
  tests: [{ input: [1, '*/'], output: '*/' }],
  tags: [],
  source: '',
};

describe('a file to solve a problem in', () => {
  it('lies in another folder for each run, though ids repeat in every run', () => {
    const place = { step: 1, id: 'p1.0.2' };
    assert.notEqual(solutionFolder({ ...place, dir: '/runs/a' }), solutionFolder({ ...place, dir: '/runs/b' }));
    assert.equal(solutionFolder({ ...place, dir: '/runs/a' }), solutionFolder({ ...place, dir: '/runs/a' }));
    assert.match(solutionFolder({ ...place, dir: '/runs/a' }), /^1-p1_0_2-[0-9a-f]{8}$/);
  });

  it('parses whatever the statement and the examples say', () => {
    const source = solutionTemplate(problem, 'javascript');
    assert.doesNotThrow(() => new Script(source), source);
    assert.match(source, /function solve\(arg0, arg1\)/);
  });
});
