import { optional } from '../base/optional.ts';
import { loadPolicy, type LoadedPolicy, type PolicyObserver, type PolicyOptions } from '../engine/policy.ts';
import { findPolicy, type PolicySource } from '../engine/policy-source.ts';
import { createProgressReporter } from '../engine/progress.ts';
import type { PullProgress } from '../model/fetch/download.ts';
import type { Arguments } from './arguments.ts';
import { interruptible } from './interrupt.ts';
import { createPullView, showMemory } from './model.ts';
import { overridesOf } from './overrides.ts';
import { withUserDomain } from './user-domain.ts';
import { bar, createProgressOutput, paint, type ProgressOutput } from './terminal.ts';

/**
 * What --adapter, --step, --domain, --model, --device, --precision and --set mean together; says what is read differently of an older run.
 * `domain` is that of the task where none is named.
 */
export async function policySourceOf(args: Arguments, domain?: string): Promise<PolicySource> {
  const named = await withUserDomain(overridesOf(args, ['domain', 'model', 'device']));
  const overrides = { ...optional('domain', domain), ...named, ...optional('evalPrecision', args.text('precision')) };
  const source = findPolicy(args.text('adapter'), overrides, args.integer('step', 0));
  const output = createProgressOutput();
  source.notes.forEach((note) => output.line(paint('dim', note)));
  return source;
}

/** Loads a policy, hands it to `work` with progress on standard error, and ends its process. Ctrl-C ends it at once. */
export async function withPolicy<T>(
  options: Omit<PolicyOptions, 'observer' | 'signal'>,
  work: (policy: LoadedPolicy) => Promise<T>,
): Promise<T> {
  const output = createProgressOutput();
  let policy: LoadedPolicy | undefined;
  try {
    return await interruptible(async (signal) => {
      policy = await loadPolicy({ ...options, observer: createPolicyView(output), signal });
      if (policy.precisions.reason !== undefined) {
        output.line(paint('dim', policy.precisions.reason));
      }
      return work(policy);
    });
  } finally {
    output.clear();
    await policy?.close();
  }
}

/** Shows on `output` what is being fetched, loaded and generated. */
export function createPolicyView(output: ProgressOutput): PolicyObserver {
  let showPull: ((progress: PullProgress) => void) | undefined;
  const reporter = createProgressReporter((event) => {
    if (event.type === 'stage' && event.total > 0) {
      const rate = event.tokensPerSecond ? `, ${Math.round(event.tokensPerSecond)} tokens/s` : '';
      output.status(`${bar(event.done / event.total)} ${event.stage} ${event.done} of ${event.total}${rate}`);
    }
  });
  return {
    onFetch(model, progress) {
      showPull ??= createPullView(model, output);
      showPull(progress);
    },
    onMemory: (advice) => showMemory(advice, output),
    onCall: (name) => reporter.enter(0, name === 'load' || name === 'loadCheckpoint' ? 'load' : 'solve'),
    onProgress: (progress) => reporter.progress(progress),
  };
}
