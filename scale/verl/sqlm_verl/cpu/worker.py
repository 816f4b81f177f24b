"""verl's worker on a processor."""

import os
from typing import Any

import ray
import torch
import verl.workers.engine.fsdp.transformer_impl as fsdp
from omegaconf import open_dict
from verl.workers.engine_workers import ActorRolloutRefWorker


class CpuWorker(ActorRolloutRefWorker):
    """Opens a plain gloo group first: verl asks for 'cpu:gloo,cpu:gloo', which torch rejects."""

    def __init__(self, config: Any, *args: Any, **kwargs: Any) -> None:
        torch.set_num_threads(1)
        # verl registers its engine for FSDP under the names of accelerators alone.
        os.environ.setdefault("VERL_ENGINE_DEVICE", "cuda")
        # The sampler of trials takes whole weights, with the adapter added to them.
        with open_dict(config):
            config.model.lora.merge = True
        # A frozen reference is kept in pinned memory, which needs a driver.
        fsdp.CPUOffloadPolicy = lambda pin_memory=True: None
        super().__init__(config, *args, **kwargs)
        if not torch.distributed.is_initialized():
            torch.distributed.init_process_group(
                "gloo", rank=int(os.environ["RANK"]), world_size=int(os.environ["WORLD_SIZE"])
            )


def remote_worker() -> Any:
    """The worker as Ray starts it."""
    return ray.remote(CpuWorker)
