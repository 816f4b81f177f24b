import assert from 'node:assert/strict';
import type { Candidate, Seed } from '../../protocol/seed.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { isRejection } from '../domain.ts';
import { heldOutQuestions } from './held-out-questions.ts';
import { isHeldOut, splitByFile } from './held-out.ts';
import { openingOf, statementIn, statementPrompt, variationPrompt } from './prompts.ts';
import { tryFunction } from './trial.ts';
import { drawSeed, workspaceDomain, type WorkspaceOptions } from './workspace.ts';

const options: WorkspaceOptions = {
  ...{ topic: '', minDistinctTests: 3, maxTests: 8, multiplyTests: 0, statementShare: 0.5 },
  ...({ testsMode: 'executed', behaviourDuplicates: 'reject', safetyGuard: 'words' } as const),
};

const candidate = (source: string, guesses: Candidate['guesses']): Candidate => ({
  ...{ file: 'src/a.ts', line: 3, name: /(?:function|const) (\w+)/.exec(source)?.[1] ?? '', source, doc: '' },
  parameters: guesses[0]?.map((_, index) => 'xyz'.charAt(index)) ?? [],
  guesses,
  literals: { strings: [], numbers: [] },
});
const integer = { kind: 'integer' } as const;
const string = { kind: 'string' } as const;
const integers = { kind: 'array', of: integer } as const;

describe('functions that are tried', function () {
  this.timeout(180_000);
  let sandbox: Sandbox;
  before(async () => (sandbox = await createSandbox({ workers: 1 })));
  after(() => sandbox.close());

  const outcome = async (source: string, guesses: Candidate['guesses'] = [[integer]]): Promise<string> => {
    const result = await tryFunction(candidate(source, guesses), sandbox);
    return 'reason' in result ? result.reason : 'seed';
  };

  it('are seeds with the inputs that they take, by the first guess at types that fits', async () => {
    const seed = await tryFunction(
      candidate('function twice(x) { return x.repeat(2); }', [[integer], [string]]),
      sandbox,
    );
    assert.ok(!('reason' in seed));
    assert.deepEqual(seed.types, [string]);
    assert.ok(seed.inputs.length >= 12 && seed.inputs.every(([text]) => typeof text === 'string'));
    assert.match(seed.behaviour ?? '', /^[0-9a-f]{24}$/);
  });

  it('have inputs with different results first, of which the tests are made', async () => {
    const isNumber = 'function isNumber(x) { return !Number.isNaN(Number(x)); }';
    const seed = await tryFunction(candidate(isNumber, [[string]]), sandbox);
    assert.ok(!('reason' in seed));
    const answers = seed.inputs.map(([text]) => !Number.isNaN(Number(text)));
    const rarer = answers.filter(Boolean).length;
    assert.ok(rarer >= 3 && rarer < 8, `${rarer} of ${answers.length} are numbers`);
    assert.deepEqual(answers.slice(0, 6).sort(), [false, false, false, true, true, true]);
  });

  it('are rejected by what they do', async () => {
    const table: [expected: string, source: string, guesses?: Candidate['guesses']][] = [
      ['endless', 'function f(x) { while (true) {} return x; }'],
      ['endless', 'function f(x) { return f(x + 1); }'.replace('return', 'for (;;) x++; return')],
      ['throws', 'function f(x) { throw new Error(String(x)); }'],
      ['throws', "function f(x) { return require('fs').readFileSync('/etc/passwd') + x; }"],
      ['throws', "function f(x) { require('fs').writeFileSync('/tmp/selfq-touched', 'x'); return x + 1; }"],
      ['changes_input', 'function f(x) { x.push(1); return x.length; }', [[integers]]],
      ['changing_output', 'function f(x) { return x + Math.random(); }'],
      ['changing_output', 'let n = 0; function f(x) { n += 1; return x * 100 + n; }'],
      ['not_data', 'function f(x) { return () => x; }'],
      ['not_data', 'function f(x) {}'],
      ['not_data', 'function f(x) { return NaN; }'],
      ['few_outputs', 'function f(x) { return 7; }'],
      ['few_outputs', 'function f(x) { return x === 1000; }'],
      ['returns_argument', 'function f(x) { return x; }'],
      ['seed', 'function f(x) { return x % 2 === 0; }'],
      ['seed', 'function f(x) { return [...x].sort((a, b) => a - b)[0] ?? null; }', [[integers]]],
    ];
    for (const [expected, source, guesses] of table) {
      assert.equal(await outcome(source, guesses), expected, source);
    }
  });
});

