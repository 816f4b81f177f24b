"""`python -m sqlm_verl.cpu.wait_for_ray ADDRESS`: returns when a Ray node answers, fails after five minutes."""

import sys
import time

import ray

PATIENCE_S = 300


def wait(address: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
            if ray.cluster_resources().get("GPU"):
                return
        except (ConnectionError, RuntimeError, ValueError) as error:
            if time.monotonic() > until:
                raise SystemExit(f"no Ray node answered at {address} for {PATIENCE_S} s: {error}") from error
        finally:
            if ray.is_initialized():
                ray.shutdown()
        time.sleep(1)


if __name__ == "__main__":
    wait(sys.argv[1])
