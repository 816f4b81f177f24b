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
import type { Asked, Rollout, Round } from './rollout.ts';

/** The model in both of its roles. Implemented over the runtime process. */
export interface Policy {
  generate(requests: GenerateRequest[]): Promise<Completion[][]>;
  countTokens(prompts: readonly Prompt[]): Promise<number[]>;
  /** Mean over each text's tokens of the policy's last hidden states: [text][hidden]. */
  embed(texts: readonly { text: string }[]): Promise<number[][]>;
  /** Trainer's logprobs; `adapter: false` is the reference policy. */
  logprobs(sequences: readonly TokenSequence[], adapter: boolean): Promise<number[][]>;
  train(sequences: TrainSequence[], options: TrainOptions): Promise<UpdateRecord[]>;
}

/** A question that is about to be asked. */
export type Drawn = Omit<Asked, 'answers' | 'label'>;

/** Where the questions of a step come from. */
export interface QuestionSource {
  /**
   * Questions for `groups` proposer prompts' worth of a step. `before`: the step's rounds so far; ids and seeds continue
   * behind theirs. A function of the run's seed, the step, `before` and the policy, so that a stage can be run again.
   */
  draw(
    context: StepContext,
    step: number,
    groups: number,
    before: Round,
  ): Promise<{ proposals: Rollout[]; drawn: Drawn[] }>;
}

/** What a step works with. */
export interface StepContext {
  config: SelfPlaySettings;
  domain: Domain;
  policy: Policy;
  source: QuestionSource;
  /** The questions of the run so far. */
  duplicates: DuplicateIndex;
  /** The questions that the run is evaluated on, which it must not be trained on. */
  heldOut: DuplicateIndex;
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
