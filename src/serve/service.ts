import type { Completion, DrawnToken, GenerateRequest } from '../protocol/runtime.ts';

/** A model that is served: the base, or it with an adapter. */
export interface ServedModel {
  id: string;
  /** Unix time of its file or its adapter, seconds. */
  created: number;
  /** What it is, in a few words. */
  description: string;
}

/** How a completion is listened to and ended. */
export interface CompletionHooks {
  /** A piece of a sample's text that has settled, with the tokens drawn since the last piece. */
  onText(sample: number, text: string, tokens: readonly DrawnToken[]): void;
  signal: AbortSignal;
}

/** A policy that answers whoever asks; calls may overlap. */
export interface PolicyService {
  readonly models: readonly ServedModel[];
  /** Whether the model knows the tokens of filling in the middle. */
  readonly fillsInMiddle: boolean;
  /** Longest prompt plus completion, tokens. */
  readonly contextTokens: number;
  /** One completion for each sample. Throws BoundaryError: 'usage' for an unknown model or a prompt that does not fit. */
  complete(model: string, request: GenerateRequest, hooks: CompletionHooks): Promise<Completion[]>;
  /** Length of a prompt in tokens, template and prefill included. */
  countTokens(prompt: GenerateRequest['prompt']): Promise<number>;
}
