"""One turn of either role: verl's own loop knows neither prefills nor stop texts nor seeds of single completions."""

from typing import Any
from uuid import uuid4

from verl.experimental.agent_loop.agent_loop import AgentLoopBase, AgentLoopMetrics, AgentLoopOutput, register
from verl.utils.profiler import simple_timer

from .texts import prompt_ids


@register("sqlm")
class SelfPlayLoop(AgentLoopBase):
    """Answers the prompt of the row's field `sqlm`: `prompt`, `seed`, `max_tokens`."""

    async def run(self, sampling_params: dict[str, Any], **row: Any) -> AgentLoopOutput:
        asked, sample = row["sqlm"], int(row["session_id"])
        ids = prompt_ids(self.tokenizer, asked["prompt"])
        params = {**sampling_params, "max_tokens": asked["max_tokens"], "stop": asked["prompt"].get("stop", [])}
        if asked["seed"] is not None:
            params["seed"] = (asked["seed"] + 7919 * sample) % 2**31
        timing: dict[str, float] = {}
        with simple_timer("generate_sequences", timing):
            output = await self.server_manager.generate(request_id=uuid4().hex, prompt_ids=ids, sampling_params=params)
        tokens = output.token_ids[: asked["max_tokens"]]
        return AgentLoopOutput(
            prompt_ids=ids,
            response_ids=tokens,
            response_mask=[1] * len(tokens),
            response_logprobs=output.log_probs[: len(tokens)] if output.log_probs else None,
            # Rewards need all answers to a question together: the trainer gives them.
            reward_score=0.0,
            num_turns=2,
            metrics=AgentLoopMetrics(generate_sequences=timing["generate_sequences"]),
            extra_fields={**output.extra_fields, "turn_scores": [], "tool_rewards": []},
        )
