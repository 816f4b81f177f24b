import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundaryError } from '../../base/errors.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { isRejection } from '../domain.ts';
import { checkDomain } from './check.ts';
import { findDomainFolder } from './folder.ts';
import { openUserDomain } from './user.ts';

/** A domain of the number that follows another one, whose members a test replaces or adds to. */
const members: Readonly<Record<string, string>> = {
  name: `'successor'`,
  propose: `(variant) => 'Write a number below ' + (variant + 10)`,
  parse: `(text) => /^\\d+$/.test(text) ? { n: Number(text) } : { rejected: 'It is no number.' }`,
  statement: `({ n }) => 'What follows ' + n + '?'`,
  ask: `({ n }) => ({ system: 'Count.', user: n + ' is followed by', prefill: '=' })`,
  value: `(question, answer) => /\\d+/.exec(answer)?.[0] ?? null`,
  truth: `({ n }) => n + 1`,
};

describe("a user's own domain", function () {
  this.timeout(180_000);
  let dir: string;
  let sandbox: Sandbox;
  let folders = 0;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-domain-'));
    sandbox = await createSandbox({ workers: 1, canaries: 'none' });
  });
  after(async () => {
    await sandbox.close();
    rmSync(dir, { recursive: true, force: true });
  });

  function folderOf(source: string, files: Readonly<Record<string, string>> = {}): string {
    const folder = join(dir, String(++folders));
    mkdirSync(folder);
    for (const [name, text] of Object.entries({ 'domain.ts': source, ...files })) {
      writeFileSync(join(folder, name), text);
    }
    return folder;
  }
  const sourceOf = (changed: Readonly<Record<string, string | undefined>> = {}): string => {
    const all = Object.entries({ ...members, ...changed }).filter(([, text]) => text !== undefined);
    return `interface Q { n: number }\nexport const domain = {\n${all.map(([name, text]) => `  ${name}: ${text},`).join('\n')}\n};\n`;
  };
  const open = async (changed: Readonly<Record<string, string | undefined>> = {}) => {
    const options = { domainFolder: folderOf(sourceOf(changed)), domainHash: '', topic: 'small', safetyGuard: 'words' };
    return openUserDomain({ ...options, safetyGuard: 'words' }, () => Promise.resolve(sandbox));
  };
  const refusal = async (opening: Promise<unknown>): Promise<BoundaryError> => {
    const error: unknown = await opening.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof BoundaryError, String(error));
    return error;
  };
  const verify = async ({ domain }: Awaited<ReturnType<typeof open>>, ...drafts: string[]) =>
    domain.proposer.verify(drafts.map((draft, index) => ({ id: `p${index}`, draft })));

  it('asks, reads, and elects the majority of values with JSON in and out', async () => {
    const opened = await open({ tags: `() => ['easy']`, proposalStop: `['\\n']` });
    const { domain, row } = opened;
    assert.deepEqual([row.name, row.rewardedBy, domain.proposer.stop], ['successor', 'majority', ['\n']]);
    assert.deepEqual(domain.proposer.prompt(256 + 3), {
      messages: [{ role: 'user', content: 'Write a number below 13' }],
    });
    const [question, none] = await verify(opened, '41', 'many');
    assert.ok(question && !isRejection(question) && none && isRejection(none));
    assert.deepEqual([none.reason, none.detail], ['malformed', 'It is no number.']);
    assert.equal(question.statement, 'What follows 41?');
    assert.deepEqual(domain.solver.prompts(question)[0]?.prefill, '=');
    assert.deepEqual(domain.tags?.(question), ['easy']);
    // What the record holds is enough to ask and to grade again.
    assert.deepEqual(domain.content.parse(JSON.parse(JSON.stringify(question.content))), question.content);
    const { grades, label } = await domain.reward(question, [['=42', '= 42', '=43', '=?']]);
    assert.deepEqual(
      grades[0]?.map(({ mark, reward }) => [mark, reward]),
      [
        ['right', 1],
        ['right', 1],
        ['wrong', 0],
        ['unparsable', 0],
      ],
    );
    assert.deepEqual(label, { value: '42', majorityRatio: 0.5, correct: true });
    const grade = await domain.grade(question, '= 43');
    assert.deepEqual(grade, { mark: 'wrong', reward: 0, answer: '43', detail: { kind: 'value', expected: '42' } });
  });

  it('may reward answers itself, and grade them', async () => {
    const opened = await open({
      reward: `(question, answers) => answers.map((answer, i) => answer === '?' ? null : i / (answers.length - 1))`,
      grade: `({ n }, answer) => answer === String(n + 1) ? 1 : 0.25`,
    });
    const [question] = await verify(opened, '1');
    assert.ok(question && !isRejection(question));
    const { grades, label } = await opened.domain.reward(question, [['a', 'b', 'c', '?', 'd']]);
    assert.deepEqual(
      grades[0]?.map(({ mark, reward }) => [mark, reward]),
      [
        ['wrong', 0],
        ['partial', 0.25],
        ['partial', 0.5],
        ['unparsable', 0],
        ['right', 1],
      ],
    );
    assert.equal(label, undefined);
    assert.equal((await opened.domain.grade(question, '3'))?.reward, 0.25);
  });

  it('reads questions of files, and says which one it cannot use', async () => {
    const { domain } = await open();
    const rows = [
      domain.read({ question: { n: 7 }, answer: 8, id: 'seven' }, 'a'),
      domain.read({ question: { n: 1 } }, 'b'),
    ];
    const questions = await domain.prepare?.(rows);
    assert.deepEqual(
      questions?.map(({ id, statement, content }) => [id, statement, content.truth]),
      [
        ['seven', 'What follows 7?', '8'],
        ['b', 'What follows 1?', '2'],
      ],
    );
    assert.throws(() => domain.read({ answer: 1 }, 'c'), /question/);
    const wrong = domain.prepare?.([domain.read({ question: { n: 7 }, answer: 9 }, 'c')]) ?? Promise.resolve();
    assert.match((await refusal(wrong)).message, /question c has the answer "9", and the domain's truth is "8"/);
    const broken = domain.prepare?.([domain.read({ question: [null] }, 'd')]) ?? Promise.resolve();
    assert.match((await refusal(broken)).message, /question d cannot be used.*truth\(question\)/);
  });

  // Each kind of failure: at one input of several, and what is said of it.
  const failures: Readonly<Record<string, [body: string, says: RegExp]>> = {
    throws: [`throw new TypeError('no such thing')`, /it failed with .*no such thing/],
    'never ends': [`for (;;);`, /did not end within 1000 ms/],
    'waits for ever': [`return new Promise(() => undefined)`, /it failed with/],
    'fills the memory': [`const all = []; for (;;) all.push(new Array(1e5).fill(0.5))`, /memory/],
    'returns nothing': [`return undefined`, /not JSON data/],
    'returns a function': [`return () => 1`, /not JSON data|returned/],
    'returns a huge text': [`return 'x'.repeat(5e6)`, /more than the sandbox passes on/],
    'returns a long text': [`return 'x'.repeat(5000)`, /returned "xxx.*Expected: .*200 characters/],
    'returns an object': [`return { value: 1 }`, /returned \{"value":1\}/],
    'returns NaN': [`return NaN`, /not JSON data|returned null/],
    'reads a file': [`return require('node:fs').readFileSync('/etc/passwd', 'utf8')`, /it failed with/],
    'ends the process': [`process.kill(process.pid); process.exit(1)`, /it failed with|not JSON/],
  };
  for (const [what, [body, says]] of Object.entries(failures)) {
    it(`that ${what} at one answer has that answer masked, and no other`, async () => {
      const value = `(question, answer) => { if (answer === 'bad') { ${body} } return answer; }`;
      const opened = await open({ value });
      const [question] = await verify(opened, '5');
      assert.ok(question && !isRejection(question));
      const { grades, label } = await opened.domain.reward(question, [['6', 'bad', '6', '7']]);
      const [first, bad, second, third] = grades[0] ?? [];
      assert.deepEqual(
        [first, bad, second, third].map((grade) => [grade?.mark, grade?.reward]),
        [
          ['right', 1],
          ['masked', undefined],
          ['right', 1],
          ['wrong', 0],
        ],
      );
      assert.equal(label?.value, '6');
      const note = bad?.detail?.kind === 'note' ? bad.detail.text : '';
      assert.match(note, says);
      assert.match(
        note,
        /The domain successor failed in value\(question, answer\): .*called with \(\{"n":5\}, "bad"\)/,
      );
      assert.match(note, /Expected: a number or a text/);
    });
  }

  it('that returns rewards of a wrong number, out of range or of another type has all its answers masked', async () => {
    for (const rewards of ['[1]', '[1, 2]', '[-0.1, 1]', `['1', 0]`, '[NaN, 0]', '"11"', 'undefined']) {
      const opened = await open({ reward: `() => (${rewards})` });
      const [question] = await verify(opened, '5');
      assert.ok(question && !isRejection(question));
      const { grades } = await opened.domain.reward(question, [['a', 'b']]);
      assert.deepEqual(
        grades[0]?.map(({ mark }) => mark),
        ['masked', 'masked'],
        rewards,
      );
      const [detail] = grades.flat().map((grade) => grade.detail);
      assert.match(detail?.kind === 'note' ? detail.text : '', /Expected: 2 numbers from 0 to 1/);
    }
  });

  it('that fails at one proposal rejects that one alone, and the model is not blamed by its words', async () => {
    const parse = `(text) => { if (text === 'x') for (;;); if (text === 'y') return null; return { n: Number(text) }; }`;
    const results = await verify(await open({ parse }), '1', 'x', '2', 'y', '3');
    assert.deepEqual(
      results.map((result) => (isRejection(result) ? result.reason : result.statement)),
      ['What follows 1?', 'domain_fault', 'What follows 2?', 'domain_fault', 'What follows 3?'],
    );
  });

  it('that fails again and again ends what uses it, with the function, the input and what was expected', async () => {
    const opened = await open({ parse: `(text) => text.toUpperCase().nothing.here` });
    const error = await refusal(verify(opened, ...Array.from({ length: 10 }, (_, index) => String(index))));
    assert.match(
      error.message,
      /failed in parse\(proposal\): it failed with .*\("0"\)\. Expected: a question .* 7 calls after it/,
    );
    assert.match(error.remedy, /Mend parse in .*domain\.ts/);
  });

  it('is refused at once where its file is no domain', async () => {
    const openSource = (source: string) =>
      openUserDomain({ domainFolder: folderOf(source), domainHash: '', topic: '', safetyGuard: 'words' }, () =>
        Promise.resolve(sandbox),
      );
    const table: [string, RegExp][] = [
      ['export const other = 1;', /no `export const domain/],
      ['export const domain = {', /cannot be used: it failed with/],
      [
        'import { readFileSync } from "node:fs"; export const domain = { a: readFileSync("/etc/passwd") };',
        /cannot be used/,
      ],
      ['import { a } from "../elsewhere.ts"; export const domain = { a };', /cannot be used.*elsewhere/],
      ['for (;;); export const domain = {};', /did not end/],
      ['export const domain = { name: "A b" };', /domain\.name/],
      ['export const domain = { name: "x", settings: { seed: "1" } };', /domain\.settings/],
      ['export const domain = { name: "x", parse() {} };', /no propose, no statement, no ask/],
      [sourceOf({ value: undefined }), /nothing in it judges answers/],
      [
        sourceOf({ propose: '(variant) => variant === 200 ? 5 : "ask"' }),
        /propose\(variant, topic\): it returned 5.*200/,
      ],
    ];
    for (const [source, message] of table) {
      assert.match((await refusal(openSource(source))).message, message);
    }
  });

  it('of a folder from elsewhere is refused where a file is a link or too large', async () => {
    const outside = join(dir, 'outside.ts');
    writeFileSync(outside, sourceOf());
    const linked = join(dir, 'linked');
    mkdirSync(linked);
    symlinkSync(outside, join(linked, 'domain.ts'));
    const options = { domainHash: '', topic: '', safetyGuard: 'words' } as const;
    const openFolder = (domainFolder: string) =>
      openUserDomain({ ...options, domainFolder }, () => Promise.resolve(sandbox));
    assert.match((await refusal(openFolder(linked))).message, /is a link/);
    const large = folderOf(`${sourceOf()}//${'x'.repeat(300_000)}`);
    assert.match((await refusal(openFolder(large))).message, /has 30\d+ bytes/);
    const data = folderOf(sourceOf());
    symlinkSync(outside, join(data, 'questions.jsonl'));
    assert.match((await refusal(openFolder(data))).message, /questions\.jsonl is a link/);
    assert.match((await refusal(openFolder(join(dir, 'nowhere')))).message, /is gone/);
  });

  it('is found by the path of its folder or as a package, and by nothing else', () => {
    const packaged = join(dir, 'node_modules', '@me', 'words');
    mkdirSync(packaged, { recursive: true });
    const folder = folderOf(sourceOf());
    assert.equal(findDomainFolder(`./${folders}`, dir), folder);
    assert.equal(findDomainFolder('@me/words', dir), packaged);
    assert.throws(() => findDomainFolder('@me/../../x', dir), /no domain "@me\/\.\.\/\.\.\/x"/);
    assert.throws(() => findDomainFolder('./nowhere', dir), /There is no folder/);
    assert.throws(() => findDomainFolder(String(folders), dir), { remedy: `Did you mean the folder ./${folders}?` });
  });

  it('is not the domain of a run whose file was another one', async () => {
    const folder = folderOf(sourceOf());
    const error = await refusal(
      openUserDomain({ domainFolder: folder, domainHash: 'ab'.repeat(32), topic: '', safetyGuard: 'words' }, () =>
        Promise.resolve(sandbox),
      ),
    );
    assert.match(error.message, /has changed since this run began: .*domain\.ts is another file now/);
  });

  it('is checked against its own tests, its questions and strange texts', async () => {
    const files = {
      'questions.jsonl': '{"question": {"n": 3}, "answer": 4}\n',
      'tests.jsonl': [
        { proposal: '12', question: { n: 12 } },
        { proposal: 'x', rejected: true },
        { question: { n: 1 }, statement: 'What follows 1?' },
        { question: { n: 1 }, answer: '=2', value: '2' },
        { question: { n: 1 }, answer: '=2', grade: 1 },
        { question: { n: 1 }, answers: ['2', '2', '3'], rewards: [1, 1, 0] },
      ]
        .map((row) => JSON.stringify(row))
        .join('\n'),
    };
    const check = async (source: string, changed: Readonly<Record<string, string>> = {}) => {
      const { lines } = await checkDomain(folderOf(source, { ...files, ...changed }), () => Promise.resolve(sandbox));
      return lines.filter(({ ok }) => !ok).map(({ text }) => text);
    };
    assert.deepEqual(await check(sourceOf()), []);
    const wrong = await check(sourceOf({ value: `(question, answer) => answer.split('=')[1].trim()` }));
    assert.match(wrong.join('\n'), /tests\.jsonl, line 6: .*failed in value/);
    assert.match(wrong.join('\n'), /failed in value.*So did the 7 calls after it/);
    const tests = await check(sourceOf(), {
      'tests.jsonl': '{"proposal": "12", "question": {"n": 13}}\n{"what": 1}\n',
    });
    assert.match(tests[0] ?? '', /line 1: parse is \{"n":12\}, and should be \{"n":13\}/);
    assert.match(tests[1] ?? '', /line 2: it is no test/);
    const alien = folderOf(sourceOf({ value: `() => 'a'`, truth: `() => 'a'` }), {
      'questions.jsonl': '{"question": {"m": 3}}\n',
    });
    const { lines } = await checkDomain(alien, () => Promise.resolve(sandbox));
    assert.match(lines.map(({ text }) => text).join('\n'), /questions\/1 is asked as "What follows undefined\?"/);
    const unanswered = await check(sourceOf({ truth: undefined }), { 'questions.jsonl': '{"question": {"n": 3}}\n' });
    assert.match(unanswered.join('\n'), /1 without an answer/);
  });
});
