#!/usr/bin/env bash
# The same on a Ray cluster, as a job that outlives this shell. Usage: ray-job.sh http://HEAD:8265 CONFIG.yaml [overrides]
# Every node has this package installed, the model in its cache and the folder of the run on a disk that all of them share.
set -euo pipefail
if [ $# -lt 2 ]; then
  echo "Usage: $0 http://HEAD:8265 CONFIG.yaml [overrides]" >&2
  exit 2
fi
address=$1 config=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
# Secrets stay out of the job's description: set SELFQ_TOKEN where `ray start` runs.
exec ray job submit --address "$address" --no-wait --working-dir "$here" -- \
  bash launch.sh "$(realpath "$config")" "$@"
