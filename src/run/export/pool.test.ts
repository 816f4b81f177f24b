import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleRun } from '../../../test/support/run-examples.ts';
import { functionProblem } from '../../../test/support/problems.ts';
import { parseJson } from '../../protocol/json.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Answer } from '../../protocol/records.ts';
import { makeRunFolders, writeRun, writeStep } from '../folder.ts';
import { exportPool } from './pool.ts';

describe('export of problems to train on again', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-pool-'));
    file = join(dir, 'pool.jsonl');
    makeRunFolders(dir);
    writeRun(dir, exampleRun());
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** A step whose questions have answers with these marks. */
  function record(step: number, questions: Record<string, Answer['mark'][]>, content?: object): void {
    const lines = Object.entries(questions).flatMap(([id, marks]) => [
      { ...{ type: 'question' as const, id, statement: 'Sum.', prompts: [] }, content: content ?? { problem: functionProblem() } },
      ...marks.map((mark, index): Answer => ({
        ...{ type: 'answer', id: `${id}.${index}`, groupId: id, questionId: id, form: 0, text: '', answer: '' },
        ...{ tokens: 1, finishReason: 'stop', advantage: 0, mark },
      })),
    ]); // prettier-ignore
    writeStep(dir, step, lines);
  }

  it('takes those that some answers solved and others did not, under names of their own', () => {
    record(1, { easy: ['right', 'right'], hard: ['wrong', 'partial'], apt: ['right', 'unparsable'] });
    record(2, { apt: ['wrong', 'right'], fault: ['right', 'masked'] });
    assert.deepEqual(exportPool(dir, file), { questions: 2, asked: 5 });
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const problems = lines.map((line) => Problem.parse(parseJson(line)));
    assert.deepEqual(problems, [functionProblem({ id: 'step-1-apt' }), functionProblem({ id: 'step-2-apt' })]);
  });

  it('says where there is none, and why', () => {
    record(1, { easy: ['right', 'right'] });
    assert.throws(() => exportPool(dir, file), /None of the 1 problems of this run was solved by some answers/);
    record(1, { sum: ['right', 'wrong'] }, { expression: '1 + 2' });
    assert.throws(() => exportPool(dir, file), /This run has no programming problems/);
  });
});
