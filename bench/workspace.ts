import { cacheDir } from '../src/base/cache-dir.ts';
import { resolveConfig } from '../src/config/resolve.ts';
import { CodingContent } from '../src/domains/coding/content.ts';
import { firstPrompt, isRejection } from '../src/domains/domain.ts';
import { splitByFile } from '../src/domains/workspace/held-out.ts';
import { workspaceDomain } from '../src/domains/workspace/workspace.ts';
import { startRuntime } from '../src/engine/policy.ts';
import { loadRequestOf } from '../src/engine/load-request.ts';
import { findSeeds } from '../src/engine/seeds.ts';
import { chooseModel } from '../src/model/installed.ts';
import { createSandbox } from '../src/sandbox/host/pool.ts';

/**
 * What the base model proposes about the functions of folders: `node bench/workspace.ts GROUPS SAMPLES ANSWERS DIR…`. Of each
 * folder GROUPS prompts with SAMPLES proposals are made, the valid ones are answered ANSWERS times, and everything is
 * printed. Nothing is trained.
 */
const [groups = 4, samples = 3, answers = 2] = process.argv.slice(2, 5).map(Number);
const folders = process.argv.slice(5);
const config = resolveConfig('quick', { domain: 'workspace', maxAnswerTokens: 128 });
if (config.domain !== 'workspace') {
  throw new RangeError('the domain is given above');
}
const sandbox = await createSandbox();
const found = [];
for (const folder of folders) {
  const report = await findSeeds({ folder, exclude: [], sandbox });
  console.log(`${folder}: ${report.seeds.length} seeds, ${report.rejected.length} other functions`, report.seconds);
  found.push({ folder, ...splitByFile(report.seeds, config.heldOutShare) });
}
const modelPath = chooseModel(config.model, cacheDir()).path;
const { runtime } = await startRuntime(loadRequestOf(config, { modelPath, cacheDir: cacheDir() }));
const base = { adapter: false } as const;
const sampling = { temperature: config.temperature } as const;

for (const { folder, shown } of found) {
  const none = () => Promise.resolve([]);
  const domain = workspaceDomain(config, { sandbox: () => Promise.resolve(sandbox), base: none, seeds: shown });
  const asked = Array.from({ length: groups }, (_, group) => {
    const variant = Math.floor(shown.length * (100 * (group % 2 === 0 ? 0 : 0.99) + group / groups));
    return { variant, prompt: domain.proposer.prompt(variant) };
  });
  const started = performance.now();
  const proposals = await runtime.call('generate', {
    ...base,
    requests: asked.map(({ prompt }, group) => ({
      ...{ prompt, samples, seed: group, maxTokens: config.maxProposalTokens, stop: domain.proposer.stop, ...sampling },
    })),
  });
  const texts = asked.flatMap(({ variant, prompt }, group) =>
    (proposals[group] ?? []).map(({ text }) => ({ variant, text: (prompt.prefill ?? '') + text })),
  );
  const verdicts = await Promise.all(
    texts.map(async ({ variant, text }, index) => {
      const draft = domain.proposer.parse(text, variant);
      const [result] = isRejection(draft) ? [draft] : await domain.proposer.verify([{ id: `q${index}`, draft }]);
      return result ?? { reason: 'malformed', detail: '' };
    }),
  );
  const questions = verdicts.flatMap((verdict) => ('content' in verdict ? [verdict] : []));
  const answered = await runtime.call('generate', {
    ...base,
    requests: questions.map((question, index) => ({
      ...{ prompt: firstPrompt(domain, question), samples: answers, seed: index, maxTokens: config.maxAnswerTokens },
      ...{ stop: domain.solver.stop, ...sampling },
    })),
  });
  const seconds = (performance.now() - started) / 1000;
  console.log(`\n## ${folder}: ${questions.length} of ${verdicts.length} valid, ${seconds.toFixed(0)} s`);
  for (const verdict of verdicts) {
    if (!('content' in verdict)) {
      console.log(`- rejected: ${verdict.reason}. ${verdict.detail}`);
      continue;
    }
    const prompt = firstPrompt(domain, verdict);
    const replies = answered[questions.indexOf(verdict)] ?? [];
    const { grades } = await domain.reward(verdict, [replies.map(({ text }) => (prompt.prefill ?? '') + text)]);
    const { seed, problem, reference } = CodingContent.parse(verdict.content);
    const rewards = grades.flat().map(({ reward }) => (reward ?? 0).toFixed(2));
    console.log(`- ${seed?.kind} ${seed?.file}:${seed?.line} ${seed?.name}; answers ${rewards.join(' ')}`);
    console.log(`  ${verdict.statement.replaceAll('\n', ' ')}`);
    console.log(`  ${reference?.replaceAll('\n', '\n  ')}`);
    console.log(`  ${JSON.stringify(problem.kind === 'function' ? problem.tests.slice(0, 3) : [])}`);
  }
}
await runtime.close();
await sandbox.close();
