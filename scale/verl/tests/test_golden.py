"""Rewards, advantages and duplicates are those of the TypeScript side, whose vectors these are."""

import json
from pathlib import Path

import pytest

from sqlm_verl.duplicates import DuplicateIndex
from sqlm_verl.rewards import group_advantages, proposer_reward, solver_reward

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))


def test_solver_rewards() -> None:
    for case in GOLDEN["solverReward"]:
        assert solver_reward(case["grade"], case["kind"]) == case["reward"]


def test_proposer_rewards() -> None:
    for case in GOLDEN["proposerReward"]:
        expected = case["reward"]
        got = proposer_reward(case["rewards"], case["kind"])
        assert got is None if expected is None else got == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_advantages() -> None:
    for case in GOLDEN["advantages"]:
        assert group_advantages(case["rewards"]) == pytest.approx(case["advantages"], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("question", GOLDEN["questions"], ids=lambda question: question["name"])
def test_rewards_of_every_domain(question: dict) -> None:
    for answered in question["answered"]:
        for kind, expected in answered["solver"].items():
            rewards = [[solver_reward(grade, kind) for grade in form] for form in answered["grades"]]
            assert rewards == expected["rewards"]
            for form, advantages in zip(rewards, expected["advantages"], strict=True):
                assert group_advantages(form) == pytest.approx(advantages, rel=1e-12, abs=1e-15)
        given = [grade["reward"] for form in answered["grades"] for grade in form]
        for kind, expected in answered["proposer"].items():
            assert proposer_reward(given, kind) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("case", GOLDEN["duplicates"], ids=lambda case: str(case["threshold"]))
def test_duplicates(case: dict) -> None:
    index = DuplicateIndex(case["threshold"])
    for asked in case["asked"]:
        assert index.nearest(asked["fingerprint"]) == asked["nearest"], asked["id"]
        assert index.behaving_alike(asked["fingerprint"]) == asked["sameAs"], asked["id"]
        index.add(asked["id"], asked["fingerprint"])


def test_a_kind_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no proposerReward 'best'"):
        proposer_reward([1.0, 0.0], "best")
    with pytest.raises(ValueError, match="no solverReward 'best'"):
        solver_reward({"mark": "right", "reward": 1, "answer": ""}, "best")
