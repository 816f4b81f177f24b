// Golden vectors for trainers in other languages: what rewards, advantages, guards and fingerprints come out as. Run it to
// write scale/verl/tests/golden.json again; scale.test.ts says where the file is not what the program computes.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { resolveConfig } from '../../src/config/resolve.ts';
import { createDuplicateIndex } from '../../src/domains/near-duplicate.ts';
import { createDomain } from '../../src/domains/registry.ts';
import type { Grade } from '../../src/protocol/question.ts';
import { createSandbox, type SandboxPool } from '../../src/sandbox/host/pool.ts';
import type { Fingerprint } from '../../src/domains/domain.ts';
import { operations, wireFingerprint } from '../../src/scale/operations.ts';
import { groupAdvantages, proposerReward, solverReward } from '../../src/selfplay/rewards.ts';
import { selfPlaySettings } from '../../src/selfplay/settings.ts';

export const goldenPath = new URL('../../scale/verl/tests/golden.json', import.meta.url);

const solverKinds = selfPlaySettings.solverReward.kind.choices;
const proposerKinds = selfPlaySettings.proposerReward.kind.choices;

/** JSON has no undefined: what is masked is null. */
const masked = (rewards: readonly (number | undefined)[]): (number | null)[] => rewards.map((reward) => reward ?? null);

/** Groups of rewards: ordinary ones, and those at the edge. */
const rewardGroups: (number | undefined)[][] = [
  [1, 0, 1, 0],
  [1, 0, 0, 0],
  [0, 0, 0, 0],
  [1, 1, 1, 1],
  [0.5, 0.25, 1, 0],
  [0.1, 0.1, 0.1, 0.1],
  [0.1, 0.2, 0.3],
  [1, undefined, 0, undefined],
  [undefined, undefined],
  [1, undefined],
  [undefined],
  [0.75],
  [],
  [1 / 3, 2 / 3, 1 / 3, undefined, 1],
  [1e-9, 0, 0],
  Array.from({ length: 64 }, (_, index) => ((index * 7) % 10) / 10),
];

const grades: Grade[] = [
  { mark: 'right', reward: 1, answer: 'a' },
  { mark: 'partial', reward: 0.4, answer: 'a' },
  { mark: 'wrong', reward: 0, answer: 'a' },
  { mark: 'unparsable', reward: 0, answer: '' },
  { mark: 'masked', answer: 'a' },
];

interface Case {
  settings: Record<string, string | number>;
  /** Proposals by id. */
  proposals: [id: string, text: string][];
  /** Answers to the question of a proposal: [form][sample]; the last form's are given to further ones. */
  answers: Record<string, string[][]>;
}

const fence = (code: string): string => `\`\`\`javascript\n${code}\n\`\`\``;

const reference = (statement: string, body: string, calls: readonly string[]): string =>
  [
    '```js',
    '/**',
    ` * ${statement}`,
    ' */',
    'function solve(nums) {',
    `  ${body}`,
    '}',
    '',
    ...calls.map((call) => `console.log(solve(${call}));`),
    '',
  ].join('\n');

const story = 'A farm has hens and pigs, which have 30 heads and 86 legs in all. How many hens are on the farm?';

const direct = (answer: string): string => `<answer>${answer}</answer>`;

const cases: Record<string, Case> = {
  'arithmetic, a majority': {
    settings: { domain: 'arithmetic', label: 'majority', answerForm: 'think', operators: '+-*/' },
    proposals: [
      ['p1.0.0', '12 + 30 * 2'],
      ['p1.0.1', '12 + 30 * 2'],
      ['p1.0.2', '7 / 0'],
      ['p1.0.3', 'no expression at all'],
    ],
    answers: {
      'p1.0.0': [[direct('72'), direct('72'), direct('84'), 'nothing']],
    },
  },
  'arithmetic, a vote that is a tie, and one of no value': {
    settings: { domain: 'arithmetic', label: 'majority', answerForm: 'think' },
    proposals: [
      ['p1.0.0', '45 - 17'],
      ['p1.0.1', '19 * 3'],
    ],
    answers: {
      'p1.0.0': [[direct('28'), direct('28'), direct('32'), direct('32')]],
      'p1.0.1': [['x', 'y', '', direct('fifty')]],
    },
  },
  'arithmetic, forms that agree': {
    settings: { domain: 'arithmetic', label: 'agreement', answerForm: 'direct' },
    proposals: [['p2.1.0', '23 + 58']],
    answers: {
      'p2.1.0': [
        ['81', '81', '71', '23'],
        ['81', '81', '58', 'word'],
      ],
    },
  },
  'arithmetic, the truth as the label': {
    settings: { domain: 'arithmetic', label: 'truth', answerForm: 'direct', operators: '+-*/' },
    proposals: [['p3.0.0', '144 / 10']],
    answers: {
      'p3.0.0': [
        ['14.4', '72/5', '14', ''],
        ['14.4', '15', 'x', '144/10'],
      ],
    },
  },
  algebra: {
    settings: { domain: 'algebra', label: 'majority', answerForm: 'think' },
    proposals: [
      ['p4.0.0', `Problem: ${story}\nFind: h\nEquations: h + p = 30, 2*h + 4*p = 86\n`],
      ['p4.0.1', `Problem: ${story}\nFind: h\nEquations: h + p = 30, 2*h + 2*p = 60\n`],
    ],
    answers: { 'p4.0.0': [[direct('h = 17'), direct('17'), direct('34/2'), direct('30')]] },
  },
  coding: {
    settings: { domain: 'coding', testsMode: 'executed', minDistinctTests: 2 },
    proposals: [
      [
        'p5.0.0',
        reference(
          'Given an array of integers nums, return the sum of the numbers in it.',
          'return nums.reduce((sum, value) => sum + value, 0);',
          ['[1, 2, 3]', '[]', '[5]', '[-1, 1]'],
        ),
      ],
      [
        'p5.0.1',
        reference('Given an array of integers nums, return the largest number in it.', 'throw new Error("no");', [
          '[1]',
          '[2, 3]',
          '[3, 2]',
        ]),
      ],
      ['p5.0.2', 'function'],
    ],
    answers: {
      'p5.0.0': [
        [
          fence('function solve(nums) { let sum = 0; for (const x of nums) sum += x; return sum; }'),
          fence('function solve(nums) { return nums[0]; }'),
          fence('function solve(nums) { return "none"; }'),
          fence('function solve(nums) { for (;;) {} }'),
          fence('function solve(nums) { return'),
          fence('function other() { return 1; }'),
          'I cannot.',
          '',
        ],
      ],
    },
  },
};

