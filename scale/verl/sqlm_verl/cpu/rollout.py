"""A sampler on transformers for trials: `actor_rollout_ref.rollout.name=transformers`."""

from collections.abc import Iterable
from typing import Any

import ray
import torch
from verl.workers.rollout.base import _ROLLOUT_REGISTRY, BaseRollout
from verl.workers.rollout.replica import RolloutReplica, RolloutReplicaRegistry, TokenOutput

NAME = "transformers"


class TransformersServer:
    """One completion at a time, with seeds and stop texts as vLLM takes them."""

    def __init__(self, path: str, max_tokens: int) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.set_num_threads(1)
        self._tokenizer = AutoTokenizer.from_pretrained(path)
        self._model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
        self._max_tokens = max_tokens
        self._step: int | None = None

    @torch.no_grad()
    def generate(
        self,
        request_id: str,
        prompt_ids: list[int],
        sampling_params: dict[str, Any],
        **_: Any,
    ) -> TokenOutput:
        temperature = float(sampling_params.get("temperature", 1.0))
        stops = sampling_params.get("stop") or []
        limit = min(self._max_tokens, sampling_params.get("max_tokens", self._max_tokens))
        draw = torch.Generator().manual_seed(int(sampling_params.get("seed") or 0))
        ids, cache, tokens, logprobs = torch.tensor([prompt_ids]), None, [], []
        while len(tokens) < limit:
            out = self._model(input_ids=ids, past_key_values=cache, use_cache=True)
            cache = out.past_key_values
            scores = torch.log_softmax(out.logits[0, -1].float() / (temperature or 1.0), -1)
            token = int(scores.argmax() if temperature == 0 else torch.multinomial(scores.exp(), 1, generator=draw))
            tokens.append(token)
            logprobs.append(float(scores[token]))
            ids = torch.tensor([[token]])
            text = self._tokenizer.decode(tokens) if stops else ""
            if token == self._tokenizer.eos_token_id or any(stop in text for stop in stops):
                break
        extra = {"global_steps": self._step}
        return TokenOutput(token_ids=tokens, log_probs=logprobs, stop_reason="completed", extra_fields=extra)

    def load_weights(self, weights: dict[str, Any], step: int | None) -> tuple[list[str], list[str]]:
        state = {name: torch.as_tensor(value) for name, value in weights.items()}
        result = self._model.load_state_dict(state, strict=False)
        self._step = step
        return list(result.missing_keys), list(result.unexpected_keys)

    def _nothing(self, *_: Any, **__: Any) -> None: ...

    wake_up = sleep = abort_all_requests = resume_generation = clear_kv_cache = _nothing
    release_kv_cache = resume_kv_cache = start_profile = stop_profile = _nothing


def _server_name(rank: int) -> str:
    return f"sqlm_transformers_{rank}"


class TransformersReplica(RolloutReplica):
    """Starts one server for each rank."""

    async def launch_servers(self) -> None:
        name = _server_name(self.replica_rank)
        model = self.model_config
        path = model.path if hasattr(model, "path") else model["path"]
        server = ray.remote(TransformersServer).options(name=name, num_cpus=0)
        handle = server.remote(path, self.config.response_length)
        self.servers, self._server_handle, self._server_address = [handle], handle, name


class TransformersRollout(BaseRollout):
    """The rank's side: sends it the weights after every update."""

    async def resume(self, tags: list[str]) -> None: ...

    async def release(self) -> None: ...

    async def update_weights(
        self,
        weights: Iterable[tuple[str, torch.Tensor]],
        global_steps: int | None = None,
        wire_format: str = "named_tensors",
        **_: Any,
    ) -> None:
        state = {name: tensor.detach().float().cpu().numpy() for name, tensor in weights}
        server = ray.get_actor(_server_name(torch.distributed.get_rank()))
        missing, unexpected = await server.load_weights.remote(state, global_steps)
        # Tied embeddings have no tensor of the output layer.
        missing = [name for name in missing if name != "lm_head.weight"]
        if missing or unexpected:
            raise RuntimeError(f"the sampler lacks {missing[:3]} or does not know {unexpected[:3]}")


RolloutReplicaRegistry.register(NAME, lambda: TransformersReplica)
_ROLLOUT_REGISTRY[(NAME, "async")] = f"{__name__}.TransformersRollout"
