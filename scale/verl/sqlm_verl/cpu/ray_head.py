"""`python -m sqlm_verl.cpu.ray_head start --head …`: Ray's command line for busy machines.

Ray gives a node 30 s to come up, which no setting changes; two cores that others use need minutes.
"""

import time
from typing import Any

import ray._private.services as services
from ray.scripts.scripts import main

PATIENCE_S = 300
_get_node = services.get_node


def _patient(*args: Any, **kwargs: Any) -> Any:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return _get_node(*args, **kwargs)
        except RuntimeError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


if __name__ == "__main__":
    services.get_node = _patient
    main()
