import type { JudgeResult, Limits } from '../../protocol/problem.ts';
import { extractCode } from '../../sandbox/judge/extract.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Domain, Judgement, Question } from '../domain.ts';
import { loadBenchmark } from '../../benchmarks/coding.ts';
import { parseProposalFile } from './parse.ts';
import { parseWrittenProposal } from './parse-written.ts';
import { executedProposerPrompt, solverPromptFor, writtenProposerPrompt } from './prompts.ts';
import { verifyDraft } from './verify.ts';

export interface CodingOptions {
  /** `executed`: outputs come from the proposal's reference solution; `written`: from the proposer (the paper). */
  testsMode: 'executed' | 'written';
  minDistinctTests: number;
  maxTests: number;
  /** The run's topic, which statements are held to; empty = anything. */
  topic: string;
  /** Of one test of a generated question. */
  limits?: Limits;
}

const defaultLimits: Limits = { timeMs: 1000, memoryMb: 64 };

/** Tests that count for the reward (method section 1). */
const rewardedTests = 10;

/** Programming exercises for JavaScript functions, scored by tests in the sandbox. */
export function codingDomain(options: CodingOptions): Domain {
  const { testsMode, minDistinctTests, maxTests, topic, limits = defaultLimits } = options;
  const executed = testsMode === 'executed';
  return {
    name: 'coding',
    proposerPrompt: executed ? executedProposerPrompt : writtenProposerPrompt,
    // An answer in code ends with its fence; in the paper's layout nothing but the end token ends it.
    proposerStop: executed ? ['```'] : [],
    solverStop: ['```'],
    parse: executed ? parseProposalFile : parseWrittenProposal,
    verify: (drafts, ids, sandbox) =>
      Promise.all(
        drafts.map((draft, i) =>
          verifyDraft(draft, ids[i] ?? `draft-${i}`, sandbox, { topic, minDistinctTests, maxTests, limits }),
        ),
      ),
    solverPrompt: (question) => solverPromptFor(question.problem),
    judge: (question, answers, sandbox) => Promise.all(answers.map((answer) => judgeAnswer(question, answer, sandbox))),
    benchmark: loadBenchmark,
  };
}

async function judgeAnswer({ problem }: Question, answer: string, sandbox: Sandbox): Promise<Judgement> {
  const code = extractCode(answer);
  if (!code) {
    return { answer: '', reward: 0, wellFormed: false };
  }
  const result = await sandbox.judge({ problem, ...code });
  return { answer: code.source, reward: rewardOf(result), wellFormed: result.verdict !== 'CE', result };
}

/** Share of the first ten tests passed; undefined where any of them failed by our fault. */
function rewardOf(result: JudgeResult): number | undefined {
  const tests = result.tests.slice(0, rewardedTests);
  if (result.verdict === 'IE' || tests.some((test) => test.verdict === 'IE')) {
    return undefined;
  }
  return tests.length === 0 ? 0 : tests.filter((test) => test.verdict === 'AC').length / tests.length;
}
