/**
 * What a model proposes: validity, difficulty and diversity of a domain's proposals, for several ways of asking.
 *
 * usage: node bench/proposals.ts [--model NAME] [--variants rotating,fixed,written] [--count 200] [--seed 1] [--out FILE]
 * Prints one table row a variant; --out writes every proposal with its rejection as JSONL.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { composeExecuted } from '../src/domains/coding/prompts.ts';
import type { Domain } from '../src/domains/domain.ts';
import { meanPairwiseDistance } from '../src/domains/near-duplicate.ts';
import { resolveConfig } from '../src/config/resolve.ts';
import type { Config } from '../src/config/tables.ts';
import { emptyRound, type Round, solveRateOf, textOf } from '../src/selfplay/rollout.ts';
import { playRound } from '../src/selfplay/round.ts';
import { proposerSource } from '../src/selfplay/sources.ts';
import { openBenchModel, scriptArguments } from './policy.ts';
import { contextOf, createPlayground } from './self-play.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    variants: { type: 'string', default: 'rotating,fixed,written' },
    count: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});

/** Ways of asking: the default; one fixed opening without an exemplar; the paper's layout. */
const variants: Readonly<Record<string, { settings: Record<string, string>; change?: (domain: Domain) => Domain }>> = {
  rotating: { settings: {} },
  fixed: {
    settings: {},
    change: (domain) => {
      const opening = { text: 'Given an array of integers nums, return', parameters: 'nums', kind: 'array' as const };
      return { ...domain, proposer: { ...domain.proposer, prompt: () => composeExecuted({ opening }) } };
    },
  },
  written: { settings: { testsMode: 'written' } },
};

const base = resolveConfig('quick', {});
const model = await openBenchModel(scriptArguments(values), {
  onFetch: ({ id }, { stage }) => console.error(`${id}: ${stage}`),
});
const runtime = await model.start({ slots: 64, contextTokens: base.maxPromptTokens + base.maxProposalTokens });
try {
  console.log('| variant | valid | some answer right | between | near-duplicates | distance | tokens | rejected for |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const name of values.variants.split(',')) {
    const variant = variants[name];
    if (!variant) {
      throw new RangeError(`there is no variant "${name}"; choose from ${Object.keys(variants).join(', ')}`);
    }
    const prompts = Math.ceil(Number(values.count) / base.proposalsPerPrompt);
    const config = resolveConfig('quick', { ...variant.settings, seed: values.seed, proposerPrompts: prompts });
    console.log(row(name, await play(config, variant.change)));
  }
} finally {
  await runtime.close();
  await model.close();
}

async function play(config: Config, change = (domain: Domain) => domain): Promise<Round> {
  const { domain, sandbox } = await createPlayground(config, runtime);
  try {
    return await playRound(
      contextOf(config, change(domain), proposerSource, runtime),
      1,
      config.proposerPrompts,
      emptyRound,
    );
  } finally {
    await sandbox.close();
  }
}

/** One row of the table. Shares are of the proposals; of right answers and between, of the valid questions. */
function row(name: string, { proposals, asked }: Round): string {
  const marks = asked.map(({ answers }) => answers.flat().map(({ grade }) => grade?.mark));
  const solvable = marks.filter((group) => group.includes('right')).length;
  const between = asked.map(solveRateOf).filter((rate) => rate !== undefined && rate > 0 && rate < 1).length;
  const tokens = proposals.reduce((sum, { completion }) => sum + completion.tokenIds.length, 0) / proposals.length;
  const reasons = Map.groupBy(
    proposals.flatMap(({ rejection }) => rejection?.reason ?? []),
    (reason) => reason,
  );
  if (values.out) {
    const lines = proposals.map((proposal) =>
      JSON.stringify({ variant: name, text: textOf(proposal), rejection: proposal.rejection ?? null }),
    );
    appendFileSync(values.out, `${lines.join('\n')}\n`);
  }
  const share = (part: number, whole: number): string => `${part} of ${whole} (${Math.round((100 * part) / whole)} %)`;
  return `| ${[
    name,
    share(asked.length, proposals.length),
    share(solvable, asked.length),
    share(between, asked.length),
    share(reasons.get('near_duplicate')?.length ?? 0, proposals.length),
    (meanPairwiseDistance(asked.map(({ question }) => question.statement)) ?? NaN).toFixed(3),
    tokens.toFixed(0),
    [...reasons]
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([reason, { length }]) => `${reason} ${length}`)
      .join(', '),
  ].join(' | ')} |`;
}
