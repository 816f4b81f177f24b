import { optional } from '../../base/optional.ts';
import { Problem, type JudgeResult, type Limits } from '../../protocol/problem.ts';
import type { Grade } from '../../protocol/question.ts';
import { extractCode } from '../../sandbox/judge/extract.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Domain, DomainTools } from '../domain.ts';
import type { SafetyGuard } from '../safety.ts';
import type { BehaviourDuplicates } from './behaviour.ts';
import { CodingContent, codingQuestion, type CodingQuestion, type Draft, referenceLinesOf } from './content.ts';
import { parseProposalFile } from './parse.ts';
import { parseWrittenProposal } from './parse-written.ts';
import { executedProposerPrompt, solverPromptFor, writtenProposerPrompt } from './prompts.ts';
import { verifyDraft } from './verify.ts';

/** What the coding domain is made with. */
export interface CodingOptions {
  /** `executed`: outputs come from the proposal's reference solution; `written`: from the proposer (the paper). */
  testsMode: 'executed' | 'written';
  minDistinctTests: number;
  maxTests: number;
  /** Different tests that mutated inputs fill a question up to; 0 = the proposer's own alone. */
  multiplyTests: number;
  /** Whether references are run on probe inputs, so that those that do the same are known; not with `off`. */
  behaviourDuplicates: BehaviourDuplicates;
  /** How statements are kept safe. */
  safetyGuard: SafetyGuard;
  /** The run's topic, which statements are held to; empty = anything. */
  topic: string;
  /** Of one test of a generated question. */
  limits?: Limits;
}

/** Limits of one test of a generated question. */
export const defaultLimits: Limits = { timeMs: 1000, memoryMb: 64 };

/** Programming exercises for JavaScript functions, scored by tests in the sandbox. */
export function codingDomain(options: CodingOptions, tools: DomainTools): Domain<Draft, CodingContent> {
  const { testsMode, topic, limits = defaultLimits } = options;
  const executed = testsMode === 'executed';
  const prompt = executed ? executedProposerPrompt : writtenProposerPrompt;
  return {
    name: 'coding',
    content: CodingContent,
    proposer: {
      prompt: (variant) => prompt(topic, variant),
      // An answer in code ends with its fence; in the paper's layout nothing but the end token ends it.
      stop: executed ? ['```'] : [],
      parse: executed ? parseProposalFile : parseWrittenProposal,
      async verify(drafts) {
        const sandbox = await tools.sandbox();
        return Promise.all(drafts.map(({ id, draft }) => verifyDraft(draft, id, sandbox, { ...options, limits })));
      },
      fingerprint: ({ statement, content }) => ({ text: statement, ...optional('behaviour', content.behaviour) }),
      referenceLines: ({ content }) => referenceLinesOf(content),
    },
    solver: {
      prompts: ({ content }) => [solverPromptFor(content.problem)],
      stop: ['```'],
    },
    async reward(question, answers) {
      const sandbox = await tools.sandbox();
      const gradeAll = (form: readonly string[]) =>
        Promise.all(form.map((text) => gradeAnswer(question, text, sandbox)));
      return { grades: await Promise.all(answers.map(gradeAll)) };
    },
    grade: async (question, answer) => gradeAnswer(question, answer, await tools.sandbox()),
    tags: ({ content }) => content.problem.tags,
    read: (row) => codingQuestion(Problem.parse(row)),
    rowExample:
      '{"id": "sum", "kind": "function", "statement": "Return the sum of nums.", "entry": "solve", "tests": [{"input": [[1, 2]], "output": 3}], "limits": {"timeMs": 1000, "memoryMb": 64}}',
  };
}

async function gradeAnswer({ content }: CodingQuestion, answer: string, sandbox: Sandbox): Promise<Grade> {
  const { problem } = content;
  const code = extractCode(answer, problem.kind === 'assertions' ? problem.language : 'javascript');
  if (!code) {
    return { mark: 'unparsable', reward: 0, answer: '' };
  }
  const result = await sandbox.judge({ problem, ...code });
  return { ...markOf(result), answer: code.source, detail: { kind: 'tests', result } };
}

/** The share of tests passed; nothing where any of them failed through our fault. */
function markOf({ verdict, tests, score }: JudgeResult): Pick<Grade, 'mark' | 'reward'> {
  if (verdict === 'IE' || tests.some((test) => test.verdict === 'IE')) {
    return { mark: 'masked' };
  }
  if (verdict === 'CE') {
    return { mark: 'unparsable', reward: 0 };
  }
  return { mark: verdict === 'AC' ? 'right' : score > 0 ? 'partial' : 'wrong', reward: score };
}
