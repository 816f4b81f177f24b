import { lazily, type Lazy } from '../src/base/lazy.ts';
import type { Domain } from '../src/domains/domain.ts';
import { createDuplicateIndex } from '../src/domains/near-duplicate.ts';
import { openDomain } from '../src/domains/registry.ts';
import { policyOver } from '../src/engine/runtime-policy.ts';
import type { RuntimeProcess } from '../src/runtime/process/client.ts';
import { createSandbox } from '../src/sandbox/host/pool.ts';
import type { Sandbox } from '../src/sandbox/sandbox.ts';
import type { Config } from '../src/config/tables.ts';
import type { QuestionSource, StepContext } from '../src/selfplay/context.ts';

/** What a benchmark of self-play works with: a domain over a sandbox that starts when it is needed. */
export interface Playground {
  domain: Domain;
  sandbox: Lazy<Sandbox>;
}

/** The domain of `config` for a runtime process; close the sandbox when done. */
export async function createPlayground(config: Config, runtime: RuntimeProcess): Promise<Playground> {
  const sandbox = lazily(createSandbox);
  const domain = await openDomain(config, {
    sandbox: () => sandbox.get(),
    base: (requests) => runtime.call('generate', { requests, adapter: false }),
  });
  return { domain, sandbox };
}

/** A step's context without engine and run folder. */
export function contextOf(
  config: Config,
  domain: Domain,
  source: QuestionSource,
  runtime: RuntimeProcess,
): StepContext {
  return {
    config,
    domain,
    source,
    policy: policyOver((name, argument) => runtime.call(name, argument)),
    duplicates: createDuplicateIndex(config.nearDuplicate),
    heldOut: createDuplicateIndex(config.nearDuplicate),
    notify: () => undefined,
    stage: (_, work) => work(),
    seconds: () => ({}),
  };
}
