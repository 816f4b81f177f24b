import * as z from 'zod';
import { optional } from '../../src/base/optional.ts';
import type { Domain, Rejection } from '../../src/domains/domain.ts';
import { checkWords } from '../../src/domains/safety.ts';
import { createDuplicateIndex } from '../../src/domains/near-duplicate.ts';
import type { RunEvent } from '../../src/protocol/control.ts';
import type { Grade } from '../../src/protocol/question.ts';
import type { Completion, GenerateRequest, TrainOptions, TrainSequence } from '../../src/protocol/runtime.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { Config } from '../../src/config/tables.ts';
import type { Policy, QuestionSource, StepContext } from '../../src/selfplay/context.ts';
import { proposerSource } from '../../src/selfplay/sources.ts';

/** What a fake policy was asked to train on. */
export interface Trained {
  sequences: readonly TrainSequence[];
  options: TrainOptions;
}

/**
 * A policy that says what a script tells it: `say(request, sample)`. A token is a character, each with the logprob -1 by
 * the sampler and -1.5 by the trainer (-2 with the adapter off).
 */
export function fakePolicy(say: (request: GenerateRequest, sample: number) => string) {
  const trained: Trained[] = [];
  const asked: GenerateRequest[] = [];
  const embedded: string[] = [];
  const complete = (request: GenerateRequest, sample: number): Completion => {
    const text = say(request, sample);
    const tokenIds = Array.from(text, (character) => character.codePointAt(0) ?? 0);
    return { text, promptTokenIds: [1, 2], tokenIds, logprobs: tokenIds.map(() => -1), finishReason: 'stop' };
  };
  const policy: Policy = {
    async generate(requests) {
      asked.push(...requests);
      return requests.map((request) =>
        Array.from({ length: request.samples }, (_, sample) => complete(request, sample)),
      );
    },
    countTokens: async (prompts) =>
      prompts.map(({ messages }) => messages.map(({ content }) => content).join('').length),
    // A text's hidden state is how often each of its letters occurs.
    embed: async (texts) => {
      embedded.push(...texts.map(({ text }) => text));
      return texts.map(({ text }) =>
        Array.from('abcdefghijklmnopqrstuvwxyz', (letter) => text.split(letter).length - 1),
      );
    },
    logprobs: async (sequences, adapter) => sequences.map(({ tokenIds }) => tokenIds.map(() => (adapter ? -1.5 : -2))),
    async train(sequences, options) {
      trained.push({ sequences, options });
      const used = sequences.filter(({ advantage }) => advantage !== 0);
      return [
        {
          sequences: sequences.map(({ id, tokenIds }) =>
            used.some((sequence) => sequence.id === id)
              ? { id, tokenWeight: 0.1, logprobs: tokenIds.map(() => -1.5) }
              : { id, tokenWeight: 0.1 },
          ),
          ...{ loss: 0.5, kl: 0, clipRatio: 0, gradNorm: 1, learningRate: options.learningRate, applied: true },
        },
      ];
    },
  };
  return { policy, trained, asked, embedded };
}

/**
 * A domain of words: a proposal is a question unless it is "bad", an answer is graded by its first letter: r right,
 * p half, w wrong, m masked, u unparsable. What stands behind `~` is what its reference does, behind `=` how many lines
 * it has. `forms`: how many forms a question is asked in.
 */
export function wordsDomain(forms = 1): Domain<string, string> {
  const grades: Readonly<Record<string, Grade>> = {
    r: { mark: 'right', reward: 1, answer: 'r' },
    p: { mark: 'partial', reward: 0.5, answer: 'p' },
    w: { mark: 'wrong', reward: 0, answer: 'w' },
    u: { mark: 'unparsable', reward: 0, answer: '' },
    m: { mark: 'masked', answer: '' },
  };
  const gradeOf = (text: string): Grade => grades[text[0] ?? ''] ?? { mark: 'unparsable', reward: 0, answer: '' };
  const malformed: Rejection = { reason: 'malformed', detail: 'It is bad.' };
  const fault: Rejection = { reason: 'sandbox_fault', detail: 'It could not be verified.' };
  return {
    name: 'words',
    content: z.string(),
    proposer: {
      prompt: (variant) => ({ messages: [{ role: 'user', content: `ask ${variant}` }], prefill: 'Q: ' }),
      stop: ['\n'],
      parse: (text) => (text.includes('bad') ? malformed : text.replace('Q: ', '')),
      verify: async (drafts) =>
        drafts.map(({ id, draft }) => {
          const unsafe = checkWords(draft, 'words');
          return draft === 'fault' ? fault : (unsafe ?? { id, statement: draft, content: draft });
        }),
      fingerprint: ({ content }) => ({ key: content, ...optional('behaviour', content.split('~')[1]) }),
      referenceLines: ({ content }) => (content.includes('=') ? Number(content.split('=')[1]) : undefined),
    },
    solver: {
      prompts: ({ statement }) =>
        Array.from({ length: forms }, (_, form) => ({
          messages: [{ role: 'user', content: `${statement} #${form}` }],
        })),
      stop: [],
    },
    reward: async (_, answers) => ({ grades: answers.map((form) => form.map(gradeOf)) }),
    grade: async (_, answer) => (answer.startsWith('t') ? { mark: 'right', reward: 1, answer: 't' } : gradeOf(answer)),
    read: (row, id) => ({ id, statement: z.string().parse(row), content: z.string().parse(row) }),
  };
}

export interface FakeStep {
  settings?: Readonly<Record<string, string | number>>;
  domain?: Domain;
  source?: QuestionSource;
}

/** A step's context over a fake policy, with what was told. */
export function fakeContext(
  policy: Policy,
  { settings = {}, domain = wordsDomain(), source = proposerSource }: FakeStep,
) {
  const config: Config = resolveConfig('quick', {
    proposerPrompts: 1,
    proposalsPerPrompt: 2,
    answersPerQuestion: 2,
    ...settings,
  });
  const events: RunEvent[] = [];
  const stages: string[] = [];
  const context: StepContext = {
    config,
    domain,
    source,
    policy,
    duplicates: createDuplicateIndex(config.nearDuplicate),
    heldOut: createDuplicateIndex(config.nearDuplicate),
    notify: (event) => events.push(event),
    stage: (stage, work) => {
      stages.push(stage);
      return work();
    },
    seconds: () => ({}),
  };
  return { context, events, stages };
}
