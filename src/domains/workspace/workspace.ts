import type { Seed } from '../../protocol/seed.ts';
import { type Domain, type DomainTools, isRejection, type Rejection } from '../domain.ts';
import { codingDomain, type CodingOptions, defaultLimits } from '../coding/coding.ts';
import type { CodingContent, CodingQuestion, Draft } from '../coding/content.ts';
import { examplesOf } from '../coding/examples.ts';
import { parseProposalFile } from '../coding/parse.ts';
import { verifyDraft } from '../coding/verify.ts';
import { type PromptKind, statementIn, statementPrompt, variationPrompt } from './prompts.ts';

/** What the domain is made with. */
export interface WorkspaceOptions extends CodingOptions {
  /** Share of prompts of the kind `statement`, in [0, 1]. */
  statementShare: number;
}

/** A proposal about a function. */
export interface SeededDraft {
  draft: Draft;
  seed: Seed;
  kind: PromptKind;
}

/** Inputs of a function that become tests of a statement; those of the generator differ enough. */
const seedInputs = 16;
/** Examples of a statement that are run in the place of the last of them. */
const mostExamples = 4;

/**
 * Coding whose proposer sees a function of the person's own code. Questions, answers and judge are those of coding, and so
 * is the name: benchmarks and results of coding are this domain's too. Without `tools.seeds` it evaluates, and cannot
 * propose.
 */
export function workspaceDomain(options: WorkspaceOptions, tools: DomainTools): Domain<SeededDraft, CodingContent> {
  const coding = codingDomain(options, tools);
  const limits = options.limits ?? defaultLimits;
  const seeds = tools.seeds ?? [];
  return {
    ...coding,
    proposer: {
      ...coding.proposer,
      stop: ['```'],
      prompt(variant) {
        const { seed, kind, rest } = drawSeed(seeds, variant, options.statementShare);
        return kind === 'statement' ? statementPrompt(seed) : variationPrompt(seed, options.topic, rest);
      },
      parse(proposal, variant) {
        const { seed, kind } = drawSeed(seeds, variant, options.statementShare);
        const draft = kind === 'statement' ? draftOf(seed, statementIn(proposal)) : parseProposalFile(proposal);
        return isRejection(draft) ? draft : { draft, seed, kind };
      },
      async verify(drafts) {
        const sandbox = await tools.sandbox();
        return Promise.all(
          drafts.map(async ({ id, draft: { draft, seed, kind } }) => {
            // What a function is about is not a matter of the topic.
            const topic = kind === 'statement' ? '' : options.topic;
            return seeded(await verifyDraft(draft, id, sandbox, { ...options, topic, limits }), seed, kind);
          }),
        );
      },
      fingerprint(question) {
        // Statements of one function have one reference: they are told apart by their words.
        const { behaviour, ...words } = coding.proposer.fingerprint(question);
        return question.content.seed?.kind === 'statement' || behaviour === undefined ? words : { ...words, behaviour };
      },
    },
  };
}

/** The function and the kind of prompt that a variant stands for. Throws RangeError without seeds. */
export function drawSeed(
  seeds: readonly Seed[],
  variant: number,
  statementShare: number,
): { seed: Seed; kind: PromptKind; rest: number } {
  const seed = seeds[variant % seeds.length];
  if (!seed) {
    throw new RangeError('The domain workspace proposes from functions, and it was given none.');
  }
  const rest = Math.floor(variant / seeds.length);
  return { seed, kind: rest % 100 < 100 * statementShare ? 'statement' : 'variation', rest: Math.floor(rest / 100) };
}

/**
 * A statement for a function, which is its reference. What the statement itself gives as examples is run too, behind the
 * function's own inputs: one that contradicts the function shows that the statement is wrong.
 */
export function draftOf(seed: Seed, statement: string): Draft {
  const { name, source, parameters } = seed;
  const shown = examplesOf(statement, name)
    .map(({ input }) => input)
    .slice(0, mostExamples);
  const inputs = [...seed.inputs.slice(0, seedInputs - shown.length), ...shown];
  return { statement, reference: source, inputs, entry: name, parameters };
}

/** The question with its origin; a variation that does what the shown function does is a copy of it. */
function seeded(result: CodingQuestion | Rejection, seed: Seed, kind: PromptKind): CodingQuestion | Rejection {
  if (isRejection(result)) {
    return result;
  }
  const { behaviour } = result.content;
  if (kind === 'variation' && behaviour !== undefined && behaviour === seed.behaviour) {
    return { reason: 'copied_from_prompt', detail: `Its reference does what ${seed.name} of the prompt does.` };
  }
  const { file, line, name } = seed;
  return { ...result, content: { ...result.content, seed: { file, line, name, kind } } };
}
