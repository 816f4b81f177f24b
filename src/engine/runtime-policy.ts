import type { RuntimeCalls } from '../runtime/process/calls.ts';
import type { Policy } from '../selfplay/context.ts';

/** A call of a runtime process. */
export type CallRuntime = <Name extends keyof RuntimeCalls>(
  name: Name,
  argument: RuntimeCalls[Name][0],
) => Promise<RuntimeCalls[Name][1]>;

/** The policy that a runtime process holds. */
export function policyOver(call: CallRuntime): Policy {
  return {
    generate: (requests) => call('generate', { requests, adapter: true }),
    countTokens: (prompts) => call('countTokens', { prompts }),
    embed: (prompts) => call('embed', { prompts: [...prompts], adapter: true }),
    logprobs: (sequences, adapter) => call('logprobs', { sequences: [...sequences], adapter }),
    train: (sequences, options) => call('train', { sequences, options }),
  };
}
