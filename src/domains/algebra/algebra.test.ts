import assert from 'node:assert/strict';
import fc from 'fast-check';
import { defaultsOf } from '../../base/setting.ts';
import { isRejection } from '../domain.ts';
import { rational, rationalText } from '../rational.ts';
import { domainSettings } from '../settings.ts';
import { algebraDomain, type AlgebraOptions } from './algebra.ts';
import { solveFor } from './content.ts';
import { algebraForms } from './forms.ts';

const options: AlgebraOptions = {
  safetyGuard: 'words',
  ...defaultsOf(domainSettings.algebra.settings, 'quick'),
  model: 'qwen2.5-coder-0.5b',
};
const domain = algebraDomain(options);
const published: AlgebraOptions = { ...options, ...defaultsOf(domainSettings.algebra.settings, 'paper') };
const paper = algebraDomain(published);

const story = 'A farm has hens and pigs, which have 30 heads and 86 legs in all. How many hens are on the farm?';
const proposal = (equations: string, find = 'h', text = story) =>
  `Problem: ${text}\nFind: ${find}\nEquations: ${equations}\n\nLet us solve it.`;

async function propose(text: string, asked = domain) {
  const draft = asked.proposer.parse(text, 0);
  const [result] = isRejection(draft) ? [draft] : await asked.proposer.verify([{ id: 'q', draft }]);
  return result ?? assert.fail();
}

const reasonOf = async (text: string, asked = domain): Promise<string> => {
  const result = await propose(text, asked);
  return isRejection(result) ? result.reason : 'accepted';
};

const solution = (equations: string[], unknown: string): string => {
  const solved = solveFor(equations, unknown);
  return isRejection(solved) ? solved.reason : rationalText(solved.value);
};

