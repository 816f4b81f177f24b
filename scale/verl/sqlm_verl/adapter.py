"""The adapter of verl's checkpoint in PEFT's format, with the base model that verl leaves out."""

import json
import re
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

_SHARD = re.compile(r"model_world_size_(\d+)_rank_(\d+)\.pt")


class MissingShards(Exception):
    """Shards of a checkpoint lie on other machines: its folder is no shared one."""


def save_adapter(actor: Path, target: Path, *, base_model: str, rank: int, alpha: float, targets: list[str]) -> int:
    """Writes the adapter of the checkpoint folder `actor` into `target`; returns the number of tensors.

    Only the adapter's tensors are kept of each shard. Throws MissingShards where a rank's shard is not here.
    """
    parts: dict[str, list[torch.Tensor]] = {}
    whole: dict[str, torch.Tensor] = {}
    for path in _shards(actor):
        state = torch.load(path, map_location="cpu", weights_only=False, mmap=True)
        for name, value in state.items():
            if "lora_" in name:
                _collect(_peft_name(name), value, parts, whole)
        del state
    tensors = {name: torch.cat(shards) for name, shards in parts.items()} | whole
    if not tensors:
        raise ValueError(f"{actor} holds no adapter")
    tensors = {name: value.to(torch.float32).contiguous() for name, value in sorted(tensors.items())}
    save_file(tensors, target / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base_model,
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": 0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "init_lora_weights": True,
        "target_modules": targets,
    }
    (target / "adapter_config.json").write_text(f"{json.dumps(config, indent=2)}\n", encoding="utf-8")
    return len(tensors)


def _shards(actor: Path) -> list[Path]:
    found = {int(match[2]): path for path in actor.iterdir() if (match := _SHARD.fullmatch(path.name))}
    sizes = {int(match[1]) for path in found.values() if (match := _SHARD.fullmatch(path.name))}
    if len(sizes) != 1 or set(found) != set(range(max(sizes))):
        raise MissingShards(
            f"{actor} has the shards of ranks {sorted(found)}; put trainer.default_local_dir on a shared disk"
        )
    return [found[index] for index in sorted(found)]


def _collect(name: str, value: Any, parts: dict[str, list[torch.Tensor]], whole: dict[str, torch.Tensor]) -> None:
    """A tensor that is cut along its first dimension over all ranks, or is the same on each of them."""
    if not hasattr(value, "placements"):
        whole[name] = value.detach()
        return
    placement = value.placements[-1]
    local = value.to_local().detach()
    if placement.is_replicate():
        whole[name] = local
    elif placement.is_shard() and placement.dim == 0:
        parts.setdefault(name, []).append(local)
    else:
        raise ValueError(f"{name} is cut in a way that is not known here: {placement}")


def _peft_name(name: str) -> str:
    bare = name.replace("_fsdp_wrapped_module.", "").replace(".default.weight", ".weight")
    return bare if bare.startswith("base_model.model.") else f"base_model.model.{bare}"
