#!/usr/bin/env bash
# Two ranks on a processor: gloo between them, transformers as the sampler, for trials of the mechanics with a small model.
# Usage: trial.sh CONFIG.yaml [overrides of verl or of ours, such as sqlm.settings.steps=5]
set -euo pipefail
config=$1
shift
ranks=${SQLM_RANKS:-2}
export VERL_PLATFORM=cpu TOKENIZERS_PARALLELISM=false OMP_NUM_THREADS=1 HYDRA_FULL_ERROR=1
export RAY_DEDUP_LOGS=0
exec "${PYTHON:-python3}" -m verl.trainer.main_ppo \
  --config-dir "$(cd "$(dirname "$config")" && pwd)" --config-name "$(basename "$config" .yaml)" \
  hydra.run.dir=. hydra.output_subdir=null hydra/job_logging=disabled hydra/hydra_logging=disabled \
  trainer.device=cpu trainer.nnodes=1 trainer.n_gpus_per_node="$ranks" trainer.save_freq=1 \
  +ray_kwargs.ray_init.num_gpus="$ranks" ray_kwargs.ray_init.num_cpus=8 \
  +ray_kwargs.ray_init.include_dashboard=false +ray_kwargs.ray_init.object_store_memory=200000000 \
  actor_rollout_ref.rollout.name=transformers actor_rollout_ref.rollout.agent.num_workers=1 \
  actor_rollout_ref.rollout.dtype=float32 \
  +actor_rollout_ref.model.override_config.attn_implementation=sdpa \
  actor_rollout_ref.model.use_remove_padding=false \
  actor_rollout_ref.actor.use_torch_compile=false actor_rollout_ref.actor.use_dynamic_bsz=false \
  actor_rollout_ref.actor.fsdp_config.model_dtype=fp32 actor_rollout_ref.actor.fsdp_config.dtype=float32 \
  actor_rollout_ref.actor.fsdp_config.use_torch_compile=false \
  actor_rollout_ref.ref.fsdp_config.model_dtype=fp32 actor_rollout_ref.ref.fsdp_config.dtype=float32 \
  transfer_queue.backend.SimpleStorage.num_data_storage_units=1 \
  "$@"
