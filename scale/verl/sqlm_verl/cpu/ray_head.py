"""`python -m sqlm_verl.cpu.ray_head start --head …`: Ray's command line for busy machines.

Ray gives a node 30 s to come up, and its agent 15 s of them to say where it listens, which no setting changes; two
cores that others use need minutes. Ports that the command line fixes are told in the agent's place.
"""

import os
import sys
import time
from typing import Any

import ray._private.services as services
from ray._raylet import persist_port
from ray.scripts.scripts import main

PATIENCE_S = 600
PORTS = {
    "--metrics-export-port": "metrics_export_port",
    "--dashboard-agent-grpc-port": "metrics_agent_port",
    "--dashboard-agent-listen-port": "dashboard_agent_listen_port",
    "--runtime-env-agent-port": "runtime_env_agent_port",
}
_get_node = services.get_node


def _patient(gcs_address: str, node_id: str, *args: Any, **kwargs: Any) -> Any:
    given = dict(argument.split("=", 1) for argument in sys.argv if "=" in argument)
    session = os.path.realpath("/tmp/ray/session_latest")
    for option, name in PORTS.items():
        if option in given:
            persist_port(session, node_id, name, int(given[option]))
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return _get_node(gcs_address, node_id, *args, **kwargs)
        except RuntimeError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


if __name__ == "__main__":
    services.get_node = _patient
    main()
