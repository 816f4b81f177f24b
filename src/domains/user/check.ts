import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { readUntrusted } from '../../base/untrusted-file.ts';
import type { JsonValue } from '../../protocol/json.ts';
import type { Question } from '../../protocol/question.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { isRejection } from '../domain.ts';
import { domainDataFile, largestDomainFile } from './folder.ts';
import { expected, QuestionData, QuestionRow, type UserContent } from './shapes.ts';
import { type OpenedDomain, openUserDomain } from './user.ts';

/** One line of the report of `selfq domain check`. */
export interface CheckLine {
  ok: boolean;
  text: string;
  /** Does not work against using the domain, and should be looked at. */
  warning?: true;
}

/** A line of `tests.jsonl`. */
const TestRow = z.union([
  z.strictObject({ proposal: z.string(), question: QuestionData }),
  z.strictObject({ proposal: z.string(), rejected: z.literal(true) }),
  z.strictObject({ question: QuestionData, statement: z.string() }),
  z.strictObject({ question: QuestionData, answer: z.string(), value: z.union([z.string(), z.number(), z.null()]) }),
  z.strictObject({ question: QuestionData, answer: z.string(), grade: z.union([z.number(), z.null()]) }),
  z.strictObject({ question: QuestionData, answers: z.array(z.string()).min(2), rewards: z.array(z.number()) }),
]);
type TestRow = z.infer<typeof TestRow>;

/** Texts as models write them when they do something else than they were asked for. */
export const strangeTexts: readonly string[] = [
  '',
  ' \n\t ',
  'I am sorry, but I cannot help with that.',
  '{"a": [1, 2',
  '<answer></answer>',
  '\u0000\ud800\uffff',
  '０１２ ٣٤ Ⅻ ß ﬁ',
  '-0 1e999 NaN Infinity',
  '((((((((((',
  'aaaa '.repeat(2000),
  '__proto__ constructor toString',
];

/**
 * Tries a domain: its file against the interface, its own tests, its questions, and every function that reads a model's
 * texts on strange ones. Throws BoundaryError for a file that cannot be opened at all; what is wrong beyond is in the lines.
 */
export async function checkDomain(
  folder: string,
  sandbox: () => Promise<Sandbox>,
): Promise<{ opened: OpenedDomain; lines: CheckLine[] }> {
  const opened = await openUserDomain(
    { domainFolder: folder, domainHash: '', topic: '', safetyGuard: 'words' },
    sandbox,
  );
  const questions = await checkQuestions(opened);
  const lines = [
    ...checkPrompts(opened),
    ...questions.lines,
    ...(await checkTests(opened)),
    ...(await checkStrange(opened, questions.first)),
  ];
  return { opened, lines };
}

const words: Readonly<Record<OpenedDomain['row']['rewardedBy'], string>> = {
  reward: 'its own reward',
  majority: 'the majority of value',
  grade: 'its own grade',
};

function checkPrompts({ domain, row }: OpenedDomain): CheckLine[] {
  const prompts = new Set(Array.from({ length: 256 }, (_, variant) => JSON.stringify(domain.proposer.prompt(variant))));
  return [
    {
      ok: true,
      text: `${row.name}: the file has what a domain needs; answers are rewarded by ${words[row.rewardedBy]}`,
    },
    prompts.size > 1
      ? { ok: true, text: `propose gives ${prompts.size} different prompts for 256 variants` }
      : {
          ok: true,
          warning: true,
          text: 'propose gives the same prompt for every variant: a small model will repeat itself',
        },
  ];
}

async function checkQuestions(
  opened: OpenedDomain,
): Promise<{ lines: CheckLine[]; first: Question<UserContent> | undefined }> {
  const { domain, row } = opened;
  const path = domainDataFile(row.folder, 'questions');
  if (path === undefined) {
    const text = 'no questions.jsonl: runs of this domain are not evaluated';
    return { lines: [{ ok: true, warning: true, text }], first: undefined };
  }
  try {
    const rows = rowsOf(path).map(({ value, number }) => {
      const parsed = QuestionRow.safeParse(value);
      if (!parsed.success) {
        throw new BoundaryError('usage', `line ${number} is no {question, answer?, id?}.`, '');
      }
      return domain.read(parsed.data, `questions/${number}`);
    });
    const questions = (await domain.prepare?.(rows)) ?? rows;
    const unknown = questions.filter(({ content }) => content.truth === undefined);
    const isGraded = opened.calls.has('grade') || unknown.length === 0;
    const text = `questions.jsonl: ${questions.length} questions`;
    return {
      first: questions[0],
      lines: [
        isGraded && questions.length > 0
          ? { ok: true, text }
          : { ok: false, text: `${text}, ${unknown.length} without an answer, and domain has neither truth nor grade` },
        ...suspicious(questions),
      ],
    };
  } catch (error) {
    return { lines: [{ ok: false, text: `questions.jsonl: ${messageOf(error)}` }], first: undefined };
  }
}

/** What JavaScript writes for a value that is not there: the questions are probably those of another domain. */
const missing = /\bundefined\b|\bNaN\b|\[object Object\]/;

function suspicious(questions: readonly Question<UserContent>[]): CheckLine[] {
  const found = questions.find(
    ({ statement, content }) => missing.test(statement) || missing.test(JSON.stringify(content.prompt)),
  );
  const text = `questions.jsonl: ${found?.id} is asked as "${found?.statement}". Is its question of the form that parse gives?`;
  return found ? [{ ok: true, warning: true, text }] : [];
}

