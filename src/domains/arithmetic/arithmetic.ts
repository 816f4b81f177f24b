import { BoundaryError } from '../../base/errors.ts';
import { optional } from '../../base/optional.ts';
import type { Grade } from '../../protocol/question.ts';
import { type AnswerForm, answerStops, extractAnswer, resolveAnswerForm } from '../answer-form.ts';
import type { Domain } from '../domain.ts';
import { canonicalKey, type Expression, type Operator, operators, partsOf } from '../expression.ts';
import { gradeValue, readForms, type ReadValue, sameValue } from '../forms.ts';
import { type LabelRule, rewardByLabel } from '../majority.ts';
import { rationalText } from '../rational.ts';
import { parseValue } from '../value.ts';
import {
  ArithmeticContent,
  type ArithmeticQuestion,
  expressionOf,
  expressionQuestion,
  readRow,
  truthOf,
} from './content.ts';
import { arithmeticForms, type ArithmeticForm } from './forms.ts';
import { type ArithmeticGuards, checkExpression, parseProposal } from './guards.ts';
import { freeProposerPrompt, sizedProposerPrompt, solverPrompt } from './prompts.ts';

/** What a run's settings say about arithmetic (settings.ts has their meaning). */
export interface ArithmeticOptions {
  answerForm: AnswerForm | 'auto';
  label: LabelRule;
  proposalForm: 'sized' | 'free';
  operators: string;
  sizes: 'uniform' | 'long';
  digits: number;
  operations: number;
  /** Id or path of the model, from whose size `auto` follows. */
  model: string;
}

/**
 * Arithmetic expressions, whose answers elect their label and whose truth is computed exactly, for the record (or, as a
 * control, as the label).
 */
export function arithmeticDomain(options: ArithmeticOptions): Domain<Expression, ArithmeticContent> {
  const form = resolveAnswerForm(options.answerForm, options.model);
  const guards: ArithmeticGuards = { ...options, operators: parseOperators(options.operators) };
  const isSized = options.proposalForm === 'sized';
  const formsOf = (question: ArithmeticQuestion): ArithmeticForm[] => {
    const expression = expressionOf(question);
    const prompt = (statement: string) => solverPrompt(statement, form, expression !== undefined);
    return expression && options.label !== 'majority'
      ? arithmeticForms(expression, prompt)
      : [
          {
            ...{ statement: question.statement, prompt: prompt(question.statement), restore: sameValue },
            ...optional('expression', expression),
          },
        ];
  };
  return {
    name: 'arithmetic',
    content: ArithmeticContent,
    proposer: {
      prompt: (variant) =>
        isSized ? sizedProposerPrompt(variant, { ...guards, sizes: options.sizes }) : freeProposerPrompt(guards.digits),
      // A solver's training teaches the proposer to solve what it writes, too: the proposal ends before that.
      stop: isSized ? ['\n', '='] : [],
      parse: (proposal) => parseProposal(proposal, guards),
      verify: (drafts) =>
        Promise.resolve(drafts.map(({ id, draft }) => checkExpression(draft, guards) ?? expressionQuestion(id, draft))),
      fingerprint: (question) => ({ key: keyOf(question) }),
    },
    solver: {
      prompts: (question) => formsOf(question).map(({ prompt }) => prompt),
      stop: answerStops(form, ['\n', '</answer>']),
    },
    reward(question, answers) {
      const truth = truthOf(question);
      const forms = formsOf(question);
      const read = (answer: string, index: number) => readAnswer(answer, form, forms[index]?.statement);
      return Promise.resolve(
        rewardByLabel(readForms(forms, answers, read), {
          rule: options.label,
          truth: truth && rationalText(truth),
          shown: shownNumbers(forms),
        }),
      );
    },
    grade: (question, answer) => Promise.resolve(gradeByTruth(question, answer, form)),
    read: readRow,
    rowExample: '{"question": "What is 12 times 7?", "answer": "84"} or {"expression": "12 * 7"}',
  };
}

/** The operators of a text such as `+-*`. Throws BoundaryError('usage') where it has another sign, or none. */
function parseOperators(text: string): Operator[] {
  const signs = Array.from(text.replaceAll(/\s/g, ''));
  const known = signs.flatMap((sign) => operators.find((operator) => operator === sign) ?? []);
  if (known.length === 0 || known.length < signs.length) {
    throw new BoundaryError('usage', `operators cannot be "${text}".`, `Give some of ${operators.join(' ')}.`);
  }
  return known;
}

function keyOf(question: ArithmeticQuestion): string {
  const expression = expressionOf(question);
  return expression ? canonicalKey(expression) : question.statement;
}

/** What the numbers of each form would say about the question: an answer that is one of them was probably copied. */
function shownNumbers(forms: readonly ArithmeticForm[]): ReadonlySet<string> {
  const copies = forms.flatMap(({ expression, restore }) =>
    (expression ? partsOf(expression) : []).flatMap((part) =>
      part.kind === 'number' ? [part.value, part.value.neg()].map(restore) : [],
    ),
  );
  return new Set(copies.flatMap((value) => (value ? [rationalText(value)] : [])));
}

/** What an answer to `statement` says. A quotient that is repeated (14/2 for 14 / 2) is no answer. */
function readAnswer(answer: string, form: AnswerForm, statement = ''): ReadValue {
  const text = extractAnswer(answer, form) ?? '';
  const value = parseValue(text);
  const compact = text.replaceAll(/\s/g, '');
  const isEcho = compact === statement.replaceAll(/\s/g, '') && value !== undefined && rationalText(value) !== compact;
  return isEcho ? { text } : { text, value };
}

function gradeByTruth(question: ArithmeticQuestion, answer: string, form: AnswerForm): Grade | undefined {
  const truth = truthOf(question);
  return truth && gradeValue(readAnswer(answer, form, question.statement), truth);
}
