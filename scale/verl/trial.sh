#!/usr/bin/env bash
# Two ranks on processors: gloo between them, transformers as the sampler, for trials of the mechanics with a small model.
# Usage: trial.sh CONFIG.yaml [overrides of verl or of ours, such as sqlm.settings.steps=5]
# It starts a Ray of its own at RAY_PORT, or uses the one at RAY_ADDRESS, and ends what it has started.
set -euo pipefail
config=$1
shift
ranks=${SQLM_RANKS:-2}
python=${PYTHON:-python3}
export VERL_PLATFORM=cpu TOKENIZERS_PARALLELISM=false OMP_NUM_THREADS=1 HYDRA_FULL_ERROR=1 RAY_DEDUP_LOGS=0
# On this machine alone, where nobody else is asked for a token; and patient, since its processors are few.
export RAY_AUTH_MODE=disabled RAY_agent_register_timeout_ms=300000 RAY_worker_register_timeout_seconds=900
export RAY_DASHBOARD_STARTUP_TIMEOUT_S=1 RAY_worker_niceness=0
if [ -z "${RAY_ADDRESS:-}" ]; then
  export RAY_ADDRESS=127.0.0.1:${RAY_PORT:-6399}
  "$python" -m sqlm_verl.cpu.ray_head start --head --block --node-ip-address=127.0.0.1 --port="${RAY_ADDRESS##*:}" \
    --num-gpus="$ranks" --num-cpus=8 --include-dashboard=false --object-store-memory=200000000 \
    --disable-usage-stats --metrics-export-port=6391 --dashboard-agent-grpc-port=6392 \
    --dashboard-agent-listen-port=6393 --runtime-env-agent-port=6394 --ray-client-server-port=6395 > "${RAY_LOG:-/dev/null}" 2>&1 &
  head=$!
  trap 'kill "$head" 2> /dev/null; wait "$head" 2> /dev/null || true' EXIT
  "$python" -m sqlm_verl.cpu.wait_for_ray "$RAY_ADDRESS"
fi
"$python" -m verl.trainer.main_ppo \
  --config-dir "$(cd "$(dirname "$config")" && pwd)" --config-name "$(basename "$config" .yaml)" \
  hydra.run.dir=. hydra.output_subdir=null hydra/job_logging=disabled hydra/hydra_logging=disabled \
  trainer.device=cpu trainer.nnodes=1 trainer.n_gpus_per_node="$ranks" trainer.save_freq=1 \
  actor_rollout_ref.rollout.name=transformers actor_rollout_ref.rollout.agent.num_workers=1 \
  actor_rollout_ref.rollout.dtype=float32 \
  +actor_rollout_ref.model.override_config.attn_implementation=sdpa \
  actor_rollout_ref.model.use_remove_padding=false \
  actor_rollout_ref.actor.use_torch_compile=false \
  actor_rollout_ref.actor.fsdp_config.model_dtype=fp32 actor_rollout_ref.actor.fsdp_config.dtype=float32 \
  actor_rollout_ref.actor.fsdp_config.use_torch_compile=false \
  '+actor_rollout_ref.actor.fsdp_config.mixed_precision={param_dtype: fp32, reduce_dtype: fp32, buffer_dtype: fp32}' \
  actor_rollout_ref.ref.fsdp_config.model_dtype=fp32 actor_rollout_ref.ref.fsdp_config.dtype=float32 \
  transfer_queue.backend.SimpleStorage.num_data_storage_units=1 \
  "$@"
