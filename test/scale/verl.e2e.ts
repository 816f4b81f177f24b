// Two gloo ranks of verl on this machine, with a tiny model that writes real exercises: `npm test -- scale`.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findCheckpoint } from '../../src/run/checkpoint.ts';
import { readMetrics, readRun, readStep } from '../../src/run/folder.ts';
import { readCheckpoint } from '../../src/runtime/training/checkpoint.ts';
import { readModelConfig } from '../../src/model/open.ts';
import { recompute } from '../support/recompute.ts';
import { writeWritingModel } from '../support/writing-model.ts';

const root = resolve(import.meta.dirname, '..', '..');
const cli = join(root, 'dist', 'cli.js');
const python = process.env['SELFQ_SCALE_PYTHON'] ?? 'python3';
const settings = {
  ...{ maxPromptTokens: 2048, maxProposalTokens: 16, maxAnswerTokens: 16, proposerPrompts: 4 },
  ...{ steps: 3, proposerUpdateEvery: 2, loraRank: 4, loraAlpha: 8, oldLogprobs: 'trainer', beta: 0.001 },
  // Of its few exercises most do the same as an earlier one and are asked nevertheless; some are near-duplicates, so that
  // proposals of one group are rewarded differently and the proposer is trained, too.
  ...{ learningRate: 0.01, temperature: 1, nearDuplicate: 0.7, behaviourDuplicates: 'off' },
};