describe('the solver of linear equations', () => {
  it('finds the solution that the equations were made of', () => {
    const factor = fc.integer({ min: -20, max: 20 });
    const part = fc.record({ n: fc.integer({ min: -80, max: 80 }), d: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(factor, factor, factor, factor, part, part, (a, b, c, d, first, second) => {
        fc.pre(a * d !== b * c);
        const [x, y] = [rational(first.n, first.d), rational(second.n, second.d)];
        const scale = first.d * second.d;
        const side = (p: number, q: number) => x.mul(p).add(y.mul(q)).mul(scale).toFraction();
        const equations = [
          `${a * scale}*x + ${b * scale}*y = ${side(a, b)}`,
          `${side(c, d)} - ${d * scale} y = ${c * scale}x`,
        ].map((equation) => equation.replaceAll('+ -', '- ').replaceAll('- -', '+ '));
        assert.equal(solution(equations, 'x'), x.toFraction());
        assert.equal(solution(equations, 'y'), y.toFraction());
      }),
      { numRuns: 2000 },
    );
  });

  it('rejects what has no solution, more than one, or is not linear', () => {
    assert.equal(solution(['x + y = 3', '2*x + 2*y = 6'], 'x'), 'no_unique_solution');
    assert.equal(solution(['x + y = 3', 'x + y = 4'], 'x'), 'no_unique_solution');
    assert.equal(solution(['x + y = 3'], 'x'), 'no_unique_solution');
    assert.equal(solution(['x = x'], 'x'), 'no_unique_solution');
    assert.equal(solution(['x + 1 = 3', 'x + 1 = 4'], 'x'), 'no_unique_solution');
    assert.equal(solution(['x * y = 3', 'x = 1'], 'x'), 'malformed');
    assert.equal(solution(['x^2 = 9'], 'x'), 'malformed');
    assert.equal(solution(['3 / x = 9'], 'x'), 'malformed');
    assert.equal(solution(['2^x = 8'], 'x'), 'malformed');
    assert.equal(solution(['x + y + z = 3', 'x = 1', 'y = 1'], 'x'), 'malformed');
    assert.equal(solution(['x / 0 = 3'], 'x'), 'division_by_zero');
    assert.equal(solution([`${'9'.repeat(10)}*x = 3`], 'x'), 'numbers_too_large');
    assert.equal(solution(['9^9^9*x = 3'], 'x'), 'numbers_too_large');
    assert.equal(solution(['2*(x - 1)/3 + x/2 = 4^2 - 7', 'x + 0*y = x'], 'x'), 'no_unique_solution');
    assert.equal(solution(['2*(x - 1)/3 + x/2 = 4^2 - 7'], 'x'), '58/7');
  });
});

describe('proposals of algebra', () => {
  it('become a story with its equations, which the solver sees', async () => {
    const question = await propose(proposal('h + p = 30, 2h + 4p = 86'));
    assert.ok(!isRejection(question));
    assert.equal(question.statement, `${story}\n\nSolve h + p = 30, 2*h + 4*p = 86 for h.`);
    assert.equal((await domain.grade(question, '<answer>h = 17'))?.mark, 'right');
    assert.ok(domain.solver.prompts(question)[0]?.messages[0]?.content.includes(question.statement));
  });

  it('are rejected with the reason', async () => {
    const table: Record<string, string[]> = {
      malformed: [
        'Problem: too bad',
        proposal('h + p', 'h'),
        proposal('h + p = 30', 'hens'),
        proposal('h * p = 30'),
        proposal('h + p = 30, h - p = 2', 'z'),
      ],
      too_short: [proposal('2*h = 6', 'h', 'Find it.')],
      statement_too_long: [proposal('2*h = 6', 'h', story.repeat(20)), 'x'.repeat(1_000_000)],
      contains_solution: [
        proposal('h = 17, h + p = 30'),
        proposal('2*h = 6', 'h', `${story} <answer>3</answer>`),
        proposal('2*h = 6', 'h', `${story} Solution: 3`),
      ],
      no_unique_solution: [proposal('h + p = 30, 2*h + 2*p = 60'), proposal('h + p = 30')],
      numbers_too_large: [proposal('2*h = 6', 'h', `${story} 12345678901`), proposal('h * 9 ^ 9 ^ 9 = 3')],
      other_digits: [proposal('2*h = 6', 'h', `${story} ٣`), proposal('٣*h = 6')],
      unbalanced_brackets: [proposal('2*(h + p = 30')],
      division_by_zero: [proposal('h / (3 - 3) = 2')],
      not_english: [proposal('2*h = 6', 'h', 'Ein Bauer hat Hennen und Schweine mit dreissig Koepfen.')],
      copied_from_prompt: [domain.proposer.prompt(0).messages[0]?.content ?? ''],
    };
    for (const [reason, proposals] of Object.entries(table)) {
      for (const text of proposals) {
        assert.equal(await reasonOf(text), reason, text.slice(0, 60));
      }
    }
  });

  it('cannot be labelled with their truth in a layout without equations', () => {
    assert.throws(
      () => algebraDomain({ ...options, label: 'truth', layout: 'selected' }),
      /label=truth needs equations/,
    );
  });

  it('are the last selected question in the layout of the paper', async () => {
    const text = `1. One.\nSelected Question: no.\n\nSelected Question: ${story}`;
    const question = await propose(text, paper);
    assert.ok(!isRejection(question));
    assert.equal(question.statement, story);
    assert.equal(paper.solver.prompts(question).length, 1);
    assert.equal(await paper.grade(question, '<answer>17</answer>'), undefined);
    assert.equal(await reasonOf('1. One. 2. Two.', paper), 'malformed');
    // Without equations there is no second form to agree in.
    assert.equal(await reasonOf(text, algebraDomain({ ...published, label: 'agreement' })), 'malformed');
  });

  it('are one question where their equations say the same', () => {
    const key = (question: string) => domain.proposer.fingerprint(domain.read({ question }, 'q')).key;
    const same = [
      'Solve h + p = 30, 2*h + 4*p = 86 for h.',
      'Solve 86 = 4*x + 2*y, y + x = 30 for y.',
      'Solve 3*a + 3*b - 90 = 0, a + 2*b = 43 for a.',
    ];
    assert.equal(new Set(same.map(key)).size, 1);
    assert.notEqual(key('Solve h + p = 30, 2*h + 4*p = 86 for p.'), key(same[0] ?? ''));
  });
});

describe('forms of a system', () => {
  it('give back its exact value', () => {
    const factor = fc.integer({ min: -9, max: 9 });
    fc.assert(
      fc.property(
        factor,
        factor,
        factor,
        factor,
        factor,
        factor,
        fc.constantFrom('x', 'y'),
        (a, b, c, d, e, f, unknown) => {
          fc.pre(a * d !== b * c);
          const equations = [`${a}*x + (${b})*y = ${e}`, `${c}*x + (${d})*y = ${f}`];
          const solved = solveFor(equations, unknown);
          assert.ok(!isRejection(solved), equations.join());
          const lines: string[] = [];
          const forms = algebraForms({ story: '' }, solved, ({ line = '' }) => {
            lines.push(line);
            return { messages: [{ role: 'user', content: line }] };
          });
          assert.ok(forms.length >= 2);
          assert.equal(new Set(lines).size, lines.length);
          forms.forEach(({ restore }, index) => {
            // Each form is solved as the text that it is.
            const [, text = '', asked = ''] = /^Solve (.*) for (.)\.$/.exec(lines[index] ?? '') ?? [];
            const own = solveFor(text.split(', '), asked);
            assert.ok(!isRejection(own), text);
            assert.ok(restore(own.value)?.equals(solved.value), text);
            assert.ok(!restore(own.value.add(1))?.equals(solved.value), text);
          });
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('rename the unknowns in the story, too, but no words', () => {
    const question = domain.read(
      { question: 'Let x be the age of a boy. Solve 2*x + a = 9, x - a = 3 for x.', answer: 4 },
      'q',
    );
    const texts = domain.solver
      .prompts(question)
      .map(({ messages }) => messages[0]?.content.split('\n\n').slice(1).join(' '));
    assert.deepEqual(texts, [
      'Let x be the age of a boy. Solve 2*x + a = 9, x - a = 3 for x.',
      'Let p be the age of a boy. Solve 3 = p - a, 9 = 2*p + a for p.',
      'Solve x - a = 3, 2*x + a = 9 for a.',
    ]);
  });
});

describe('rewards of algebra', () => {
  const question = domain.read({ question: 'Solve h + p = 30, 2*h + 4*p = 86 for h.' }, 'q');
  const answers = (...values: string[]) => values.map((value) => `<answer>${value}`);

  it('follow the agreement of forms that ask for other unknowns', async () => {
    const { grades, label } = await domain.reward(question, [
      answers('17', 'h = 17', '18'),
      answers('16', 'x', '15'),
      // The other unknown is 13: put back, h is 17.
      answers('13', '12', 'p = 13, h = 17'),
    ]);
    assert.deepEqual([label?.value, label?.correct], ['17', true]);
    assert.deepEqual(
      grades.map((form) => form.map(({ reward }) => reward)),
      [
        [1, 1, 0],
        [0, 0, 0],
        [1, 0, 1],
      ],
    );
  });

  it('follow the majority of the one form in the paper', async () => {
    const asked = paper.read({ question: 'Solve h + p = 30, 2*h + 4*p = 86 for h.' }, 'q');
    assert.equal(paper.solver.prompts(asked).length, 1);
    const { label } = await paper.reward(asked, [
      answers('16', '32/2', '17', 'none').map((text) => `${text}</answer>`),
    ]);
    assert.deepEqual([label?.value, label?.correct], ['16', false]);
  });
});

describe('rows of algebra', () => {
  it('are systems with a solution, or word problems with an answer', async () => {
    const row = {
      question: 'Solve 3*t = 4*d - 3*t + 5*t - 291, -7*t - 1307 = -18*d - 2*t for d.',
      answer: '74',
    };
    const question = domain.read(row, 'q');
    const marks = await Promise.all(
      ['74', '74.0', 'd = 148/2', '75', '-74'].map((text) => domain.grade(question, `<answer>${text}`)),
    );
    assert.deepEqual(
      marks.map((grade) => grade?.mark),
      ['right', 'right', 'right', 'wrong', 'wrong'],
    );
    const word = domain.read({ question: story, answer: 'They are #### 17' }, 'q');
    assert.equal((await domain.grade(word, '<answer>17 hens'))?.mark, 'right');
    assert.deepEqual(domain.content.parse(JSON.parse(JSON.stringify(question.content))), question.content);
  });

  it('are refused where the answer is not the solution', () => {
    const refused: [unknown, RegExp][] = [
      [{ question: 'Solve 2*x = 8 for x.', answer: '5' }, /answer 5 is not the solution 4/],
      [{ question: 'Solve x + y = 8 for x.', answer: '5' }, /no solution, or more than one/],
      [{ question: 'How many hens?' }, /neither equations nor an answer/],
      [{ question: 'How many hens?', answer: 'many' }, /not a number/],
      [{}, /./],
    ];
    for (const [row, message] of refused) {
      assert.throws(() => domain.read(row, 'q'), message);
    }
  });
});
