import { BoundaryError } from '../base/errors.ts';
import type { SettingValue } from '../base/setting.ts';
import type { Config } from '../config/tables.ts';
import { catalogue } from '../model/catalogue.ts';

/** What an export is told besides the settings. */
export interface VerlOptions {
  /** Weights that verl loads: ORG/NAME or a folder; default those that the model of the settings was made of. */
  base?: string | undefined;
  /** Addresses of `selfq serve`. */
  servers: readonly string[];
  /** Folder of the run, which dashboard, evaluation and exports read. */
  runDir: string;
}

type Value = SettingValue | boolean | null | readonly Value[] | { readonly [name: string]: Value };

/** Settings that verl's own keys are computed from here, so that they cannot be overridden beside them. */
const computedFrom = [
  ...(['answersPerQuestion', 'miniBatchSequences', 'lossType', 'beta', 'oldLogprobs'] as const),
  ...(['importanceSamplingCorrection', 'maxPromptTokens', 'maxProposalTokens', 'maxAnswerTokens'] as const),
  ...(['topK', 'model', 'trainedWeights'] as const),
] as const;

/**
 * verl's configuration of a run with these settings, as the text of a YAML file for Hydra. What is one of our settings as it
 * stands is named (`${sqlm.settings.learningRate}`), so that it can be overridden by our name; all of ours come along. Throws
 * BoundaryError('usage') for settings that the trainer there does not carry out.
 */
export function verlConfig(config: Config, options: VerlOptions): string {
  refuseUnknown(config);
  const head = [
    '# Written by `selfq scale export-config`: settings of self-play by the names of `selfq run --settings`, and the keys of',
    '# verl that follow from them. Override ours: sqlm.settings.learningRate=2e-5 sqlm.settings.steps=200',
    '# What verl computes differently:',
    ...notesOf(config).map((note) => `# - ${note}`),
  ];
  return `${[...head, ...yaml(sections(config, options))].join('\n')}\n`;
}

/** What a reader of the export should know. */
function notesOf(config: Config): string[] {
  return [
    'logprobs are of the sampling temperature, here of temperature 1' +
      (config.temperature === 1 ? ' (which is the temperature of this run).' : '.'),
    'an update is recorded once for each role, with the means over its mini-batches.',
    'there are no evaluations during a run: evaluate its checkpoints with `selfq eval --adapter RUN --step N`.',
    'device, threads, slots, precisions and memory settings of this program mean nothing there, nor does runWhen.',
  ];
}

function refuseUnknown(config: Config): void {
  const refusals: [boolean, string, string][] = [
    [config.dynamicSampling > 0, 'dynamicSampling', 'Set dynamicSampling=0.'],
    [config.pool !== '' && config.poolShare > 0, 'pool', 'Leave the pool away.'],
    [config.questionsBeforehand > 0, 'questionsBeforehand', 'Set questionsBeforehand=0.'],
    [config.labelled !== '' && config.labelledShare > 0, 'labelled', 'Leave the labelled questions away.'],
    [config.minAgreement > 0, 'minAgreement', 'Set minAgreement=0.'],
    [config.shortReferences < 1, 'shortReferences', 'Set shortReferences=1.'],
    [config.domain === 'user', 'a domain of a folder', 'Choose coding, arithmetic or algebra.'],
    [config.safetyGuard === 'judge', 'safetyGuard=judge', 'Set safetyGuard=words.'],
  ];
  const [first] = refusals.filter(([refused]) => refused);
  if (first) {
    throw new BoundaryError('usage', `The trainer on verl does not carry out ${first[1]}.`, first[2]);
  }
}

/** Weights for verl, which reads no GGUF. */
function baseOf({ model }: Config, { base }: VerlOptions): string {
  const known = base ?? catalogue.find(({ id }) => id === model)?.baseModel ?? model;
  if (/\.gguf$/i.test(known)) {
    throw new BoundaryError(
      'usage',
      `verl cannot load ${known}.`,
      'Name the weights that it was made of: --base ORG/NAME, or a folder with config.json and *.safetensors.',
    );
  }
  return known;
}

function sections(config: Config, options: VerlOptions): Record<string, Value> {
  return {
    defaults: ['ppo_trainer', '_self_'],
    sqlm: {
      servers: options.servers,
      token_env: 'SELFQ_TOKEN',
      run_dir: options.runDir,
      computed_from: Object.fromEntries(computedFrom.map((name) => [name, config[name]])),
      settings: { ...config },
    },
    data: dataOf(config),
    actor_rollout_ref: {
      model: modelOf(config, options),
      actor: actorOf(config),
      rollout: rolloutOf(config),
      ref: { log_prob_micro_batch_size_per_gpu: 8 },
    },
    algorithm: algorithmOf(config),
    reward: { num_workers: 1 },
    trainer: {
      use_v1: true,
      v1: { trainer_mode: 'sqlm' },
      project_name: 'self-questioning',
      experiment_name: config.domain,
      logger: ['console'],
      nnodes: 1,
      n_gpus_per_node: 8,
      total_epochs: ours('steps'),
      total_training_steps: ours('steps'),
      save_freq: 5,
      max_actor_ckpt_to_keep: 3,
      test_freq: -1,
      val_before_train: false,
      resume_mode: 'auto',
      default_local_dir: '${sqlm.run_dir}/verl',
      checkpoint_callback_class: 'sqlm_verl.callback.RunFolderCallback',
    },
  };
}