describe('self-play on verl, two ranks on this machine', function () {
  this.timeout(1_800_000);
  const dir = mkdtempSync(join(tmpdir(), 'selfq-scale-'));
  const model = join(dir, 'model');
  const run = join(dir, 'run');
  const config = join(dir, 'sqlm.yaml');
  let port: number;
  let server: ChildProcess;

  before(async () => {
    await writeWritingModel(model);
    port = await freePort();
    server = await serve(port);
    const set = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    const options = ['--model', model, '--server', `http://127.0.0.1:${port}`, '--run-dir', run, '--out', config];
    selfq('scale', 'export-config', '--preset', 'quick', ...options, ...set);
  });
  after(() => {
    server.kill();
    rmSync(dir, { recursive: true, force: true });
  });

  it('grades through the server as the golden vectors say, and makes a step of canned completions', () => {
    const scale = join(root, 'scale', 'verl');
    const env = {
      ...process.env,
      PYTHONPATH: scale,
      SELFQ_SERVER: `http://127.0.0.1:${port}`,
      SELFQ_RUN: join(dir, 'canned'),
    };
    const args = ['-m', 'pytest', '-q', join(scale, 'tests', 'test_step.py')];
    const { status, stdout } = spawnSync(python, args, { cwd: scale, env, encoding: 'utf8' });
    assert.equal(status, 0, stdout);
    assert.match(stdout, /7 passed/);
    assert.match(selfq('status', join(dir, 'canned')), /finished, step 1 of 1/);
  });

  it('makes steps while the server is killed and restarted, until a killed rank ends the run', async () => {
    const started = Date.now();
    const training = train(config, dir);
    await until(() => metricsOf(run) >= 1, training);
    server.kill('SIGKILL');
    await once(server, 'close');
    await sleep(3000);
    server = await serve(port);
    await until(() => checkpointOf(run) >= 2, training);
    const [rank = assert.fail('there is no rank')] = ranksOf(training.pid ?? 0);
    process.kill(rank, 'SIGKILL');
    assert.notEqual(await exitCode(training), 0, 'a rank is missing');
    const { state, step, error } = readRun(run);
    assert.deepEqual([state, step], ['failed', 2], logEnd(dir));
    assert.match(error?.remedy ?? '', /same command/);
    console.log(`      ${((Date.now() - started) / 1000).toFixed(0)} s`);
  });

  it('continues by the same command after the last checkpoint, to the end', async () => {
    const started = Date.now();
    assert.equal(await exitCode(train(config, dir)), 0, logEnd(dir));
    assert.match(readFileSync(join(run, 'engine.log'), 'utf8'), /begins after step 2 with \d+ questions/);
    assert.equal(readRun(run).restarts, 1);
    console.log(`      ${((Date.now() - started) / 1000).toFixed(0)} s`);
  });

  it('leaves a run folder that says what happened', () => {
    const record = readRun(run);
    assert.deepEqual([record.state, record.step, record.steps], ['finished', 3, 3]);
    const metrics = readMetrics(run);
    assert.deepEqual(
      metrics.map(({ step, proposals }) => [step, proposals]),
      [1, 2, 3].map((step) => [step, 16]),
    );
    assert.ok(metrics.every(({ valid, solver }) => valid > 0 && (solver.reward ?? 0) > 0 && solver.grad_norm !== null));
    const updates = [1, 2, 3].map((step) => readStep(run, step, ['update']).map(({ role }) => role));
    assert.deepEqual(updates, [['solver'], ['solver', 'proposer'], ['solver']]);
    // The reference is the model without adapter: after the restart the adapter of before is trained on.
    assert.ok(metrics.slice(1).every(({ solver }) => (solver.kl ?? 0) > 1e-6));
    assert.match(selfq('status', run), /finished, step 3 of 3/);
  });

  it('has the rewards, advantages and losses that another program computes from its records', () => {
    const { config: values } = readRun(run);
    for (const step of [1, 2, 3]) {
      const texts = readStep(run, step, ['answer', 'proposal', 'tokens']);
      // Of the step's first update, at which the policy is still that of the old logprobs.
      const updates = readStep(run, step, ['update']).filter(({ role }) => role === 'solver');
      const atUpdate = updates.map((update) => ({
        ...update,
        sequences: update.sequences.map((sequence) => ({ ...sequence, logprobs: sequence.oldLogprobs })),
      }));
      const { rewards, advantages, losses } = recompute([...texts, ...atUpdate], values);
      assert.ok(rewards.count > 8 && rewards.worst < 1e-12, JSON.stringify(rewards));
      assert.ok(advantages.count > 8 && advantages.worst < 1e-9, JSON.stringify(advantages));
      assert.ok(losses.count === 1 && losses.worst < 1e-3, JSON.stringify(losses));
    }
  });

  it('has an adapter that this program and PEFT load', async () => {
    const last = findCheckpoint(run);
    assert.equal(last.step, 3);
    const { adapter } = await readCheckpoint(last.dir, await readModelConfig(model));
    assert.ok(
      adapter.pairs.some(({ b }) => b.some((value) => value !== 0)),
      'it was trained',
    );
    const evaluation = JSON.parse(
      selfq('eval', '--adapter', run, '--benchmark', 'coding', '--limit', '2', '--json'),
    ) as { step: number; total: number };
    assert.deepEqual([evaluation.step, evaluation.total], [3, 2]);
    const program =
      'import sys; from peft import PeftModel; from transformers import AutoModelForCausalLM as M\n' +
      'm = PeftModel.from_pretrained(M.from_pretrained(sys.argv[1]), sys.argv[2])\n' +
      'c = m.peft_config["default"]; print(c.base_model_name_or_path, c.r)\n' +
      'print(sum(float(p.abs().sum()) for n, p in m.named_parameters() if "lora_B" in n) > 0)';
    const said = execFileSync(python, ['-c', program, model, last.dir], { encoding: 'utf8' });
    assert.deepEqual(said.trim().split('\n'), [`${model} 4`, 'True']);
  });

  function train(file: string, folder: string, ...overrides: string[]): ChildProcess {
    const log = openSync(join(folder, 'trial.log'), 'a');
    const env = { ...process.env, PYTHON: python, RAY_PORT: '6399', PYTHONPATH: join(root, 'scale', 'verl') };
    const script = join(root, 'scale', 'verl', 'trial.sh');
    return spawn('bash', [script, file, ...overrides], { cwd: folder, env, stdio: ['ignore', log, log] });
  }

  async function serve(at: number): Promise<ChildProcess> {
    const args = ['--no-node-snapshot', cli, 'serve', '--port', String(at), '--workers', '1', '--json'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return child;
  }
});

function selfq(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-node-snapshot', cli, ...args], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

function metricsOf(run: string): number {
  try {
    return readMetrics(run).length;
  } catch {
    return 0;
  }
}

/** Step of the latest adapter that is complete. */
function checkpointOf(run: string): number {
  try {
    return findCheckpoint(run).step;
  } catch {
    return 0;
  }
}

/** Processes of verl's ranks below a process; Ray gives them their names. */
function ranksOf(ancestor: number): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const processes = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)?.slice(1) ?? []);
  const parents = new Map(processes.map(([pid, parent]) => [Number(pid), Number(parent)]));
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (pid === ancestor || isBelow(parents.get(pid)));
  const named = processes.filter(([, , args = '']) => args.startsWith('ray::WorkerDict'));
  return named.map(([pid]) => Number(pid)).filter(isBelow);
}

async function until(holds: () => boolean, training: ChildProcess): Promise<void> {
  while (!holds()) {
    assert.equal(training.exitCode, null, 'the training ended early');
    await sleep(200);
  }
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) {
    await once(child, 'close');
  }
  return child.exitCode;
}

function logEnd(dir: string): string {
  return readFileSync(join(dir, 'trial.log'), 'utf8').slice(-4000);
}

async function freePort(): Promise<number> {
  const listening = createServer().listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const address = listening.address();
  listening.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
