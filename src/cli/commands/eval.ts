import { statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../../base/cache-dir.ts';
import { BoundaryError } from '../../base/errors.ts';
import { fileHash } from '../../base/file-hash.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { lazily } from '../../base/lazy.ts';
import { optional } from '../../base/optional.ts';
import { type Answering, evaluate, journalOwner } from '../../benchmarks/evaluate.ts';
import { type Journal, type JournalOwner, openJournal } from '../../benchmarks/journal.ts';
import { listImports } from '../../benchmarks/imported.ts';
import { type Benchmark, benchmarks, domainOfBenchmark, loadBenchmark } from '../../benchmarks/registry.ts';
import { contextFor } from '../../benchmarks/room.ts';
import type { Config } from '../../config/tables.ts';
import { type Domain, firstPrompt, type Question } from '../../domains/domain.ts';
import { needsPython } from '../../domains/coding/content.ts';
import { openDomain } from '../../domains/registry.ts';
import { generateWith } from '../../engine/evaluations.ts';
import type { PolicySource } from '../../engine/policy-source.ts';
import { trainedFiles } from '../../engine/policy.ts';
import { type Evaluation, type Split, splits } from '../../protocol/records.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import { findPyodide } from '../../sandbox/host/python.ts';
import { type Arguments, usage } from '../arguments.ts';
import { createEvaluationProgress, evaluationReport } from '../evaluation-text.ts';
import { policySourceOf, withPolicy } from '../policy.ts';
import { table } from '../terminal.ts';

/** `selfq eval`: answers to every question of a benchmark, graded by the known truth. */
export async function evalCommand(args: Arguments): Promise<number> {
  if (args.has('list')) {
    process.stdout.write(args.has('json') ? `${JSON.stringify(await benchmarkRows())}\n` : `${await listText()}\n`);
    return 0;
  }
  const [asked, out] = [args.text('benchmark'), args.text('out')];
  if (out !== undefined && statSync(out, { throwIfNoEntry: false })?.isDirectory()) {
    throw usage(`${out} is a folder.`, 'Give --out the path of a file.');
  }
  const cut = args.texts('set').find((set) => /^top[PK]=/.test(set));
  if (cut !== undefined) {
    throw usage(`An evaluation draws from the whole distribution: ${cut} is not computed.`, 'Leave it out.');
  }
  const source = await policySourceOf(args, asked === undefined ? undefined : domainOfBenchmark(asked));
  const name = asked ?? ownQuestions(source.config);
  const answering = answeringOf(args, source.config);
  const { sandboxWorkers } = source.config;
  const sandbox = lazily(() => createSandbox(sandboxWorkers > 0 ? { workers: sandboxWorkers } : {}));
  const noBase = () => Promise.reject(new Error('An evaluation asks no base policy.'));
  const domain = await openDomain(source.config, { sandbox: () => sandbox.get(), base: noBase });
  const benchmark = await loadBenchmark(name, domain, {
    ...optional('split', splitArgument(args)),
    ...optional('limit', args.integer('limit', 1)),
  });
  if (benchmark.questions.length === 0) {
    throw usage(`${name} has no questions of that part.`, 'Leave --split out, or take another benchmark.');
  }
  if (!args.has('questions') && benchmark.questions.some(needsPython)) {
    // Before a model is loaded: it says how to install what is missing.
    findPyodide();
  }
  try {
    if (args.has('questions')) {
      process.stdout.write(
        benchmark.questions.map((question) => `${JSON.stringify(withPrompt(domain, question))}\n`).join(''),
      );
      return 0;
    }
    const evaluation = await evaluateOn(benchmark, source, { domain, answering, out });
    process.stdout.write(
      args.has('json')
        ? `${JSON.stringify(evaluation)}\n`
        : `${evaluationReport(evaluation, { problems: args.has('problems') })}\n`,
    );
    return 0;
  } finally {
    await sandbox.close();
  }
}

/** The questions that a domain of the user's own brings. Throws BoundaryError('usage') where there are none. */
function ownQuestions(config: Config): string {
  if (config.domain === 'user' && config.evalBenchmark !== '') {
    return config.evalBenchmark;
  }
  throw config.domain === 'user'
    ? usage(`${config.domainFolder} has no questions.jsonl.`, 'Write some there, or give --benchmark FILE.')
    : usage('Which benchmark?', 'Give --benchmark NAME (`selfq eval --list`), or a JSONL file of problems.');
}

/** A question with what the policy is asked. */
function withPrompt(domain: Domain, question: Question): object {
  return { ...question, prompt: firstPrompt(domain, question) };
}

/** How questions are answered: greedy, unless there are several samples or a temperature is given. */
function answeringOf(args: Arguments, config: Config): Answering {
  const samples = args.integer('samples', 1) ?? 1;
  const temperature = args.number('temperature', 0, 4) ?? (samples === 1 ? 0 : config.temperature);
  if (samples > 1 && temperature === 0) {
    throw usage(
      `${samples} greedy answers to a question would be the same.`,
      'Give a --temperature above 0, or leave --samples out.',
    );
  }
  return {
    ...{ samples, temperature },
    seed: args.integer('seed', 0) ?? config.seed,
    maxTokens: args.integer('max-tokens', 1) ?? config.maxAnswerTokens,
  };
}

/** Evaluates a policy, from where an interrupted evaluation of it ended, and writes the result to `out`. */
async function evaluateOn(
  benchmark: Benchmark,
  { config, adapter, step }: PolicySource,
  { domain, answering, out }: { domain: Domain; answering: Answering; out: string | undefined },
): Promise<Evaluation> {
  const prompts = benchmark.questions.map((question) => firstPrompt(domain, question));
  const contextTokens = contextFor(config.maxPromptTokens, answering.maxTokens, prompts);
  const adapterHash = adapter === undefined ? undefined : await hashOf(adapter);
  const progress = createEvaluationProgress(benchmark);
  let journal: Journal | undefined;
  try {
    const evaluation = await withPolicy({ config, adapter, contextTokens }, async ({ model, modelHash, ...use }) => {
      const { evalPrecision: precision } = use.precisions;
      const policy = { step, model: model.id, modelHash, adapter: adapter ?? null, precision };
      const owner = journalOwner(benchmark, policy, answering, { domain, ...optional('adapterHash', adapterHash) });
      journal = openEvaluationJournal(out, owner);
      progress.begin(journal.problems.size);
      const room = { contextTokens, countTokens: use.countTokens };
      const tools = { domain, room, journal, generate: generateWith(use), onProgress: progress.show };
      return evaluate(benchmark, policy, answering, tools);
    });
    if (out !== undefined) {
      writeFileAtomic(out, `${JSON.stringify(evaluation, null, 2)}\n`);
    }
    journal?.remove();
    return evaluation;
  } catch (error) {
    throw journal && error instanceof BoundaryError && error.boundary === 'interrupted'
      ? interrupted(error, benchmark, progress.done())
      : error;
  } finally {
    progress.clear();
  }
}

function interrupted(error: BoundaryError, { questions }: Benchmark, done: number): BoundaryError {
  return new BoundaryError(
    'interrupted',
    `Interrupted: the answers to ${done} of ${questions.length} questions are kept.`,
    'The same command continues from there.',
    { cause: error },
  );
}

/** Beside the result, or in the cache folder. */
function openEvaluationJournal(out: string | undefined, owner: JournalOwner): Journal {
  const path =
    out === undefined ? join(cacheDir(), 'evaluations', `${owner.key.slice(0, 32)}.journal`) : `${out}.journal`;
  return openJournal(path, owner, (what) => {
    throw usage(
      `${path} holds answers of another evaluation${what === undefined ? '' : ` (${what})`}.`,
      'Continue that one with the command it was begun with, take another --out, or delete the file.',
    );
  });
}

/** Hash of what was trained, since a folder's name does not tell whether it is still the same. */
async function hashOf(adapter: string): Promise<string> {
  const hashes = await Promise.all(trainedFiles(adapter).map((path) => fileHash(path, cacheDir())));
  return hashes.join(' ');
}

/** Shipped and imported benchmarks. */
async function benchmarkRows(): Promise<
  { name: string; domain: string; description: string; questions: number; imported?: true }[]
> {
  const shipped = benchmarks.map(async ({ name, domain, description, load }) => {
    const { length: questions } = await load();
    return { name, domain, description, questions };
  });
  return [
    ...(await Promise.all(shipped)),
    ...listImports().map(({ name, domain, questions, formats }) => ({
      ...{ name, domain, questions, description: `${questions} questions, imported as ${formats.join(', ')}` },
      imported: true as const,
    })),
  ];
}

async function listText(): Promise<string> {
  const rows = (await benchmarkRows()).map(({ name, domain, description }) => [name, domain, description]);
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
