/** What the policy is asked. `prefill` is put behind the assistant header and is not part of the completion. */
export interface Prompt {
  messages: readonly { role: 'system' | 'user' | 'assistant'; content: string }[];
  prefill?: string;
  /** Texts that end a completion of this prompt, besides those of the request. */
  stop?: readonly string[];
}

/** Completions of one prompt. */
export interface GenerateRequest {
  prompt: Prompt | { text: string };
  /** Completions of this prompt; the prompt is prefilled once. */
  samples: number;
  maxTokens: number;
  /** 0 = greedy. Logprobs are always of the distribution at temperature 1. */
  temperature: number;
  /** 1 = off. */
  topP?: number;
  /** 0 = off. */
  topK?: number;
  /** Generation ends when the text contains one of these; the text is cut before it. */
  stop?: readonly string[];
  /** Counter-based key: sample i, position t draw from (seed, i, t) only, whatever else is in the batch. */
  seed: number;
}

/** One completion as the sampler made it. */
export interface Completion {
  text: string;
  promptTokenIds: number[];
  tokenIds: number[];
  /** Nats, one per token id, under the sampling policy at temperature 1. */
  logprobs: number[];
  /** `stop`: an end token or stop text was met; `length`: cut at maxTokens. */
  finishReason: 'stop' | 'length';
}

/** One trained completion. Everything is aligned with `tokenIds`. */
export interface TrainSequence {
  id: string;
  promptTokenIds: readonly number[];
  tokenIds: readonly number[];
  advantage: number;
  oldLogprobs: readonly number[];
  /** Needed when beta > 0: the policy with the adapter off. */
  refLogprobs?: readonly number[];
  /** Factors of the token losses, default 1. */
  importanceWeights?: readonly number[];
}

/** Loss and optimiser of one update (method section 1). */
export interface TrainOptions {
  /** dapo: token mean over the mini-batch (the paper's); grpo: mean of sequence means; dr_grpo: constant length. */
  lossType: 'grpo' | 'dr_grpo' | 'dapo';
  epsilonLow: number;
  epsilonHigh: number;
  dualClip: number;
  beta: number;
  learningRate: number;
  adamBeta1: number;
  adamBeta2: number;
  weightDecay: number;
  maxGradNorm: number;
  /** Sequences per optimiser step, zero-advantage ones counted; 0 = all in one. */
  miniBatchSequences: number;
  /** Denominator length of dr_grpo, tokens. */
  maxCompletionTokens: number;
}

/** One optimiser step. */
export interface UpdateRecord {
  /** Ids of the mini-batch; those of zero advantage are not trained on when beta = 0 but stay in the denominator. */
  sequences: {
    id: string;
    /** Weight of each token of this sequence in the loss. */
    tokenWeight: number;
    /** Current policy by the trainer at this update; absent where not trained on. */
    logprobs?: number[];
  }[];
  loss: number;
  kl: number;
  clipRatio: number;
  gradNorm: number;
  learningRate: number;
  /** False when NaN or infinity was met: nothing was changed. */
  applied: boolean;
}

/** A token as it was drawn. */
export interface DrawnToken {
  id: number;
  /** Its own text; part of a character shows as U+FFFD. */
  text: string;
  /** Nats, at temperature 1. */
  logprob: number;
}

/** Progress of a long call; `text` of finished completions comes early so that it can be shown. */
export type Progress =
  | { stage: 'load'; done: number; total: number; what: string }
  | { stage: 'generate'; tokens: number; finished: number; total: number }
  | { stage: 'completion'; request: number; sample: number; text: string; tokens: number }
  | { stage: 'text'; request: number; sample: number; text: string; tokens: readonly DrawnToken[] }
  | { stage: 'train'; tokens: number; totalTokens: number };
