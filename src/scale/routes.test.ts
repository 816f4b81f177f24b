import assert from 'node:assert/strict';
import { resolveConfig } from '../config/resolve.ts';
import { createSandbox, type SandboxPool } from '../sandbox/host/pool.ts';
import { type SandboxServer, startServer } from '../sandbox/http/server.ts';
import { domainRoutes } from './routes.ts';

interface Reply {
  status: number;
  headers: Headers;
  json: Record<string, unknown>;
}

const arithmetic = { ...resolveConfig('quick', { domain: 'arithmetic', label: 'majority', answerForm: 'direct' }) };
const coding = { ...resolveConfig('quick', { domain: 'coding', minDistinctTests: 2 }) };

const sumOf = (words: string): string =>
  `\`\`\`js\n/**\n * Given an array of integers nums, return the sum of the numbers in it ${words}.\n */\n` +
  'function solve(nums) {\n  return nums.reduce((sum, value) => sum + value, 0);\n}\n\n' +
  'console.log(solve([1, 2]));\nconsole.log(solve([]));\nconsole.log(solve([5]));\n';

describe('domains over HTTP', function () {
  this.timeout(300_000);
  let sandbox: SandboxPool;
  let server: SandboxServer;

  before(async () => {
    sandbox = await createSandbox({ workers: 2, canaries: 'none' });
    server = await startServer({ sandbox, port: 0, maxInFlight: 40, extension: domainRoutes() });
  });
  after(async () => {
    await server.close();
    await sandbox.close();
  });

  async function ask(operation: string, body: object): Promise<Reply> {
    const response = await fetch(`${server.url}/domain/${operation}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { status, headers } = response;
    return { status, headers, json: (await response.json()) as Record<string, unknown> };
  }

  /** As a trainer does it: comes again when it is told so. */
  async function insist(
    operation: string,
    body: object,
  ): Promise<{ results: Record<string, unknown>[]; busy: number }> {
    for (let busy = 0; ; busy++) {
      const { status, headers, json } = await ask(operation, body);
      if (status === 200) {
        return { results: json['results'] as Record<string, unknown>[], busy };
      }
      assert.equal(status, 429, JSON.stringify(json));
      assert.ok(Number(headers.get('retry-after')) > 0);
      await new Promise((resolve) => setTimeout(resolve, 100 + 100 * Math.random()));
    }
  }

  it('proposes with the prompts and seeds of a step, the same every time', async () => {
    const body = { settings: arithmetic, step: 3, first: 2, count: 4 };
    const { status, json } = await ask('propose', body);
    assert.equal(status, 200);
    const groups = json['groups'] as { id: string; seed: number; prompt: { messages: unknown[]; stop: string[] } }[];
    assert.deepEqual(
      groups.map(({ id }) => id),
      ['p3.2', 'p3.3', 'p3.4', 'p3.5'],
    );
    assert.equal(new Set(groups.map(({ seed }) => seed)).size, 4);
    assert.ok(groups.every(({ prompt }) => prompt.messages.length > 0 && prompt.stop.includes('\n')));
    assert.deepEqual((await ask('propose', body)).json, json);
  });

  it('parses, verifies, asks, rewards and grades', async () => {
    const proposals = [
      { id: 'a', text: 'Problem: 12 + 30 * 2' },
      { id: 'b', text: 'Problem: what?' },
    ];
    const parsed = await insist('parse', { settings: arithmetic, proposals });
    assert.deepEqual(
      parsed.results.map(({ rejection }) => rejection === null),
      [true, false],
    );
    const { results } = await insist('verify', { settings: arithmetic, proposals });
    const question = results[0]?.['question'] as { id: string; statement: string; content: unknown };
    assert.deepEqual([question.id, question.statement], ['a', '12 + 30 * 2']);
    assert.deepEqual(
      (await insist('fingerprint', { settings: arithmetic, questions: [question] })).results[0]?.['fingerprint'],
      results[0]?.['fingerprint'],
    );
    const solved = await insist('solve', { settings: arithmetic, step: 1, first: 0, questions: [question] });
    const forms = solved.results[0]?.['forms'] as { groupId: string; prompt: { prefill: string } }[];
    assert.deepEqual([forms.length, forms[0]?.groupId, forms[0]?.prompt.prefill], [1, 'a', '<answer>']);
    const items = [{ question, answers: [['72', '72', '84', 'x']] }];
    const [rewarded] = (await insist('reward', { settings: arithmetic, items })).results;
    assert.deepEqual(
      (rewarded?.['grades'] as { mark: string }[][]).map((form) => form.map(({ mark }) => mark)),
      [['right', 'right', 'wrong', 'unparsable']],
    );
    const graded = await insist('grade', { settings: arithmetic, items: [{ question, answers: ['72', '84'] }] });
    assert.deepEqual(
      (graded.results[0]?.['grades'] as { mark: string }[]).map(({ mark }) => mark),
      ['right', 'wrong'],
    );
  });

  it('names what is wrong with a request', async () => {
    const question = { id: 'q', statement: 's', content: { problem: 1 } };
    const faults: [string, object, RegExp][] = [
      ['reward', { items: [] }, /settings/],
      ['reward', { settings: { domain: 'coding' }, items: [] }, /items/],
      ['reward', { settings: { domain: 'cooking' }, items: [{ question, answers: [['x']] }] }, /no domain "cooking"/],
      ['reward', { settings: { domain: 'coding', sead: 1 }, items: [{ question, answers: [['x']] }] }, /"sead"/],
      ['reward', { settings: coding, items: [{ question, answers: [['x']] }] }, /content of the question q.*problem/],
      ['verify', { settings: { domain: 'user', domainFolder: '/' }, proposals: [{ id: 'a', text: '' }] }, /./],
      ['verify', { settings: { ...coding, safetyGuard: 'judge' }, proposals: [{ id: 'a', text: '' }] }, /base model/],
      ['verify', { settings: coding, proposals: [{ id: 'a' }] }, /proposals\.0\.text/],
    ];
    for (const [operation, body, words] of faults) {
      const { status, json } = await ask(operation, body);
      assert.equal(status, 422);
      assert.match(String(json['error']), words);
    }
    assert.equal((await ask('dream', {})).status, 404);
    const { results } = await insist('verify', {
      settings: arithmetic,
      proposals: [{ id: 'a', text: 'Problem: 7 + 8' }],
    });
    const wrong = await ask('reward', {
      settings: arithmetic,
      items: [{ question: results[0]?.['question'], answers: [['15'], ['15']] }],
    });
    assert.match(String(wrong.json['error']), /has 1 forms, and answers to 2 came/);
  });

  it('answers 64 clients of mixed domains: some are told to come again, and nothing is lost', async () => {
    const verified = await insist('verify', { settings: coding, proposals: [{ id: 'c', text: sumOf('of it') }] });
    const problem = verified.results[0]?.['question'];
    assert.ok(problem, JSON.stringify(verified.results));
    const answer = (body: string): string => `\`\`\`js\nfunction solve(nums) {\n  ${body}\n}\n\`\`\``;
    // As much as may be in flight, and busy for a while: the others have to come again.
    const slow = answer('let x = 0; for (let i = 0; i < 5e7; i++) x += i % 7; return x;');
    const filling = insist('reward', {
      settings: coding,
      items: [{ question: problem, answers: [[slow, slow, slow, slow, ...Array.from({ length: 36 }, () => '')]] }],
    });
    const metricsNow = async () => (await fetch(`${server.url}/metrics`)).text();
    while (!(await metricsNow()).includes('selfq_programs_in_flight 40\n')) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const clients = Array.from({ length: 64 }, async (_, client) => {
      if (client % 2 === 0) {
        const items = [
          {
            question: problem,
            answers: [[answer('let s = 0; for (const x of nums) s += x; return s;'), answer('return 5;')]],
          },
        ];
        const { results, busy } = await insist('reward', { settings: coding, items });
        const marks = (results[0]?.['grades'] as { mark: string }[][]).flat().map(({ mark }) => mark);
        assert.deepEqual(marks, ['right', 'partial'], String(client));
        return busy;
      }
      const proposals = Array.from({ length: 8 }, (_unused, index) => ({
        id: `${client}.${index}`,
        text: `Problem: ${client} + ${10 + index} * 3`,
      }));
      const { results, busy } = await insist('verify', { settings: arithmetic, proposals });
      assert.deepEqual(
        results.map(({ id, question }) => [id, (question as { statement: string }).statement]),
        proposals.map(({ id, text }) => [id, text.slice('Problem: '.length)]),
      );
      return busy;
    });
    const busy = (await Promise.all(clients)).reduce((sum, count) => sum + count, 0);
    assert.equal((await filling).results.length, 1);
    assert.ok(busy > 0, 'a limit of 40 in flight is met by 64 clients');
    const metrics = await metricsNow();
    assert.match(metrics, /selfq_domain_items_total\{operation="reward",domain="coding"\} 104/);
    assert.match(metrics, /selfq_requests_total\{path="\/domain\/reward",status="429"\} \d+/);
  });
});
