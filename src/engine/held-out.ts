import { existsSync } from 'node:fs';
import { type Benchmark, readQuestions } from '../benchmarks/registry.ts';
import { readIfPresent, writeFileAtomic } from '../base/files.ts';
import type { Config } from '../config/tables.ts';
import type { DomainTools } from '../domains/domain.ts';
import { heldOutQuestions } from '../domains/workspace/held-out-questions.ts';
import { workspaceDomain } from '../domains/workspace/workspace.ts';
import type { Seed } from '../protocol/seed.ts';
import { runPaths } from '../run/folder.ts';
import { log } from './log.ts';

/** Fewest problems that an evaluation says anything by. */
const leastQuestions = 3;

/**
 * The problems of a run's held-out functions, which are made once, by the base model, and kept in its folder. Undefined for
 * a run of another domain and where too few could be made, which is logged.
 */
export async function heldOutBenchmark(
  dir: string,
  config: Config,
  seeds: readonly Seed[],
  tools: DomainTools,
): Promise<Benchmark | undefined> {
  if (config.domain !== 'workspace' || seeds.length === 0) {
    return undefined;
  }
  const domain = workspaceDomain(config, tools);
  const path = runPaths(dir).heldOut;
  if (!existsSync(path)) {
    const questions = await heldOutQuestions(seeds, domain, tools.base, config);
    log(`${questions.length} problems were made from ${seeds.length} functions of held-out files`);
    const kept = questions.length < leastQuestions ? [] : questions;
    const lines = kept.map(({ content }) => `${JSON.stringify(content.problem)}\n`);
    writeFileAtomic(path, lines.join(''), { mode: 0o600 });
  }
  return readIfPresent(path)?.trim() ? { name: 'held-out', questions: await readQuestions(path, domain) } : undefined;
}