/** What questions are the same by, in the order in which they are asked. */
const fingerprints: Fingerprint[] = [
  { text: 'Return the sum of all numbers in the list, or zero for an empty list.' },
  { text: 'Return the sum of all numbers in the list, or zero for an empty array.' },
  { text: 'Return the product of the even numbers of a matrix.', behaviour: 'a' },
  { text: 'Return the sum of all numbers in the list, or zero for an empty list.' },
  { text: 'Count the words.', behaviour: 'a' },
  { text: 'Count the words.' },
  { key: '[+1 +2]' },
  { key: '[*3 *4]', text: 'A farm has hens and pigs.' },
  { key: '[+1 +2]' },
  { key: '[+1 +3]', text: 'A farm has hens and pigs.' },
  {},
];

/** All vectors. `sandbox` judges the answers of the coding domain. */
export async function goldenVectors(sandbox: SandboxPool): Promise<object> {
  const questions = [];
  for (const [name, golden] of Object.entries(cases)) {
    questions.push({ name, ...(await playCase(golden, sandbox)) });
  }
  return {
    solverReward: grades.flatMap((grade) =>
      solverKinds.map((kind) => ({ grade, kind, reward: solverReward(grade, kind) ?? null })),
    ),
    proposerReward: rewardGroups.flatMap((rewards) =>
      proposerKinds.map((kind) => ({ rewards: masked(rewards), kind, reward: proposerReward(rewards, kind) ?? null })),
    ),
    advantages: rewardGroups.map((rewards) => ({ rewards: masked(rewards), advantages: groupAdvantages(rewards) })),
    questions,
    duplicates: [0.5, 0.8, 1].flatMap((threshold) => duplicates(threshold)),
  };
}

/** A case through the operations that are served; what differs between machines (times) is left away. */
async function playCase({ settings, proposals, answers }: Case, sandbox: SandboxPool) {
  const config = resolveConfig('quick', settings);
  if (config.domain === 'user') {
    throw new RangeError('vectors are of the domains that are served');
  }
  const base = () => Promise.reject(new Error('there is no base policy'));
  const play = { config, domain: createDomain(config, { sandbox: () => Promise.resolve(sandbox), base }) };
  const call = async <Result>(name: string, body: object): Promise<Result[]> => {
    const reply = await operations.get(name)?.prepare(body).run(play);
    return (reply as { results: Result[] }).results;
  };
  const verified = await call<{ id: string; rejection?: object; question?: Record<string, unknown> }>('verify', {
    proposals: proposals.map(([id, text]) => ({ id, text })),
  });
  const asked = verified.flatMap(({ question }) => (question && answers[String(question['id'])] ? [question] : []));
  const rewarded = await call<{ id: string; grades: Grade[][]; label?: object }>('reward', {
    items: asked.map((question) => ({ question, answers: answers[String(question['id'])] })),
  });
  return {
    settings,
    proposals: proposals.map(([id, text], index) => ({ id, text, ...verified[index] })),
    answered: rewarded.map(({ id, grades: forms, label }) => ({
      id,
      answers: answers[id],
      grades: forms.map((form) => form.map(({ mark, reward, answer }) => ({ mark, reward: reward ?? null, answer }))),
      label: label ?? null,
      solver: Object.fromEntries(
        solverKinds.map((kind) => {
          const rewards = forms.map((form) => form.map((grade) => solverReward(grade, kind)));
          return [kind, { rewards: rewards.map(masked), advantages: rewards.map(groupAdvantages) }];
        }),
      ),
      proposer: Object.fromEntries(
        proposerKinds.map((kind) => [
          kind,
          proposerReward(
            forms.flat().map(({ reward }) => reward),
            kind,
          ) ?? null,
        ]),
      ),
    })),
  };
}

/** Which questions repeat an earlier one at a threshold: its id and the similarity, and the one that behaves alike. */
function duplicates(threshold: number) {
  const index = createDuplicateIndex(threshold);
  const asked = fingerprints.map((fingerprint, position) => {
    const id = `p1.${position}.0`;
    const nearest = index.nearest(fingerprint) ?? null;
    const sameAs = index.behavingAlike(fingerprint) ?? null;
    index.add(id, fingerprint);
    return { id, fingerprint: wireFingerprint(fingerprint), nearest, sameAs };
  });
  return { threshold, asked };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const sandbox = await createSandbox({ workers: 1 });
  writeFileSync(goldenPath, `${JSON.stringify(await goldenVectors(sandbox), null, 1)}\n`);
  await sandbox.close();
}
