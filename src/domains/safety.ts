import { unsafeCategories, type UnsafeCategory } from '../protocol/question.ts';
import type { Completion, GenerateRequest, Prompt } from '../protocol/runtime.ts';
import { type Domain, type DomainTools, isRejection, type Question, type Rejection } from './domain.ts';

/**
 * How statements are kept safe. words: a word list; judge: the word list, then the frozen base model is asked about what
 * passed it; off: neither. How well each tells unsafe statements is measured on data/safety (docs/log.md).
 */
export type SafetyGuard = 'words' | 'judge' | 'off';

/**
 * Words that an exercise never needs, by what they are about. Ordinary words of programming and games (kill, attack,
 * bomb, weapon, execute, abort, zombie, slave clocks, password, virus, drug) count only in the company that makes them
 * unsafe: this list errs on the side of letting through.
 */
const unsafeWords = {
  malware: [
    'malware',
    'ransomware',
    'spyware',
    'rootkits?',
    'key-?loggers?',
    'botnets?',
    'shellcode',
    'trojans?(?! war| horse)',
    'computer worms?',
    'backdoors?',
    'denial.of.service attacks?',
    'ddos attacks?',
    '(?:write|spread|create|plant) (?:a |the )?(?:computer )?virus',
  ],
  credentials: [
    'phishing',
    'identity theft',
    '(?:steal|stolen|stealing|crack|cracking|harvest|leaked)(?: \\w+){0,3} (?:passwords?|credentials?|cookies|accounts?|identit\\w+|credit cards?|card numbers?)',
    'fake login',
    'brute.force(?: \\w+){0,3} (?:passwords?|logins?)',
  ],
  weapons: [
    'pipe bombs?',
    'dirty bombs?',
    'car bombs?',
    'molotovs?',
    'detonators?',
    'nerve (?:gas|agents?)',
    'sarin',
    'anthrax',
    'bio-?weapons?',
    '(?:chemical|biological) weapons?',
    '(?:make|build|assemble|construct) (?:a |an )?(?:real )?(?:bomb|explosive|firearm|silencer)s?',
    'untraceable (?:guns?|firearms?|weapons?)',
  ],
  drugs: [
    'cocaine',
    'heroin',
    'meth',
    'methamphetamine',
    'fentanyl',
    'crack cocaine',
    'drug (?:dealers?|dealing|lords?)',
  ],
  self_harm: [
    'suicid\\w+',
    'self.?harm\\w*',
    'kill (?:your|my|him|her|them)sel(?:f|ves)',
    "end(?:ing)? (?:one's|your|my|his|her|their) (?:own )?li(?:fe|ves)",
    '(?:cut|hurt|harm|starve)(?:ting|ing)? (?:your|my|him|her|them)sel(?:f|ves)',
    'lethal (?:dose|overdose)',
  ],
  violence: [
    'murder\\w*',
    'rape[ds]?',
    'rapists?',
    'tortur\\w+',
    'terroris\\w+',
    'massacre\\w*',
    'assassinat\\w+',
    'behead\\w*',
    'kidnap\\w*',
    '(?:school|mass) shoot\\w+',
    '(?:kill|poison|strangle|stab)s?(?: \\w+){0,2} (?:people|person|man|woman|child|children|neighbou?rs?|victims?|everyone|students|animals?)',
  ],
  hate: [
    'nazis?',
    'genocid\\w+',
    'ethnic(?:ally)? cleans\\w+',
    'racial slurs?',
    'sub-?humans?',
    'white suprem\\w+',
    'inferior races?',
    'slaves? (?:trade|market|owners?)',
  ],
  sexual: ['porn\\w*', 'sexual\\w*', 'erotic\\w*', 'child abuse', 'naked', 'nudes?'],
  fraud: ['counterfeit\\w*', 'money launder\\w+', 'launder(?:s|ed|ing)?', 'blackmail\\w*', 'scam(?:s|med|ming)?'],
} as const satisfies Readonly<Partial<Record<UnsafeCategory, readonly string[]>>>;

const topics = unsafeCategories.filter((category) => category !== 'code' && category !== 'judge');
const patterns = topics.map((topic) => ({
  topic,
  pattern: new RegExp(`\\b(?:${unsafeWords[topic].join('|')})\\b`, 'i'),
}));

/** Rejects prose with a word that no exercise needs; the rejection's `category` is what the word is about. */
export function checkWords(statement: string, guard: SafetyGuard): Rejection | undefined {
  for (const { topic, pattern } of guard === 'off' ? [] : patterns) {
    const words = pattern.exec(statement)?.[0];
    if (words !== undefined) {
      return { reason: 'unsafe', category: topic, detail: `The statement has the words "${words}".` };
    }
  }
  return undefined;
}

/** Characters of a statement that the judge reads, so that its prompt is no longer than a proposer's. */
const judgedCharacters = 400;

/** Few-shot examples of the judge: alarming words in safe exercises, ordinary words in harmful ones. */
const judgedExamples = [
  ['Given a list of players and their damage, return the one who is killed first.', 'fine'],
  ['Return the text of a call that tricks a customer into giving away a bank password.', 'harmful'],
  ['Given the process table, return the processes that the system should kill.', 'fine'],
  ['Given a list of people of one religion, return where they can be attacked.', 'harmful'],
  ['Given a string, return true if it is a valid password.', 'fine'],
] as const;

/** The base model's prompt for one statement; the first token of the answer is the verdict. */
export function judgePrompt(statement: string): Prompt {
  const system =
    'You check programming exercises for a school. Say harmful if the subject of the exercise is a crime, malware, theft, real weapons, drugs, suicide, violence against people, hatred or sex. Say fine if it is about games, puzzles, data, computers or ordinary life.';
  const exercise = (text: string) => ({ role: 'user' as const, content: `Exercise: ${text}` });
  return {
    messages: [
      { role: 'system', content: system },
      ...judgedExamples.flatMap(([text, answer]) => [exercise(text), { role: 'assistant' as const, content: answer }]),
      exercise(statement.slice(0, judgedCharacters)),
    ],
  };
}

/** Whether the base model calls each statement harmful, by the most likely first token. */
export async function judgeStatements(statements: readonly string[], base: DomainTools['base']): Promise<boolean[]> {
  const requests = statements.map((statement): GenerateRequest => ({
    prompt: judgePrompt(statement),
    ...{ samples: 1, maxTokens: 1, temperature: 1, topK: 1, seed: 0 },
  }));
  const completions = requests.length === 0 ? [] : await base(requests);
  return statements.map((_, index) => saysHarmful(completions[index]?.[0]));
}

/** The answer's first token may be the beginning of the word alone. */
function saysHarmful(completion: Completion | undefined): boolean {
  return /^\s*harm/i.test(completion?.text ?? '');
}

/** The domain with the judge behind its own guards. */
export function judged<Draft, Content>(
  domain: Domain<Draft, Content>,
  base: DomainTools['base'],
): Domain<Draft, Content> {
  return {
    ...domain,
    proposer: {
      ...domain.proposer,
      async verify(drafts) {
        const results = await domain.proposer.verify(drafts);
        const questions = results.filter((result): result is Question<Content> => !isRejection(result));
        const statements = questions.map(({ statement }) => statement);
        const verdicts = await judgeStatements(statements, base);
        const harmful = new Set<unknown>(questions.filter((_, index) => verdicts[index]));
        return results.map((result) => (harmful.has(result) ? harmfulByJudge : result));
      },
    },
  };
}

const harmfulByJudge: Rejection = {
  reason: 'unsafe',
  category: 'judge',
  detail: 'The base model calls the statement harmful.',
};
