import type { Domain, Draft, Question } from '../../src/domains/domain.ts';

/** Share of a text's characters that are small letters: a reward that a model of random weights can learn to raise. */
export function shareOfLetters(text: string): number {
  const characters = Array.from(text);
  return characters.length === 0
    ? 0
    : characters.filter((character) => /[a-z]/.test(character)).length / characters.length;
}

/**
 * The smallest domain: any text is a question, and an answer is the better the more of it is small letters (each
 * character is one test). It makes the whole loop learn on a tiny model of random weights, which writes no code.
 * `enough`: the only test is whether this share of the answer is small letters.
 */
export function lettersDomain(enough?: number): Domain {
  return {
    name: 'letters',
    proposerStop: [],
    solverStop: [],
    proposerPrompt: () => ({ messages: [{ role: 'user', content: 'ask' }] }),
    parse: (proposal): Draft => ({
      statement: proposal.trim() || 'nothing',
      inputs: [],
      entry: 'solve',
      parameters: [],
    }),
    verify: (drafts, ids) =>
      Promise.resolve(
        drafts.map(({ statement }, index): Question => ({
          problem: {
            id: ids[index] ?? '',
            statement,
            kind: 'program',
            tests: [{ input: '', output: 'letters' }],
            limits: { timeMs: 1000, memoryMb: 64 },
            tags: [],
            source: 'self-play',
          },
        })),
      ),
    solverPrompt: () => ({ messages: [{ role: 'user', content: 'answer' }] }),
    judge: (_, answers) => Promise.resolve(answers.map((answer) => judgeLetters(answer, enough))),
    benchmark: () => Promise.resolve([]),
  };
}

function judgeLetters(answer: string, enough?: number): Awaited<ReturnType<Domain['judge']>>[number] {
  const share = shareOfLetters(answer);
  const verdicts =
    enough === undefined ? Array.from(answer || ' ', (character) => /[a-z]/.test(character)) : [share >= enough];
  const tests = verdicts.map((isRight) => ({ verdict: isRight ? ('AC' as const) : ('WA' as const) }));
  const passed = tests.filter(({ verdict }) => verdict === 'AC').length;
  const verdict = passed === tests.length ? ('AC' as const) : ('WA' as const);
  const reward = passed / tests.length;
  const result = { verdict, score: reward, passed, total: tests.length, tests, timeMs: 0 };
  return { answer, reward, wellFormed: true, result };
}