const vowels: Seed = {
  ...{ file: 'src/text.ts', line: 4, name: 'vowelsIn', doc: 'How many vowels a text has.', parameters: ['text'] },
  source: "function vowelsIn(text) {\n  return [...text].filter((c) => 'aeiou'.includes(c)).length;\n}",
  types: [string],
  inputs: [['level'], ['banana'], ['xyz'], ['education']],
};
const clamped: Seed = {
  ...{
    file: 'src/math.ts',
    line: 1,
    name: 'clamped',
    doc: '',
    parameters: ['value', 'most'],
    types: [integer, integer],
  },
  source: 'function clamped(value, most) {\n  return Math.min(value, most) * 2;\n}',
  inputs: [
    [1, 2],
    [5, 2],
    [7, 9],
  ],
};

describe('the domain of a workspace', function () {
  this.timeout(180_000);
  let sandbox: Sandbox;
  before(async () => (sandbox = await createSandbox({ workers: 1 })));
  after(() => sandbox.close());
  const domainOf = (seeds: readonly Seed[]) =>
    workspaceDomain(options, { sandbox: () => Promise.resolve(sandbox), base: () => Promise.resolve([]), seeds });
  const domain = domainOf([vowels, clamped]);

  it('shows each function in prompts of both kinds, equal for equal variants', () => {
    const drawn = Array.from({ length: 400 }, (_, variant) => drawSeed([vowels, clamped], variant, 0.5));
    assert.deepEqual(
      new Set(drawn.map(({ seed, kind }) => `${seed.name} ${kind}`)),
      new Set(['vowelsIn statement', 'vowelsIn variation', 'clamped statement', 'clamped variation']),
    );
    assert.deepEqual(domain.proposer.prompt(123), domain.proposer.prompt(123));
    const content = domain.proposer.prompt(0).messages[0]?.content ?? '';
    assert.ok(content.includes(vowels.source) && content.includes(vowels.doc));
  });

  it('asks with the names and types of the parameters, and ends in a whole word', () => {
    assert.equal(openingOf(clamped), 'Given an integer value and an integer most, return');
    assert.equal(
      openingOf({ ...vowels, types: [{ kind: 'array', of: string }] }),
      'Given an array of strings text, return',
    );
    for (const prompt of [statementPrompt(vowels), variationPrompt(vowels, 'cooking', 3)]) {
      assert.match(prompt.prefill ?? '', /\/\*\*\n \* Given a string text, return$/);
    }
    assert.match(variationPrompt(vowels, 'cooking', 3).messages[0]?.content ?? '', /Its topic is cooking\./);
  });

  it('never shows the function to the solver', async () => {
    const [question] = await verified(0, ' the number of lower-case vowels that stand in it.');
    assert.ok(question && !isRejection(question));
    const [prompt] = domain.solver.prompts(question);
    assert.equal(prompt?.prefill, '```js\nfunction vowelsIn(text) {');
    assert.ok(!JSON.stringify(prompt).includes('filter'));
  });

  /** What becomes of a completion to the prompt of a variant. */
  async function verified(variant: number, ...completions: string[]) {
    const prefill = domain.proposer.prompt(variant).prefill ?? '';
    const drafts = completions.map((completion, index) => {
      const draft = domain.proposer.parse(prefill + completion, variant);
      assert.ok(!isRejection(draft), JSON.stringify(draft));
      return { id: `q${index}`, draft };
    });
    return domain.proposer.verify(drafts);
  }

  it('makes the tests of a statement by running the function, and remembers where it lies', async () => {
    const [question, leaking] = await verified(
      0,
      ' the number of lower-case vowels\n * that stand in it.\n * @param {string} text\n ',
      " [...text].filter((c) => 'aeiou'.includes(c)).length;",
    );
    assert.ok(question && !isRejection(question));
    const { problem, reference, seed } = question.content;
    assert.equal(question.statement, 'Given a string text, return the number of lower-case vowels\nthat stand in it.');
    assert.equal(reference, vowels.source);
    assert.deepEqual(seed, { file: 'src/text.ts', line: 4, name: 'vowelsIn', kind: 'statement' });
    assert.ok(problem.kind === 'function');
    assert.deepEqual(
      problem.tests.map(({ input, output }) => [input[0], output]),
      [
        ['level', 2],
        ['banana', 3],
        ['xyz', 0],
        ['education', 5],
      ],
    );
    assert.ok(leaking && isRejection(leaking));
    assert.equal(leaking.reason, 'contains_solution');
  });

  it('rejects a statement with an example that contradicts the function', async () => {
    const say = (result: string): string => ` how many vowels it has.\n * >>> vowelsIn("tree")\n * ${result}\n `;
    const [right] = await verified(0, say('2'));
    const [wrong] = await verified(0, say('3'));
    assert.ok(right && !isRejection(right));
    assert.ok(wrong && isRejection(wrong));
    assert.equal(wrong.reason, 'example_contradicts_reference');
  });

  it('rejects a variation that does what the shown function does, and takes another', async () => {
    const variant = Array.from({ length: 400 }, (_, index) => index).find((index) => {
      const { seed, kind } = drawSeed([vowels, clamped], index, 0.5);
      return seed === vowels && kind === 'variation';
    });
    assert.ok(variant !== undefined);
    const own = await tryFunction({ ...vowels, guesses: [[string]], literals: { strings: [], numbers: [] } }, sandbox);
    assert.ok(!('reason' in own));
    Object.assign(vowels, { behaviour: own.behaviour });
    const file = (statement: string, body: string): string =>
      ` ${statement}\n */\nfunction solve(text) {\n  return ${body};\n}\nsolve("banana");\nsolve("x");\nsolve("level up");\nsolve("audio");\n`;
    const [copy, other] = await verified(
      variant,
      file('the number of vowels in the text.', "text.split('').filter((c) => 'aeiou'.indexOf(c) >= 0).length"),
      file('the number of consonants in the text.', "text.split('').filter((c) => 'xyzbnlvpd'.includes(c)).length"),
    );
    assert.ok(copy && isRejection(copy) && other && !isRejection(other), JSON.stringify([copy, other]));
    assert.equal(copy.reason, 'copied_from_prompt');
    assert.equal(other.content.seed?.kind, 'variation');
  });

  it('tells statements of one function apart by their words, variations by what they do too', async () => {
    const [question] = await verified(0, ' the number of lower-case vowels that stand in it.');
    assert.ok(question && !isRejection(question) && question.content.behaviour !== undefined);
    const { fingerprint } = domain.proposer;
    const variation = { ...question, content: { ...question.content, seed: undefined } };
    assert.deepEqual(Object.keys(fingerprint(question)), ['text']);
    assert.deepEqual(Object.keys(fingerprint(variation)), ['text', 'behaviour']);
  });

  it('holds functions out by file: those of one file are on one side, whichever others there are', () => {
    const files = Array.from({ length: 500 }, (_, index) => `src/f${index}.ts`);
    const seeds = files.flatMap((file) => ['a', 'b'].map((name) => ({ ...vowels, file, name })));
    const { shown, heldOut } = splitByFile(seeds, 0.2);
    const shownFiles = new Set(shown.map(({ file }) => file));
    assert.equal(shown.length + heldOut.length, 1000);
    assert.ok(heldOut.every(({ file }) => !shownFiles.has(file)));
    assert.ok(heldOut.length > 140 && heldOut.length < 260, String(heldOut.length));
    assert.deepEqual(
      splitByFile(seeds.slice(0, 10), 0.2).heldOut,
      heldOut.filter((seed) => seeds.indexOf(seed) < 10),
    );
    assert.equal(splitByFile(seeds, 0).heldOut.length, 0);
    // Where all that there is would be held out, there would be nothing to ask about.
    const few = splitByFile(heldOut.slice(0, 4), 0.2);
    assert.deepEqual([few.shown.length, few.heldOut.length], [4, 0]);
    assert.equal(isHeldOut('src/f1.ts', 0.5), isHeldOut('src/f1.ts', 0.5));
  });

  it('makes held-out problems of statements that one of the base model’s own answers solves', async () => {
    const text = (completion: string) => ({
      ...{ text: completion, tokenIds: [], promptTokenIds: [], logprobs: [] },
      finishReason: 'stop' as const,
    });
    const asked: string[] = [];
    const questions = await heldOutQuestions(
      [vowels, clamped],
      domain,
      (requests) =>
        Promise.resolve(
          requests.map(({ prompt, samples }) => {
            const { content = '' } = 'messages' in prompt ? (prompt.messages[0] ?? {}) : {};
            asked.push(content);
            const isStatement = content.startsWith('This is a function');
            const isVowels = content.includes('vowelsIn');
            const body = isVowels ? " return [...text].filter((c) => 'aeiou'.includes(c)).length; }" : ' return 0; }';
            const statement = isVowels ? ' the number of lower-case vowels in it.' : ' twice the smaller one of both.';
            return Array.from({ length: samples }, () => text(isStatement ? statement : body));
          }),
        ),
      { temperature: 1, seed: 1, maxProposalTokens: 100, maxAnswerTokens: 100 },
    );
    assert.deepEqual(
      questions.map(({ id, content }) => [id, content.seed?.name]),
      [['src/text.ts:4', 'vowelsIn']],
    );
    assert.equal(asked.filter((content) => content.includes('clamped(')).length > 0, true);
  });

  it('reads a statement out of a comment however it ends', () => {
    assert.equal(
      statementIn('```js\n/**\n * Given n, return\n * its double. */ function'),
      'Given n, return\nits double.',
    );
    assert.equal(
      statementIn('```js\n/**\n * Given n, return its double.\n *\n * @returns {number}'),
      'Given n, return its double.',
    );
  });
});