async function checkTests(opened: OpenedDomain): Promise<CheckLine[]> {
  const path = domainDataFile(opened.row.folder, 'tests');
  if (path === undefined) {
    return [{ ok: true, warning: true, text: 'no tests.jsonl' }];
  }
  const failures: CheckLine[] = [];
  let rows: ReturnType<typeof rowsOf>;
  try {
    rows = rowsOf(path);
  } catch (error) {
    return [{ ok: false, text: `tests.jsonl: ${messageOf(error)}` }];
  }
  for (const { value, number } of rows) {
    const test = TestRow.safeParse(value);
    const why = test.success
      ? await failureOf(opened, test.data).catch((error: unknown) => messageOf(error))
      : 'it is no test; docs/domains.md lists the forms that there are';
    if (why !== undefined) {
      failures.push({ ok: false, text: `tests.jsonl, line ${number}: ${why}` });
    }
  }
  return failures.length > 0 ? failures : [{ ok: true, text: `tests.jsonl: ${rows.length} tests passed` }];
}

/** What is wrong where a test fails. */
async function failureOf({ domain, calls }: OpenedDomain, test: TestRow): Promise<string | undefined> {
  if ('proposal' in test) {
    const [result] = await domain.proposer.verify([{ id: 'test', draft: test.proposal }]);
    const actual = result && isRejection(result) ? result : result?.content.question;
    const isRight =
      'rejected' in test
        ? result !== undefined && isRejection(result) && result.reason !== 'domain_fault'
        : isDeepStrictEqual(plain(actual), plain(test.question));
    return isRight ? undefined : differs('parse', actual, 'rejected' in test ? 'a rejection' : test.question);
  }
  const question = await prepared(domain, test.question);
  if ('statement' in test) {
    return question.statement === test.statement ? undefined : differs('statement', question.statement, test.statement);
  }
  if ('answers' in test) {
    const { grades } = await domain.reward(question, [test.answers]);
    const actual = grades.flat().map(({ reward = null, detail }) => (detail?.kind === 'note' ? detail.text : reward));
    return isDeepStrictEqual(actual, test.rewards) ? undefined : differs('the list of rewards', actual, test.rewards);
  }
  if ('value' in test) {
    const [called] = await calls.all('value', [[test.question, test.answer]], expected.value);
    const actual = called && 'value' in called ? called.value : called?.fault.message;
    const wanted = test.value === null ? null : String(test.value);
    return actual === wanted ? undefined : differs('value', actual, wanted);
  }
  const grade = await domain.grade(question, test.answer);
  const actual = grade?.mark === 'unparsable' ? null : grade?.reward;
  return actual === test.grade ? undefined : differs('the grade', actual ?? grade?.detail, test.grade);
}

async function prepared(domain: OpenedDomain['domain'], question: JsonValue): Promise<Question<UserContent>> {
  const rows = [domain.read({ question }, 'test')];
  const [first] = (await domain.prepare?.(rows)) ?? rows;
  if (!first) {
    throw new RangeError('a question was lost');
  }
  return first;
}

/** Without prototypes: what came out of the sandbox is compared with what a file holds. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

function differs(what: string, actual: unknown, wanted: unknown): string {
  return `${what} is ${JSON.stringify(actual)}, and should be ${typeof wanted === 'string' && wanted.startsWith('a ') ? wanted : JSON.stringify(wanted)}`;
}

/** Every function that reads what a model wrote, on texts that nobody wants from it. */
async function checkStrange(
  { calls, domain }: OpenedDomain,
  question: Question<UserContent> | undefined,
): Promise<CheckLine[]> {
  const failures: CheckLine[] = [];
  const note = (text: string): void => {
    failures.push({ ok: false, text });
  };
  try {
    const parsed = await domain.proposer.verify(
      strangeTexts.map((draft, index) => ({ id: `strange ${index}`, draft })),
    );
    parsed.forEach((result) => isRejection(result) && result.reason === 'domain_fault' && note(result.detail));
    if (question) {
      const { grades } = await domain.reward(question, [strangeTexts]);
      const graded = await Promise.all(strangeTexts.map((text) => domain.grade(question, text)));
      for (const grade of [...grades.flat(), ...graded]) {
        if (grade?.detail?.kind === 'note') {
          note(grade.detail.text);
        }
      }
    }
  } catch (error) {
    note(messageOf(error));
  }
  const distinct = [...new Map(failures.map((line) => [line.text, line])).values()];
  const reads = ['parse', ...(['value', 'reward', 'grade'] as const).filter((name) => calls.has(name))];
  return distinct.length > 0
    ? distinct
    : [{ ok: true, text: `${strangeTexts.length} strange texts are survived by ${reads.join(', ')}` }];
}

function rowsOf(path: string): { value: unknown; number: number }[] {
  return readUntrusted(path, largestDomainFile.data)
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((text, index) => ({ text, number: index + 1 }))
    .filter(({ text }) => text.trim() !== '')
    .map(({ text, number }) => {
      try {
        return { value: JSON.parse(text) as unknown, number };
      } catch (error) {
        throw new BoundaryError('usage', `line ${number} is not JSON (${messageOf(error)}).`, '');
      }
    });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
