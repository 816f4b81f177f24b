import assert from 'node:assert/strict';
import { extractAnswer } from '../../src/domains/answer-form.ts';
import { parseEquationsProposal, parseSelectedProposal } from '../../src/domains/algebra/guards.ts';
import { readRow as readAlgebraRow, splitEquations } from '../../src/domains/algebra/content.ts';
import { bareExpression, readRow as readArithmeticRow } from '../../src/domains/arithmetic/content.ts';
import { parseProposal } from '../../src/domains/arithmetic/guards.ts';
import { examplesOf } from '../../src/domains/coding/examples.ts';
import { checkDraft } from '../../src/domains/coding/guards.ts';
import { parseProposalFile } from '../../src/domains/coding/parse.ts';
import { parseWrittenProposal } from '../../src/domains/coding/parse-written.ts';
import { isRejection } from '../../src/domains/domain.ts';
import { wordTrigrams } from '../../src/domains/near-duplicate.ts';
import { plainMathematics } from '../../src/domains/notation.ts';
import { checkWords } from '../../src/domains/safety.ts';
import { checkLanguage } from '../../src/domains/statement.ts';
import { parseValue } from '../../src/domains/value.ts';
import { extractCode } from '../../src/sandbox/judge/extract.ts';
import { firstDifference } from '../../src/view/difference.ts';
import { titleOf } from '../../src/view/problem-model.ts';
import { fuzzCases, fuzzSeconds, limitTime } from '../support/fuzz.ts';
import { draws, type Draws } from '../support/mutations.ts';

/** Longer than any proposal or answer of a run. */
const textLength = 20_000;

/** Everything that reads text of a model in the engine or the editor. */
const readers: Readonly<Record<string, (text: string) => void>> = {
  'a code-shaped proposal': (text) => {
    const draft = parseProposalFile(text);
    if (!isRejection(draft)) {
      checkDraft(draft, { topic: '', safetyGuard: 'words' });
    }
  },
  'a statement with a reference': (text) => {
    checkDraft(
      { statement: text, reference: text, inputs: [[1]], entry: 'f', parameters: ['a'] },
      { topic: 'strings', safetyGuard: 'words' },
    );
  },
  'a written proposal': (text) => void parseWrittenProposal(text),
  'examples of a statement': (text) => void examplesOf(text, 'solve'),
  'an arithmetic proposal': (text) =>
    void parseProposal(text, { digits: 3, operators: ['+', '-', '*'], operations: 4 }),
  'an expression in words': (text) => void bareExpression(text),
  'an algebra proposal': (text) => void parseEquationsProposal(text),
  'a selected proposal': (text) => void parseSelectedProposal(text),
  'equations of a line': (text) => void splitEquations(text),
  'a row of algebra': (text) => attempt(() => readAlgebraRow({ question: text, answer: text }, 'q')),
  'a row of arithmetic': (text) => attempt(() => readArithmeticRow({ question: text, answer: text }, 'q')),
  'an answer in tags': (text) => void extractAnswer(text, 'think', 'x'),
  'an answer behind its working': (text) => void extractAnswer(text, 'working', 'x'),
  'a value': (text) => void parseValue(text.slice(0, 120)),
  notation: (text) => void plainMathematics(text, { letters: false }),
  language: (text) => {
    checkLanguage(text);
    checkWords(text, 'words');
    wordTrigrams(text);
  },
  'code of a completion': (text) => void extractCode(text),
  'a title': (text) => void titleOf(text),
  'a difference': (text) => void firstDifference(text, `${text.slice(1)}x`),
};

function attempt(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof Error);
  }
}

/** What the parsers look for, and signs that their expressions repeat. */
const words = [
  ...['Input:', 'Output:', 'input', 'output', 'solve(', 'function solve(a) {', 'const a = ', 'let b=[', '*/', '/**'],
  ...[
    '```',
    '```js\n',
    '~~~',
    'export ',
    'import ',
    '// ',
    '=> ',
    'return ',
    'Solve ',
    ' for x',
    '<answer>',
    '\\boxed{',
  ],
  ...[
    '####',
    '\\frac{',
    '^{',
    'Problem:',
    'Find:',
    'Equations:',
    'x =',
    '1,',
    '|||',
    'is ',
    'and ',
    'what is',
    '"',
    "'",
  ],
  ...['Find: x\nEquations: ', 'solve(1); // ', 'function f(a){}', '@param ', 'Test:', '1 2 3 ||| 4'],
];
const signs = [
  ...[' ', '\n', '\t', '\r', '\u2028', '\u00a0', '/', '*', '=', '-', ',', ';', '.', '`', '~', '#', '(', ')', '[', ']'],
  ...['{', '}', 'a', 'a ', '1', '0', '1 ', '[1,', '{a:', '"', '$', '\\', '?', '!', ':', 'é', '−', '²', 'x', 'x '],
  ...[' \n', '\n ', '//\n', '/*', 'f(', 'f(1);', 'let a=1;', '(a)=>', 'a=>', '`${', '1;'],
];

function hostileText({ below, pick }: Draws): string {
  let text = '';
  const pieces = 1 + below(4);
  for (let left = pieces; left > 0; left--) {
    const length = below(3) === 0 ? below(50) : textLength / pieces;
    const run = pick(below(6) === 0 ? words : signs);
    text += pick(words) + run.repeat(Math.ceil(length / run.length));
  }
  return `${text}${pick([...words, ...signs])}x`.slice(-textLength);
}

/** Texts made to be slow to read: runs of one sign behind the words that parsers look for. */
describe('texts that a model writes', function () {
  this.timeout((fuzzSeconds * 2 + 120) * 1000);

  const check = (name: string, label: string, text: string): void => {
    const assertTime = limitTime(`${name}, ${label}`);
    readers[name]?.(text);
    assertTime();
  };

  it('are read in linear time: a label and a run of blanks', () => {
    for (const name of Object.keys(readers)) {
      check(name, 'blanks', `/** Input:${' '.repeat(6_000)}x */ function solve(a) { return a; } solve(1);`);
    }
  });

  it('are read soon, whatever is repeated in them', () => {
    for (const index of fuzzCases(fuzzSeconds)) {
      const text = hostileText(draws(7, index));
      for (const name of Object.keys(readers)) {
        check(name, `FUZZ_CASE=${index}`, text);
      }
    }
  });
});
