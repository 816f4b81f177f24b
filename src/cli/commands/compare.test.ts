import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { type Boundary, BoundaryError } from '../../base/errors.ts';
import type { Evaluation } from '../../protocol/records.ts';
import { parseArguments } from '../arguments.ts';
import { commands } from '../commands.ts';
import { compare as compareAction } from './compare.ts';
import { runPaths, writeEvaluation, writeRun } from '../../run/folder.ts';
import { exampleRun } from '../../view/example-records.ts';
import { examplePair, exampleResult } from '../../view/example-results.ts';

const main = resolve(import.meta.dirname, '../main.ts');
const counts = { won: 26, lost: 6, both: 150, neither: 218 };
const [first, second] = examplePair(counts);

const Output = z.object({
  sentence: z.string(),
  before: z.object({ step: z.number(), benchmark: z.string() }),
  after: z.object({ step: z.number() }),
  change: z.object({ won: z.number(), lost: z.number(), p: z.number() }),
  problems: z.array(z.object({ id: z.string(), outcome: z.string(), answers: z.unknown().optional() })),
});

describe('selfq compare', function () {
  this.timeout(60_000);
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-compare-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function file(name: string, evaluation: Evaluation | string): string {
    const path = join(dir, name);
    writeFileSync(path, typeof evaluation === 'string' ? evaluation : JSON.stringify(evaluation));
    return path;
  }

  function run(name: string, evaluations: readonly Evaluation[]): string {
    const path = join(dir, name);
    mkdirSync(runPaths(path).evals, { recursive: true });
    writeRun(path, exampleRun({ state: 'finished', id: name }));
    evaluations.forEach((evaluation) => writeEvaluation(path, evaluation));
    return path;
  }

  function compare(...args: string[]): { code: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-node-snapshot', main, 'compare', ...args], {
      encoding: 'utf8',
    });
    return { code: status, stdout, stderr };
  }

  it('says in one sentence what differs and how sure it is, lists what was won and lost, and accuracy by tag', () => {
    const { code, stdout } = compare(file('a.json', exampleResult(first)), file('b.json', exampleResult(second)));
    assert.equal(code, 0);
    assert.match(stdout, /^better: \+5\.0 points, 95 % \+2\.2 to \+7\.8$/m);
    assert.match(stdout, /26 won, 6 lost, 150 by both, 218 by neither; McNemar's exact test: p = 0\.00054/);
    assert.match(stdout, /^won-0 +WA +AC +easy, strings$/m);
    assert.match(stdout, /… and 6 more/);
    assert.match(stdout, /^strings +200 +39 % +44 % +\+5$/m);
  });

  it('shows both answers side by side, free of control sequences', () => {
    const saying = (problems: typeof first, completion: string): Evaluation => {
      const evaluation = exampleResult(problems.slice(0, 1));
      evaluation.problems.flatMap(({ answers }) => answers).forEach((answer) => (answer.completion = completion));
      return evaluation;
    };
    const before = saying(first, 'left\u001B[31m text');
    const after = saying(second, 'right text\u0007');
    const { stdout } = compare(file('a.json', before), file('b.json', after), '--answers');
    assert.match(stdout, /^A: WA +│ B: AC\nleft text +│ right text$/m);
    assert.ok(!/[\u0007\u001B]/.test(stdout));
  });

  it('compares a run before its training with what it became, and two runs on what they share', () => {
    const one = run('one', [exampleResult(first), exampleResult(second, { step: 10 }), exampleResult(first, { step: 20 })]); // prettier-ignore
    const two = run('two', [exampleResult(second, { step: 5 }), exampleResult(second, { step: 5, benchmark: 'coding' })]); // prettier-ignore
    const steps = (...args: string[]): [number, number] => {
      const { before, after } = Output.parse(JSON.parse(compare(...args, '--json').stdout));
      return [before.step, after.step];
    };
    assert.deepEqual(steps(one), [0, 20]);
    writeRun(one, exampleRun({ id: 'one', best: { step: 10, accuracy: 0.5, split: 'validation' } }));
    assert.deepEqual(steps(one), [0, 10]);
    assert.deepEqual(steps(one, '--step', '10'), [0, 10]);
    assert.deepEqual(steps(one, two), [20, 5]);
    assert.deepEqual(steps(file('base.json', exampleResult(first)), two), [0, 5]);
  });

  it('gives everything as JSON, with the answers where they are asked for', () => {
    const paths = [file('a.json', exampleResult(first)), file('b.json', exampleResult(second))];
    const brief = Output.parse(JSON.parse(compare(...paths, '--json').stdout));
    assert.deepEqual([brief.change.won, brief.change.lost, brief.problems.length], [26, 6, 400]);
    assert.equal(brief.problems[0]?.answers, undefined);
    const full = Output.parse(JSON.parse(compare(...paths, '--json', '--answers').stdout));
    assert.ok(full.problems.every(({ answers }) => answers !== undefined));
  });

  it('refuses what cannot be compared, with what to do', () => {
    const good = file('a.json', exampleResult(first));
    const refusals: [args: string[], boundary: Boundary, says: RegExp][] = [
      [[], 'usage', /Which results\?/],
      [[good], 'usage', /Compare with what\?/],
      [[good, join(dir, 'missing.json')], 'usage', /There is no file or folder .*missing\.json/],
      [[good, file('torn.json', JSON.stringify(exampleResult(second)).slice(0, 500))], 'run', /torn\.json is damaged/],
      [[good, file('other.json', exampleResult(second, { benchmark: 'coding' }))], 'usage', /functions, the second of coding/],
      [[good, file('values.json', exampleResult(second, { domain: 'algebra' }))], 'usage', /functions \(algebra\)/],
      [[good, file('none.json', exampleResult([]))], 'usage', /holds no problems/],
      [[good, good], 'usage', /a\.json was given twice/],
      [[good, file('b.json', exampleResult(second)), '--step', '3'], 'usage', /--step chooses between the evaluations of a run/],
      [[dir], 'run', /is not the folder of a run/],
      [[run('short', [exampleResult(first)])], 'usage', /no evaluation before and after .*\(it has functions after step 0\)/],
      [[run('bare', []), good], 'usage', /has no evaluation on functions/],
      [[run('one', [exampleResult(first), exampleResult(second, { step: 10 })]), '--step', '7'], 'usage', /not evaluated after step 7/],
    ]; // prettier-ignore
    const options = commands['compare']?.options ?? {};
    for (const [args, boundary, says] of refusals) {
      assert.throws(
        () => compareAction(parseArguments(args, options, 2)),
        (error) =>
          error instanceof BoundaryError &&
          error.boundary === boundary &&
          says.test(error.message) &&
          error.remedy !== '',
        String(says),
      );
    }
    const { code, stdout, stderr } = compare(good);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /Compare with what\?/);
  });
});
