import type { Domain } from '../domains/domain.ts';
import type { DuplicateIndex } from '../domains/near-duplicate.ts';
import type { RunEvent } from '../protocol/control.ts';
import type {
  Completion,
  GenerateRequest,
  Prompt,
  TrainOptions,
  TrainSequence,
  UpdateRecord,
} from '../protocol/runtime.ts';
import type { Stage } from '../protocol/stages.ts';
import type { SelfPlaySettings } from './settings.ts';
import type { QuestionSource } from './sources.ts';

/** The model in both of its roles. Implemented over the runtime process. */
export interface Policy {
  generate(requests: GenerateRequest[]): Promise<Completion[][]>;
  countTokens(prompts: readonly Prompt[]): Promise<number[]>;
  /** Trainer's logprobs; `adapter: false` is the reference policy. */
  logprobs(sequences: readonly TokenSequence[], adapter: boolean): Promise<number[][]>;
  train(sequences: TrainSequence[], options: TrainOptions): Promise<UpdateRecord[]>;
}

/** What a step works with. */
export interface StepContext {
  config: SelfPlaySettings;
  domain: Domain;
  policy: Policy;
  source: QuestionSource;
  duplicates: DuplicateIndex;
  notify(event: RunEvent): void;
  /** Runs one stage; may run it again from its start when a child process died. */
  stage<T>(stage: Stage, work: () => Promise<T>): Promise<T>;
  /** Seconds spent in each stage of this step so far. */
  seconds(): Record<string, number>;
}

/** A prompt and a completion in token ids. */
export interface TokenSequence {
  promptTokenIds: readonly number[];
  tokenIds: readonly number[];
}
