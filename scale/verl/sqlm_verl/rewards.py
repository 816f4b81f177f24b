"""Rewards and advantages. The vectors of tests/golden.json, made by the TypeScript side, hold this file to that one."""

import math
from collections.abc import Sequence
from typing import Any

Reward = float | None
"""In [0, 1]; None where an answer could not be judged through a fault of ours, so that it counts for nothing."""


def solver_reward(grade: dict[str, Any], kind: str) -> Reward:
    """Reward of one answer: what its domain gives it (`tests`), or 1 for a well-formed one (`format`)."""
    if grade["mark"] == "masked":
        return None
    if kind == "format":
        return float(grade["mark"] != "unparsable")
    if kind == "tests":
        return float(grade["reward"])
    raise ValueError(f"there is no solverReward {kind!r}")


def proposer_reward(answers: Sequence[Reward], kind: str) -> Reward:
    """Reward of an accepted proposal from those that the domain gave its answers; None when all were masked."""
    rewards = [reward for reward in answers if reward is not None]
    if not rewards:
        return None
    rate = sum(rewards) / len(rewards)
    match kind:
        case "mean":
            return float(0 < rate < 1)
        case "perAnswer":
            return sum(0 < reward < 1 for reward in rewards) / len(rewards)
        case "oneMinusMean":
            return 1 - rate if rate > 0 else 0.0
        case "variance":
            return 4 * rate * (1 - rate)
        case "middle":
            return min(rate, 1 - rate)
    raise ValueError(f"there is no proposerReward {kind!r}")


def group_advantages(rewards: Sequence[Reward]) -> list[float]:
    """(r - mean) / (std + 1e-6) for each member, std with N - 1; masked members and groups without variance get 0."""
    counted = [reward for reward in rewards if reward is not None]
    if len(counted) < 2 or all(reward == counted[0] for reward in counted):
        return [0.0] * len(rewards)
    center = sum(counted) / len(counted)
    deviation = math.sqrt(sum((reward - center) ** 2 for reward in counted) / (len(counted) - 1))
    if not deviation > 0:
        return [0.0] * len(rewards)
    return [0.0 if reward is None else (reward - center) / (deviation + 1e-6) for reward in rewards]
