import { createDomain } from '../../domains/registry.ts';
import { evaluate } from '../../benchmarks/evaluate.ts';
import { findBenchmark, loadBenchmark } from '../../benchmarks/registry.ts';
import { type Split, splits } from '../../benchmarks/split.ts';
import { optional } from '../../base/optional.ts';
import { lazily } from '../../base/lazy.ts';
import { writeFileAtomic } from '../../base/files.ts';
import type { Evaluation } from '../../protocol/records.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import { type Arguments, usage } from '../arguments.ts';
import { policySourceOf, withPolicy } from '../policy.ts';

/** `selfq eval`: one greedy answer to every problem of a benchmark. */
export async function evalCommand(args: Arguments): Promise<number> {
  const name = args.text('benchmark');
  if (name === undefined) {
    throw usage('Which benchmark?', 'Give --benchmark coding, or a JSONL file of problems.');
  }
  const { config, adapter, step } = policySourceOf(args, findBenchmark(name)?.domain);
  const { sandboxWorkers } = config;
  const sandbox = lazily(() => createSandbox(sandboxWorkers > 0 ? { workers: sandboxWorkers } : {}));
  const noBase = () => Promise.reject(new Error('An evaluation asks no base policy.'));
  const domain = createDomain(config, { sandbox: () => sandbox.get(), base: noBase });
  const maxTokens = args.integer('max-tokens', 1) ?? config.maxAnswerTokens;
  const benchmark = await loadBenchmark(name, domain, {
    ...optional('split', splitArgument(args)),
    ...optional('limit', args.integer('limit', 1)),
  });
  try {
    const contextTokens = config.maxPromptTokens + maxTokens;
    const evaluation = await withPolicy({ config, adapter, contextTokens }, ({ model, modelHash, generate }) => {
      const policy = { step, model: model.id, modelHash, adapter: adapter ?? null };
      return evaluate(benchmark, policy, { domain, generate, maxTokens });
    });
    const out = args.text('out');
    if (out !== undefined) {
      writeFileAtomic(out, `${JSON.stringify(evaluation, null, 2)}\n`);
    }
    process.stdout.write(args.has('json') ? `${JSON.stringify(evaluation)}\n` : describe(evaluation));
    return 0;
  } finally {
    await sandbox.close();
  }
}

function describe({ benchmark, solved, total, interval, meanScore }: Evaluation): string {
  const bounds = interval.map((bound) => `${Math.round(100 * bound)} %`).join(' to ');
  return `${benchmark}: ${solved} of ${total} solved (95 % interval ${bounds}), mean score ${meanScore.toFixed(3)}\n`;
}

function splitArgument(args: Arguments): Split | undefined {
  const name = args.text('split');
  const split = splits.find((known) => known === name);
  if (name !== undefined && split === undefined) {
    throw usage(`There is no split "${name}".`, `Choose one of ${splits.join(', ')}.`);
  }
  return split;
}
