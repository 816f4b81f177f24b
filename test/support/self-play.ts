import { createDuplicateIndex } from '../../src/domains/near-duplicate.ts';
import type { Domain } from '../../src/domains/domain.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { loadRequestOf } from '../../src/engine/load-request.ts';
import { runStep, type StepResult } from '../../src/selfplay/step.ts';
import { RuntimeProcess } from '../../src/runtime/process/client.ts';

/** For domains that run no program. */
const noSandbox: Sandbox = {
  counters: { programs: 0, workersKilled: 0, internalErrors: 0 },
  judge: () => Promise.reject(new Error('This domain runs no program.')),
  execute: () => Promise.reject(new Error('This domain runs no program.')),
  close: () => Promise.resolve(),
};

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
            domain: options.domain,
            sandbox: noSandbox,
            policy: {
              generate: (requests) => runtime.call('generate', { requests, adapter: true }),
              countTokens: (prompts) => runtime.call('countTokens', { prompts }),
              logprobs: (sequences, adapter) => runtime.call('logprobs', { sequences: [...sequences], adapter }),
              train: (sequences, trainOptions) => runtime.call('train', { sequences, options: trainOptions }),
            },
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