/** A setting of ours as it stands. */
const ours = (name: keyof Config): string => `\${sqlm.settings.${name}}`;

function dataOf(config: Config): Value {
  const { maxPromptTokens, maxAnswerTokens, maxProposalTokens } = config;
  return {
    custom_cls: { path: 'pkg://sqlm_verl.dataset', name: 'ProposerDataset' },
    train_batch_size: ours('proposerPrompts'),
    // Proposer prompts may use the room that shorter proposals leave.
    max_prompt_length: maxPromptTokens + Math.max(0, maxAnswerTokens - maxProposalTokens),
    max_response_length: Math.max(maxAnswerTokens, maxProposalTokens),
    dataloader_num_workers: 0,
    shuffle: false,
  };
}

function modelOf(config: Config, options: VerlOptions): Value {
  const adapter = {
    lora_rank: ours('loraRank'),
    lora_alpha: ours('loraAlpha'),
    target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
  };
  return { path: baseOf(config, options), ...(config.trainedWeights === 'lora' ? adapter : {}) };
}

function actorOf(config: Config): Value {
  const modes = { dapo: 'token-mean', grpo: 'seq-mean-token-mean', dr_grpo: 'seq-mean-token-sum-norm' } as const;
  return {
    strategy: 'fsdp2',
    optim: {
      lr: ours('learningRate'),
      betas: [ours('adamBeta1'), ours('adamBeta2')],
      weight_decay: ours('weightDecay'),
      clip_grad: ours('maxGradNorm'),
      lr_scheduler_type: 'constant',
    },
    grad_clip: ours('maxGradNorm'),
    clip_ratio: ours('epsilonLow'),
    clip_ratio_low: ours('epsilonLow'),
    clip_ratio_high: ours('epsilonHigh'),
    clip_ratio_c: ours('dualClip'),
    loss_agg_mode: modes[config.lossType],
    ...(config.lossType === 'dr_grpo' ? { loss_scale_factor: config.maxAnswerTokens } : {}),
    use_kl_loss: config.beta > 0,
    kl_loss_coef: ours('beta'),
    kl_loss_type: 'low_var_kl',
    entropy_coeff: 0,
    ppo_epochs: 1,
    shuffle: false,
    data_loader_seed: ours('seed'),
    ppo_mini_batch_size: miniBatchPrompts(config),
    ppo_micro_batch_size_per_gpu: 8,
    use_dynamic_bsz: true,
    ppo_max_token_len_per_gpu: 16_384,
  };
}

/** verl counts a mini-batch in prompts of `rollout.n` completions; of a step's at most, since it wants no more. */
function miniBatchPrompts({ miniBatchSequences, answersPerQuestion, proposerPrompts }: Config): number {
  const prompts = Math.max(1, Math.round(miniBatchSequences / answersPerQuestion));
  return miniBatchSequences === 0 ? proposerPrompts : Math.min(prompts, proposerPrompts);
}

function rolloutOf(config: Config): Value {
  return {
    name: 'vllm',
    n: ours('answersPerQuestion'),
    temperature: ours('temperature'),
    top_p: ours('topP'),
    top_k: config.topK === 0 ? -1 : config.topK,
    calculate_log_probs: true,
    // An adapter lies on weights that the sampler has to have; trained whole, they are sent over before the first step.
    load_format: config.trainedWeights === 'lora' ? 'safetensors' : 'dummy',
    tensor_model_parallel_size: 1,
    gpu_memory_utilization: 0.6,
    log_prob_micro_batch_size_per_gpu: 8,
    agent: { default_agent_loop: 'sqlm' },
  };
}

function algorithmOf(config: Config): Value {
  const truncated = config.importanceSamplingCorrection === 'truncated';
  return {
    adv_estimator: 'grpo',
    norm_adv_by_std_in_grpo: true,
    use_kl_in_reward: false,
    rollout_correction: {
      // Ratios of two policies of the trainer need old logprobs of the trainer.
      bypass_mode: config.oldLogprobs === 'sampler' && !truncated,
      rollout_is: truncated ? 'token' : null,
      rollout_is_threshold: ours('importanceSamplingCap'),
    },
  };
}

/** Block style; scalars as JSON writes them, which YAML reads. */
function yaml(value: Readonly<Record<string, Value>>, indent = ''): string[] {
  return Object.entries(value).flatMap(([name, member]) =>
    isMap(member)
      ? [`${indent}${name}:`, ...yaml(member, `${indent}  `)]
      : [`${indent}${name}: ${JSON.stringify(member).replaceAll(',"', ', "')}`],
  );
}

function isMap(value: Value): value is Readonly<Record<string, Value>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}
