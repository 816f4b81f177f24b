import assert from 'node:assert/strict';
import {
  cpSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { resolveStored } from '../../src/config/stored.ts';
import { BoundaryError } from '../../src/base/errors.ts';
import { MetricsReader, StepReader } from '../../src/extension/run-files.ts';
import { listCheckpoints } from '../../src/run/checkpoint.ts';
import {
  makeRunFolders,
  readEvaluations,
  readLogEnd,
  readMetrics,
  readRun,
  readStep,
  recordedSteps,
  runPaths,
  truncateToStep,
  writeStep,
} from '../../src/run/folder.ts';
import { listRuns } from '../../src/run/list.ts';
import { shownState } from '../../src/run/ownership.ts';
import { exampleStep } from '../../src/view/example-records.ts';
import { runView } from '../../src/view/dashboard-model.ts';
import { runName } from '../../src/view/default-name.ts';
import { english } from '../../src/view/translate.ts';
import { exampleEvaluation, exampleMetrics, exampleRun } from '../support/run-examples.ts';
import { fuzzCases, fuzzSeconds, isRepeated, limitMemory, limitTime } from '../support/fuzz.ts';
import { draws, type Draws, mutateBytes, mutateJson } from '../support/mutations.ts';

const memoryLimitBytes = 700e6;
const links = [
  '/dev/zero',
  '/dev/null',
  '/proc/self/mem',
  '/',
  '.',
  '../../outside',
  '../../outside/steps',
  'run.json',
];

/** Records damaged and rewritten, links, endless files. */
describe('run folders of unknown origin', function () {
  this.timeout((fuzzSeconds * 2 + 60) * 1000);
  let root = '';
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'fuzz-runs-'));
    writeWhole(join(root, 'whole'));
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it('are refused by name or shown, soon, and nothing outside of them changes', async () => {
    const outside = join(root, 'outside');
    cpSync(join(root, 'whole'), outside, { recursive: true });
    const assertMemory = limitMemory(memoryLimitBytes);
    let refused = 0;
    for (const index of fuzzCases(fuzzSeconds)) {
      const name = `FUZZ_CASE=${index}`;
      const dir = join(root, 'runs', String(index));
      cpSync(join(root, 'whole'), dir, { recursive: true });
      damage(dir, draws(11, index));
      const assertTime = limitTime(name);
      refused += await use(dir, name);
      assertTime();
      assertMemory(name);
      rmSync(dir, { recursive: true });
    }
    assert.deepEqual(contents(outside), contents(join(root, 'whole')));
    assert.ok(isRepeated || refused > 10, `${refused} were refused`);
  });
});

/** Everything that is read of a run by the command line, the editor and an engine that continues it: refusals are counted. */
async function use(dir: string, name: string): Promise<number> {
  const steps = new StepReader(dir);
  const uses: (() => unknown)[] = [
    () => listRuns(join(dir, '..')),
    () => {
      const run = readRun(dir);
      const name = runName(english, run, 'en');
      runView({ dir, name, run, state: shownState(run), metrics: readMetrics(dir), evaluations: readEvaluations(dir) });
      return resolveStored(run.config);
    },
    () => readMetrics(dir),
    () => readEvaluations(dir),
    () => recordedSteps(dir).map((step) => readStep(dir, step)),
    () => steps.steps().map((step) => [steps.feed(step), steps.read(step), steps.questions(step)]),
    () => readLogEnd(dir),
    () => listCheckpoints(dir),
    () => {
      makeRunFolders(dir);
      truncateToStep(dir, 1);
    },
  ];
  let refused = 0;
  for (const act of uses) {
    try {
      await act();
    } catch (error) {
      assert.ok(error instanceof BoundaryError, `${name}: ${error instanceof Error ? error.stack : String(error)}`);
      refused++;
    }
  }
  await new MetricsReader(dir).read();
  return refused;
}

function files(dir: string): string[] {
  const { run, lock, log, metrics, steps, evals, checkpoints } = runPaths(dir);
  return [
    ...[run, run, run, lock, log, metrics, metrics, join(steps, '000001.jsonl'), join(steps, '000002.jsonl')],
    ...[join(evals, '000000-coding.json'), join(checkpoints, '000002', 'state.json')],
  ];
}

function damage(dir: string, random: Draws): void {
  for (let left = 1 + random.below(3); left > 0; left--) {
    const { steps, evals, checkpoints } = runPaths(dir);
    const path = random.pick(files(dir));
    switch (random.below(6)) {
      case 0:
        if (isInside(dir, path)) {
          rmSync(path, { recursive: true, force: true });
        }
        break;
      case 1: {
        const target = random.pick([path, path, steps, evals, checkpoints, join(checkpoints, '000002')]);
        if (isInside(dir, target)) {
          rmSync(target, { recursive: true, force: true });
          link(random.pick(links), target);
        }
        break;
      }
      case 2:
        write(dir, path, mutateBytes(read(path), random));
        break;
      default:
        write(dir, path, rewritten(read(path).toString('utf8'), random));
    }
  }
}

/** The JSON of a file, or of one of its lines, changed. */
function rewritten(text: string, random: Draws): string {
  const lines = text.trim().split(/\n(?=\{)/);
  const at = random.below(lines.length);
  try {
    lines[at] = JSON.stringify(mutateJson(JSON.parse(lines[at] ?? ''), random));
  } catch {
    lines[at] = '['.repeat(100_000);
  }
  return `${lines.join('\n')}\n`;
}

function read(path: string): Buffer {
  try {
    return lstatSync(path).isFile() ? readFileSync(path) : Buffer.alloc(64);
  } catch {
    return Buffer.alloc(64);
  }
}

/** What lies behind a link by now stays: the damage is to this folder. */
function write(dir: string, path: string, data: string | Uint8Array): void {
  try {
    if (!isInside(dir, path)) {
      return;
    }
    rmSync(path);
    writeFileSync(path, data);
  } catch {
    // Its folder has gone.
  }
}

function isInside(dir: string, path: string): boolean {
  try {
    return realpathSync(dirname(path)).startsWith(realpathSync(dir));
  } catch {
    return false;
  }
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch {
    // Its folder has gone, or this system makes no links.
  }
}

function writeWhole(dir: string): void {
  makeRunFolders(dir);
  const { run, lock, log, metrics, evals, checkpoints } = runPaths(dir);
  writeFileSync(run, JSON.stringify(exampleRun()));
  writeFileSync(lock, JSON.stringify(exampleRun().engine));
  writeFileSync(log, 'begun\nended\n');
  writeFileSync(metrics, [1, 2].map((step) => `${JSON.stringify(exampleMetrics(step))}\n`).join(''));
  [1, 2].forEach((step) =>
    writeStep(dir, step, exampleStep(step, [{ id: 'q', statement: 'Sum.', answers: ['AC', 'WA'] }])),
  );
  writeFileSync(join(evals, '000000-coding.json'), JSON.stringify(exampleEvaluation(0)));
  const checkpoint = join(checkpoints, '000002');
  cpSync(evals, checkpoint, { recursive: true });
  writeFileSync(join(checkpoint, 'state.json'), '{"step":2}');
}

function contents(dir: string): [string, string][] {
  return files(dir).map((path) => [path.slice(dir.length), readFileSync(path, 'utf8')]);
}
