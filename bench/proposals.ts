/**
 * What a model proposes: validity, agreement of statement and reference, difficulty and diversity of the coding
 * domain's proposals, for several ways of asking.
 *
 * usage: node bench/proposals.ts [--model NAME] [--variants rotating,fixed,written] [--count 200] [--seed 1] [--out FILE]
 * Prints one table row a variant; --out writes every proposal with its rejection as JSONL.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { codingDomain } from '../src/domains/coding/coding.ts';
import { composeExecuted } from '../src/domains/coding/prompts.ts';
import { isRejection, type Domain, type Question, type Rejection } from '../src/domains/domain.ts';
import { createDuplicateIndex, meanPairwiseDistance } from '../src/domains/near-duplicate.ts';
import { resolveConfig } from '../src/config/resolve.ts';
import { loadPolicy } from '../src/engine/policy.ts';
import { defaultModelId } from '../src/model/catalogue.ts';
import type { Completion, Prompt } from '../src/protocol/runtime.ts';
import { createSandbox } from '../src/sandbox/host/pool.ts';
import type { Sandbox } from '../src/sandbox/sandbox.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: defaultModelId },
    variants: { type: 'string', default: 'rotating,fixed,written' },
    count: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});

const config = resolveConfig('quick', { model: values.model, slots: 64 });
const perPrompt = 4;
const answersPerQuestion = 4;

type Variant = (group: number) => { domain: Domain; prompt: Prompt };

const domainOf = (testsMode: 'executed' | 'written'): Domain => codingDomain({ ...config, testsMode });

/** Ways of asking: the default; one fixed opening without an exemplar; the paper's layout. */
const variants: Readonly<Record<string, Variant>> = {
  rotating: (group) => {
    const domain = domainOf('executed');
    return { domain, prompt: domain.proposerPrompt(config.topic, group * 7919) };
  },
  fixed: () => {
    const opening = { text: 'Given an array of integers nums, return', parameters: 'nums', kind: 'array' as const };
    return { domain: domainOf('executed'), prompt: composeExecuted({ opening }) };
  },
  written: (group) => {
    const domain = domainOf('written');
    return { domain, prompt: domain.proposerPrompt(config.topic, group * 7919) };
  },
};

const policy = await loadPolicy({
  config,
  observer: {
    onFetch: (model, { stage }) => console.error(`${model.id}: ${stage}`),
    onMemory: ({ message, remedy }) => console.error(`${message}. ${remedy}`),
    onCall: () => undefined,
    onProgress: () => undefined,
  },
});
const sandbox = await createSandbox({ workers: 2 });
try {
  console.log('| variant | valid | agreement | between | near-duplicates | distance | tokens | rejected for |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const name of values.variants.split(',')) {
    const variant = variants[name];
    if (!variant) {
      throw new RangeError(`there is no variant "${name}"; choose from ${Object.keys(variants).join(', ')}`);
    }
    console.log(await measure(name, variant, Number(values.count)));
  }
} finally {
  await policy.close();
  await sandbox.close();
}

/** One row of the table. Shares are of the proposals, agreement and between of the valid questions. */
async function measure(name: string, variant: Variant, count: number): Promise<string> {
  const groups = Array.from({ length: Math.ceil(count / perPrompt) }, (_, group) => variant(group));
  const [first] = groups;
  if (!first) {
    throw new RangeError('--count must be at least 1');
  }
  const { domain } = first;
  const proposals = await generate(
    groups.map(({ prompt }) => prompt),
    perPrompt,
    config.maxProposalTokens,
    domain.proposerStop,
  );
  const texts = proposals.flatMap((group, index) =>
    group.map(({ text }) => (groups[index]?.prompt.prefill ?? '') + text),
  );
  const results = await verifyAll(domain, texts, sandbox);
  const questions = results.filter((result): result is Question => !isRejection(result));
  const rewards = await answerAll(domain, questions);
  const solvable = rewards.filter((group) => group.some((reward) => reward === 1)).length;
  const between = rewards.filter((group) => {
    const mean = group.reduce((sum, reward) => sum + reward, 0) / group.length;
    return mean > 0 && mean < 1;
  }).length;
  const statements = questions.map(({ problem }) => problem.statement);
  const tokens = proposals.flat().reduce((sum, { tokenIds }) => sum + tokenIds.length, 0) / texts.length;
  if (values.out) {
    const lines = texts.map((text, index) => JSON.stringify({ variant: name, text, result: results[index] }));
    appendFileSync(values.out, `${lines.join('\n')}\n`);
  }
  const share = (part: number, whole: number): string => `${part} of ${whole} (${Math.round((100 * part) / whole)} %)`;
  const reasons = Object.entries(countReasons(results)).sort(([, a], [, b]) => b - a);
  return `| ${[
    name,
    share(questions.length, texts.length),
    share(solvable, questions.length),
    share(between, questions.length),
    share(countNearDuplicates(statements), questions.length),
    (meanPairwiseDistance(statements) ?? NaN).toFixed(3),
    tokens.toFixed(0),
    reasons.map(([reason, number]) => `${reason} ${number}`).join(', '),
  ].join(' | ')} |`;
}

async function verifyAll(domain: Domain, texts: string[], runner: Sandbox): Promise<(Question | Rejection)[]> {
  const parsed = texts.map((text) => domain.parse(text));
  const drafts = parsed.flatMap((draft, index) => (isRejection(draft) ? [] : [{ draft, id: `p${index}` }]));
  const verified = await domain.verify(
    drafts.map(({ draft }) => draft),
    drafts.map(({ id }) => id),
    runner,
  );
  let next = 0;
  return parsed.map((draft) => (isRejection(draft) ? draft : (verified[next++] ?? draftLost)));
}

const draftLost: Rejection = { reason: 'not_verified', detail: 'The domain gave no result for it.' };

/** Rewards of the answers of each question; answers that could not be judged are left out. */
async function answerAll(domain: Domain, questions: readonly Question[]): Promise<number[][]> {
  const prompts = questions.map((question) => domain.solverPrompt(question));
  const answers = await generate(prompts, answersPerQuestion, config.maxAnswerTokens, domain.solverStop);
  return Promise.all(
    questions.map(async (question, index) => {
      const texts = (answers[index] ?? []).map(({ text }) => (prompts[index]?.prefill ?? '') + text);
      const judgements = await domain.judge(question, texts, sandbox);
      return judgements.flatMap(({ reward }) => reward ?? []);
    }),
  );
}

async function generate(
  prompts: readonly Prompt[],
  samples: number,
  maxTokens: number,
  stop: readonly string[],
): Promise<Completion[][]> {
  const requests = prompts.map((prompt, index) => ({
    prompt,
    samples,
    maxTokens,
    stop,
    temperature: 1,
    seed: Number(values.seed) * 1_000_003 + index,
  }));
  return policy.generate(requests);
}

function countNearDuplicates(statements: readonly string[]): number {
  const index = createDuplicateIndex(config.nearDuplicate);
  return statements.filter((statement, i) => {
    const duplicate = index.nearest(statement)?.duplicate ?? false;
    index.add(String(i), statement);
    return duplicate;
  }).length;
}

function countReasons(results: readonly (Question | Rejection)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const result of results) {
    if (isRejection(result)) {
      counts[result.reason] = (counts[result.reason] ?? 0) + 1;
    }
  }
  return counts;
}
