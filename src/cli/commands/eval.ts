import { createDomain } from '../../domains/registry.ts';
import { evaluate } from '../../benchmarks/evaluate.ts';
import { listImports } from '../../benchmarks/imported.ts';
import { benchmarks, domainOfBenchmark, loadBenchmark } from '../../benchmarks/registry.ts';
import { firstPrompt } from '../../domains/domain.ts';
import { type Split, splits } from '../../benchmarks/split.ts';
import { optional } from '../../base/optional.ts';
import { lazily } from '../../base/lazy.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { needsPython } from '../../domains/coding/content.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import { findPyodide } from '../../sandbox/host/python.ts';
import { contextFor } from '../../benchmarks/room.ts';
import { evaluationText } from '../../view/evaluation.ts';
import { english } from '../../view/translate.ts';
import { type Arguments, usage } from '../arguments.ts';
import { policySourceOf, withPolicy } from '../policy.ts';
import { table } from '../terminal.ts';

/** `selfq eval`: one greedy answer to every problem of a benchmark. */
export async function evalCommand(args: Arguments): Promise<number> {
  if (args.has('list')) {
    process.stdout.write(args.has('json') ? `${JSON.stringify(benchmarkRows())}\n` : `${listText()}\n`);
    return 0;
  }
  const name = args.text('benchmark');
  if (name === undefined) {
    throw usage('Which benchmark?', 'Give --benchmark NAME (`selfq eval --list`), or a JSONL file of problems.');
  }
  const { config, adapter, step } = policySourceOf(args, domainOfBenchmark(name));
  const { sandboxWorkers } = config;
  const sandbox = lazily(() => createSandbox(sandboxWorkers > 0 ? { workers: sandboxWorkers } : {}));
  const noBase = () => Promise.reject(new Error('An evaluation asks no base policy.'));
  const domain = createDomain(config, { sandbox: () => sandbox.get(), base: noBase });
  const maxTokens = args.integer('max-tokens', 1) ?? config.maxAnswerTokens;
  const benchmark = await loadBenchmark(name, domain, {
    ...optional('split', splitArgument(args)),
    ...optional('limit', args.integer('limit', 1)),
  });
  if (benchmark.questions.some(needsPython)) {
    // Before a model is loaded: it says how to install what is missing.
    findPyodide();
  }
  try {
    const prompts = benchmark.questions.map((question) => firstPrompt(domain, question));
    const contextTokens = contextFor(config.maxPromptTokens, maxTokens, prompts);
    const evaluation = await withPolicy({ config, adapter, contextTokens }, ({ model, modelHash, ...use }) => {
      const policy = { step, model: model.id, modelHash, adapter: adapter ?? null };
      const room = { contextTokens, countTokens: use.countTokens };
      return evaluate(benchmark, policy, { domain, generate: use.generate, maxTokens, room });
    });
    const out = args.text('out');
    if (out !== undefined) {
      writeFileAtomic(out, `${JSON.stringify(evaluation, null, 2)}\n`);
    }
    process.stdout.write(
      args.has('json')
        ? `${JSON.stringify(evaluation)}\n`
        : `${benchmark.name}: ${evaluationText(english, evaluation)}\n`,
    );
    return 0;
  } finally {
    await sandbox.close();
  }
}

/** Shipped and imported benchmarks. */
function benchmarkRows(): { name: string; domain: string; description: string; imported?: true }[] {
  return [
    ...benchmarks.map(({ name, domain, description }) => ({ name, domain, description })),
    ...listImports().map(({ name, domain, questions, formats }) => ({
      ...{ name, domain, description: `${questions} questions, imported as ${formats.join(', ')}` },
      imported: true as const,
    })),
  ];
}

function listText(): string {
  const rows = benchmarkRows().map(({ name, domain, description }) => [name, domain, description]);
  return table([['benchmark', 'domain', 'what it is'], ...rows]);
}

function splitArgument(args: Arguments): Split | undefined {
  const name = args.text('split');
  const split = splits.find((known) => known === name);
  if (name !== undefined && split === undefined) {
    throw usage(`There is no split "${name}".`, `Choose one of ${splits.join(', ')}.`);
  }
  return split;
}
