"""The adapter out of verl's shards: cut tensors are joined, the base model is named, missing shards are told."""

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

from sqlm_verl.adapter import MissingShards, save_adapter  # noqa: E402

NAME = "base_model.model.model.layers.0.self_attn.q_proj"
OPTIONS = {"base_model": "ORG/NAME", "rank": 4, "alpha": 8.0, "targets": ["q_proj"]}


class Placement:
    def __init__(self, dim: int | None) -> None:
        self.dim = dim

    def is_replicate(self) -> bool:
        return self.dim is None

    def is_shard(self) -> bool:
        return self.dim is not None


class Piece:
    """What a distributed tensor shows of itself on one rank."""

    def __init__(self, local: "torch.Tensor", dim: int | None) -> None:
        self.placements = (Placement(dim),)
        self.local = local

    def to_local(self) -> "torch.Tensor":
        return self.local


def write_shards(actor: Path, ranks: int, dim: int | None = 0) -> dict[str, "torch.Tensor"]:
    actor.mkdir()
    whole = {
        "lora_A": torch.arange(32, dtype=torch.float32).reshape(4, 8),
        "lora_B": torch.ones(8, 4),
    }
    for rank in range(ranks):
        state = {f"{NAME}.base_layer.weight": torch.zeros(8, 8)}
        for part, value in whole.items():
            local = value if dim is None else value.chunk(ranks, dim)[rank]
            state[f"{NAME}.{part}.default.weight"] = Piece(local.clone(), dim)
        torch.save(state, actor / f"model_world_size_{ranks}_rank_{rank}.pt")
    return whole


@pytest.mark.parametrize("dim", [0, None])
def test_shards_become_an_adapter_with_its_base_model(tmp_path: Path, dim: int | None) -> None:
    whole = write_shards(tmp_path / "actor", 2, dim)
    assert save_adapter(tmp_path / "actor", tmp_path, **OPTIONS) == 2
    written = safetensors.load_file(tmp_path / "adapter_model.safetensors")
    assert set(written) == {f"{NAME}.{part}.weight" for part in whole}
    for part, value in whole.items():
        assert torch.equal(written[f"{NAME}.{part}.weight"], value)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["r"], config["lora_alpha"]) == ("ORG/NAME", 4, 8.0)


def test_missing_shards_are_told(tmp_path: Path) -> None:
    write_shards(tmp_path / "actor", 2)
    (tmp_path / "actor" / "model_world_size_2_rank_1.pt").unlink()
    with pytest.raises(MissingShards, match=r"ranks \[0\].*shared disk"):
        save_adapter(tmp_path / "actor", tmp_path, **OPTIONS)


def test_an_unknown_cut_is_refused(tmp_path: Path) -> None:
    write_shards(tmp_path / "actor", 2, 1)
    with pytest.raises(ValueError, match="cut in a way"):
        save_adapter(tmp_path / "actor", tmp_path, **OPTIONS)
