"""What a step does besides sampling and training: verifying, judging and rewarding. Knows nothing of verl."""

from collections.abc import Callable, Sequence
from typing import Any

from .client import DomainClient
from .duplicates import DuplicateIndex
from .records import Asked, Rollout
from .rewards import group_advantages, proposer_reward, solver_reward


class Play:
    """The parts of a run's steps. count_tokens: of a prompt with its prefill."""

    def __init__(
        self,
        domains: DomainClient,
        duplicates: DuplicateIndex,
        settings: dict[str, Any],
        count_tokens: Callable[[dict[str, Any]], int],
    ) -> None:
        self._domains = domains
        self._duplicates = duplicates
        self._settings = settings
        self._count_tokens = count_tokens

    def verify(self, step: int, proposals: Sequence[Rollout]) -> list[Asked]:
        """Proposals that pass every guard, fit into the prompt and are new become questions; the others are marked."""
        results = self._domains.verify([{"id": one.id, "text": one.read} for one in proposals])
        valid = [(one, result) for one, result in zip(proposals, results, strict=True) if "question" in result]
        for one, result in zip(proposals, results, strict=True):
            one.rejection = result.get("rejection")
        # Prompts of all of them, whose seeds do not count yet: which will be asked is not known.
        prompts = self._domains.solve(step, [result["question"] for _, result in valid])
        asked = []
        for (one, result), prompt in zip(valid, prompts, strict=True):
            one.rejection = self._too_long(prompt["forms"]) or self._duplicates.rejection(
                result["fingerprint"], self._settings["behaviourDuplicates"]
            )
            if one.rejection is None:
                same = self._duplicates.behaving_alike(result["fingerprint"])
                self._duplicates.add(one.id, result["fingerprint"])
                lines = result.get("referenceLines")
                asked.append(Asked(result["question"], prompt["forms"], same_as=same, reference_lines=lines))
        for item, prompt in zip(asked, self._domains.solve(step, [item.question for item in asked]), strict=True):
            item.forms = prompt["forms"]
        return asked

    def judge(self, asked: Sequence[Asked]) -> None:
        """Grades of all answers, and the labels that they elect."""
        items = [
            {"question": item.question, "answers": [[answer.read for answer in form] for form in item.answers]}
            for item in asked
        ]
        for item, result in zip(asked, self._domains.reward(items), strict=True):
            item.label = result.get("label")
            for form, grades in zip(item.answers, result["grades"], strict=True):
                for answer, grade in zip(form, grades, strict=True):
                    answer.grade = grade

    def reward(self, proposals: Sequence[Rollout], asked: Sequence[Asked]) -> None:
        """Rewards of both roles, and advantages within each group."""
        for item in asked:
            for form in item.answers:
                for answer in form:
                    answer.reward = solver_reward(answer.grade or {"mark": "masked"}, self._settings["solverReward"])
                _set_advantages(form)
        questions = {item.question["id"]: item for item in asked}
        groups: dict[str, list[Rollout]] = {}
        for one in proposals:
            groups.setdefault(one.group, []).append(one)
            if one.rejection is not None:
                # A fault of ours is nobody's failure.
                one.reward = None if one.rejection["reason"] == "sandbox_fault" else 0.0
            else:
                one.reward = proposer_reward(questions[one.id].rewards, self._settings["proposerReward"])
        for group in groups.values():
            _set_advantages(group)

    def _too_long(self, forms: Sequence[dict[str, Any]]) -> dict[str, str] | None:
        limit = self._settings["maxPromptTokens"]
        if max(self._count_tokens(form["prompt"]) for form in forms) <= limit:
            return None
        return {"reason": "prompt_too_long", "detail": f"Its prompt is longer than {limit} tokens."}


def _set_advantages(group: Sequence[Rollout]) -> None:
    for one, advantage in zip(group, group_advantages([one.reward for one in group]), strict=True):
        one.advantage = advantage
