import { createDuplicateIndex } from '../../src/domains/near-duplicate.ts';
import type { Domain } from '../../src/domains/domain.ts';
import { policyOver } from '../../src/engine/runtime-policy.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { loadRequestOf } from '../../src/engine/load-request.ts';
import { proposerSource } from '../../src/selfplay/sources.ts';
import { runStep, type StepResult } from '../../src/selfplay/step.ts';
import { RuntimeProcess } from '../../src/runtime/process/client.ts';

export interface SelfPlayOptions {
  modelPath: string;
  cacheDir: string;
  domain: Domain;
  steps: number;
  settings: Readonly<Record<string, string | number>>;
}

/** Steps of self-play on a real runtime process, without engine and run folder. */
export async function selfPlay(options: SelfPlayOptions): Promise<StepResult[]> {
  const config = resolveConfig('quick', { threads: 1, ...options.settings });
  const runtime = new RuntimeProcess();
  try {
    await runtime.call('load', loadRequestOf(config, options));
    const results: StepResult[] = [];
    const duplicates = createDuplicateIndex(config.nearDuplicate);
    for (let step = 1; step <= options.steps; step++) {
      results.push(
        await runStep(
          {
            config,
            duplicates,
            heldOut: createDuplicateIndex(config.nearDuplicate),
            domain: options.domain,
            source: proposerSource,
            policy: policyOver((name, argument) => runtime.call(name, argument)),
            notify: () => undefined,
            stage: (_, work) => work(),
            seconds: () => ({}),
          },
          step,
        ),
      );
    }
    return results;
  } finally {
    await runtime.close();
  }
}
