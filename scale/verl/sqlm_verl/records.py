"""Rollouts on their way through a step, and the lines of its file that are written from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .rewards import Reward


@dataclass
class Rollout:
    """One completion of the policy in either role. `key`: its row in verl's queue."""

    key: str
    id: str
    group: str
    prompt: dict[str, Any]
    prompt_ids: list[int]
    token_ids: list[int]
    logprobs: list[float]
    text: str
    finish: str
    reward: Reward = None
    advantage: float = 0.0
    rejection: dict[str, Any] | None = None
    grade: dict[str, Any] | None = None

    @property
    def read(self) -> str:
        """What the domain reads: the prompt's prefill and the completion."""
        return self.prompt.get("prefill", "") + self.text


@dataclass
class Asked:
    """A question of a step. answers: [form][sample]."""

    question: dict[str, Any]
    forms: list[dict[str, Any]]
    same_as: str | None = None
    reference_lines: int | None = None
    answers: list[list[Rollout]] = field(default_factory=list)
    label: dict[str, Any] | None = None

    @property
    def rewards(self) -> list[Reward]:
        """What the domain gave all answers."""
        return [(answer.grade or {}).get("reward") for form in self.answers for answer in form]


def step_lines(
    step: int, seed: int, proposals: Sequence[Rollout], asked: Sequence[Asked], updates: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """A step as its file has it: header, prompts, proposals, questions, answers, tokens, updates."""
    answers = [answer for item in asked for form in item.answers for answer in form]
    first = {}
    for proposal in proposals:
        first.setdefault(proposal.group, proposal)
    return [
        {"type": "step", "step": step, "seed": seed},
        *({"type": "prompt", "groupId": group, "prompt": _prompt(one)} for group, one in first.items()),
        *(
            {"type": "proposal", **_sampled(one), **({"rejection": one.rejection} if one.rejection else {})}
            for one in proposals
        ),
        *(_question(item) for item in asked),
        *(line for item in asked for line in _answers(item)),
        *(
            {"type": "tokens", "id": one.id, "tokenIds": one.token_ids, "logprobs": one.logprobs}
            for one in [*proposals, *answers]
        ),
        *updates,
    ]


def _question(item: Asked) -> dict[str, Any]:
    counted = [reward for reward in item.rewards if reward is not None]
    optional = {
        "label": item.label,
        "solveRate": sum(counted) / len(counted) if counted else None,
        "sameAs": item.same_as,
        "referenceLines": item.reference_lines,
    }
    return {
        "type": "question",
        **{name: item.question[name] for name in ("id", "statement", "content")},
        "prompts": [_prompt(form[0]) for form in item.answers if form],
        **{name: value for name, value in optional.items() if value is not None},
    }


def _answers(item: Asked) -> Iterable[dict[str, Any]]:
    for form, answers in enumerate(item.answers):
        for one in answers:
            grade = one.grade or {"mark": "masked", "answer": ""}
            detail = {"detail": grade["detail"]} if "detail" in grade else {}
            yield {
                "type": "answer",
                **_sampled(one),
                "questionId": item.question["id"],
                "form": form,
                "answer": grade["answer"],
                "mark": grade["mark"],
                **detail,
            }


def _sampled(one: Rollout) -> dict[str, Any]:
    mean = {"meanLogprob": sum(one.logprobs) / len(one.logprobs)} if one.logprobs else {}
    reward = {} if one.reward is None else {"reward": one.reward}
    return {
        "id": one.id,
        "groupId": one.group,
        "text": one.text,
        "tokens": len(one.token_ids),
        **mean,
        "finishReason": one.finish,
        "advantage": one.advantage,
        **reward,
    }


def _prompt(one: Rollout) -> dict[str, Any]:
    prefill = {"prefill": one.prompt["prefill"]} if "prefill" in one.prompt else {}
    messages = [{"role": message["role"], "content": message["content"]} for message in one.prompt["messages"]]
    return {"messages": messages, **prefill, "tokenIds": one.prompt_ids}
