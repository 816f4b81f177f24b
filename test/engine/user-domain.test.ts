import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEvaluations, readMetrics, readRun, readStep } from '../../src/run/folder.ts';
import { createWorkplace, selfq, type Workplace } from '../support/whole-program.ts';

/** A domain in which whatever the tiny model writes is a question or an answer. */
const source = `import type { Domain } from './selfq-domain.js';

interface Question { text: string }

export const domain: Domain<Question> = {
  name: 'echo',
  propose: (variant) => 'Write something, number ' + variant,
  parse: (text) => (text.trim() === '' ? { rejected: 'It is empty.' } : { text: text.trim().slice(0, 100) }),
  statement: ({ text }) => 'Say: ' + text,
  ask: ({ text }) => 'Say: ' + text,
  reward: (question, answers) => answers.map((answer) => (answer.length % 5) / 4),
  grade: ({ text }, answer) => (answer.includes(text) ? 1 : 0),
  settings: { maxProposalTokens: 16, maxAnswerTokens: 16 },
};
`;

describe("a run of a user's own domain", function () {
  this.timeout(240_000);
  let place: Workplace;
  let dir: string;
  let file: string;

  before(async () => {
    place = await createWorkplace();
    dir = join(place.dir, 'runs', 'echo');
    await ok('domain', 'init', 'echo', '--dir', 'mine');
    file = join(place.dir, 'mine', 'domain.ts');
    writeFileSync(file, source);
    writeFileSync(
      join(place.dir, 'mine', 'questions.jsonl'),
      Array.from({ length: 12 }, (_, n) => JSON.stringify({ question: { text: `word ${n}` } })).join('\n'),
    );
    writeFileSync(join(place.dir, 'mine', 'tests.jsonl'), '{"proposal": "a", "question": {"text": "a"}}\n');
  });
  after(() => place.remove());

  async function ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await selfq(place, args).finished;
    assert.equal(code, 0, stderr + stdout);
    return stdout;
  }
  async function fails(code: number, ...args: string[]): Promise<string> {
    const finished = await selfq(place, args).finished;
    assert.equal(finished.code, code, finished.stderr);
    return finished.stderr;
  }

  it('is checked, made, recorded and evaluated from the folder alone', async () => {
    assert.match(await ok('domain', 'check', './mine'), /echo can be used: selfq run --domain \.\/mine/);
    assert.match(await ok('domain', 'list'), /\.\/mine/);
    const options = place.options({ steps: 2 });
    await ok('run', '--domain', './mine', '--out', dir, '--json', ...options);
    const { config, state } = readRun(dir);
    assert.deepEqual([state, config['domain'], config['domainName']], ['finished', 'user', 'echo']);
    assert.equal(config['domainFolder'], join(place.dir, 'mine'));
    assert.match(String(config['domainHash']), /^[0-9a-f]{64}$/);
    const metrics = readMetrics(dir);
    assert.equal(metrics.length, 2);
    assert.ok(
      metrics.every(({ valid, marks }) => valid > 0 && (marks?.['partial'] ?? 0) + (marks?.['wrong'] ?? 0) > 0),
    );
    const evaluations = readEvaluations(dir);
    assert.ok(evaluations.length > 0);
    assert.ok(evaluations.every(({ domain, benchmark }) => domain === 'echo' && benchmark === 'questions'));
    const question = readStep(dir, 1).find((line) => line.type === 'question');
    assert.match(question?.statement ?? '', /^Say: /);
    assert.match(await ok('status'), /echo\s+finished\s+2\/2/);
  });

  it('is evaluated by `selfq eval` on its own questions, with and without what was trained', async () => {
    const out = JSON.parse(
      await ok('eval', '--domain', './mine', '--model', place.model, '--limit', '3', '--json'),
    ) as {
      domain: string;
      total: number;
    };
    assert.deepEqual([out.domain, out.total], ['echo', 3]);
    const trained = JSON.parse(await ok('eval', '--adapter', dir, '--limit', '3', '--json')) as { step: number };
    assert.equal(trained.step, 2);
  });

  it('is taken from node_modules by the name of its package', async () => {
    const packaged = join(place.dir, 'node_modules', 'my-echo');
    mkdirSync(packaged, { recursive: true });
    cpSync(join(place.dir, 'mine'), packaged, { recursive: true });
    assert.match(await ok('domain', 'show', 'my-echo'), /node_modules\/my-echo/);
    assert.match(await fails(2, 'run', '--domain', 'my-ecko', ...place.options()), /no package of that name/);
  });

  it('is not continued with a changed file, unless that is said', async () => {
    const before = readFileSync(file, 'utf8');
    appendFileSync(file, '// changed\n');
    const refused = await fails(1, 'resume', dir, '--steps', '3', '--json');
    assert.match(refused, /The domain has changed since this run began: .*mine\/domain\.ts/);
    assert.match(refused, /--changed-domain/);
    assert.equal(readRun(dir).state, 'finished');
    const hash = readRun(dir).config['domainHash'];
    await ok('resume', dir, '--steps', '3', '--changed-domain', '--json');
    assert.equal(readRun(dir).state, 'finished');
    assert.equal(readMetrics(dir).length, 3);
    assert.notEqual(readRun(dir).config['domainHash'], hash);
    assert.match(readFileSync(join(dir, 'engine.log'), 'utf8'), /the domain echo has changed after step 2/);
    writeFileSync(file, before);
  });

  it('that fails at everything ends with the function and the input, and the engine ends in order', async () => {
    writeFileSync(file, source.replace('(answer.length % 5) / 4', 'NaN'));
    const other = join(place.dir, 'runs', 'broken');
    const options = ['--out', other, '--json', ...place.options({ steps: 2, evalEvery: 0, testQuestions: 1 })];
    await fails(1, 'run', '--domain', './mine', ...options);
    const { state, error } = readRun(other);
    assert.equal(state, 'failed');
    assert.match(error?.message ?? '', /The domain echo failed in reward\(question, answers\): it returned/);
    assert.match(error?.remedy ?? '', /Mend reward in .*mine\/domain\.ts/);
    writeFileSync(file, 'export const domain = { for');
    assert.match(await fails(2, 'run', '--domain', './mine', ...options), /domain\.ts cannot be used/);
    writeFileSync(file, source);
  });
});
