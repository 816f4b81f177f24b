import { createDomain } from '../../domains/registry.ts';
import { evaluate, loadBenchmark } from '../../engine/evaluate.ts';
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
  const { config, adapter, step } = policySourceOf(args);
  const domain = createDomain(config.domain, config);
  const maxTokens = args.integer('max-tokens', 1) ?? config.maxAnswerTokens;
  const benchmark = await loadBenchmark(name, domain, args.integer('limit', 1));
  const { sandboxWorkers } = config;
  const sandbox = await createSandbox(sandboxWorkers > 0 ? { workers: sandboxWorkers } : {});
  try {
    const contextTokens = config.maxPromptTokens + maxTokens;
    const evaluation = await withPolicy({ config, adapter, contextTokens }, ({ model, modelHash, generate }) => {
      const policy = { step, model: model.id, modelHash, adapter: adapter ?? null };
      return evaluate(benchmark, policy, { domain, sandbox, generate, maxTokens });
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
