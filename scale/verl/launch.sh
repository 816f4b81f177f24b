#!/usr/bin/env bash
# Self-questioning on verl. Usage: launch.sh CONFIG.yaml [overrides of verl or of ours, such as sqlm.settings.steps=200]
# The configuration comes from `selfq scale export-config`. With RAY_ADDRESS a running Ray cluster is used, else this machine
# alone. SELFQ_TOKEN: the token of the servers, where they have one.
set -euo pipefail
if [ $# -lt 1 ] || [ ! -f "$1" ]; then
  echo "Usage: $0 CONFIG.yaml [overrides]; write CONFIG.yaml with \`selfq scale export-config --out CONFIG.yaml\`." >&2
  exit 2
fi
config=$1
shift
python=${PYTHON:-python3}
# verl swallows a plug-in that cannot be loaded, and then knows no trainer of its name.
"$python" -c 'import sqlm_verl.plugin'
exec "$python" -m verl.trainer.main_ppo \
  --config-dir "$(cd "$(dirname "$config")" && pwd)" --config-name "$(basename "$config" .yaml)" \
  hydra.run.dir=. hydra.output_subdir=null \
  "$@"
