"""A step with canned completions against a real `selfq serve`, whose address SELFQ_SERVER holds, and no verl."""

import json
import os
from pathlib import Path

import pytest

from sqlm_verl.client import DomainClient
from sqlm_verl.duplicates import DuplicateIndex
from sqlm_verl.play import Play
from sqlm_verl.records import Rollout, step_lines
from sqlm_verl.run_folder import RunFolder

SERVER = os.environ.get("SELFQ_SERVER")
GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))

SETTINGS = {
    **{"seed": 1, "steps": 1, "proposerPrompts": 2, "answersPerQuestion": 4, "maxPromptTokens": 512},
    **{"nearDuplicate": 0.8, "behaviourDuplicates": "reject", "solverReward": "tests", "proposerReward": "mean"},
    "model": "qwen2.5-coder-0.5b",
}

pytestmark = pytest.mark.skipif(SERVER is None, reason="SELFQ_SERVER names no `selfq serve`")


def rollout(name: str, group: str, prompt: dict, text: str) -> Rollout:
    return Rollout(name, name, group, prompt, [1, 2], [3, 4, 5], [-0.5, -1.0, -0.25], text, "stop")


@pytest.mark.parametrize("case", GOLDEN["questions"], ids=lambda case: case["name"])
def test_served_grades_are_the_golden_ones(case: dict) -> None:
    domains = DomainClient([SERVER], case["settings"])
    proposals = [{"id": entry["id"], "text": entry["text"]} for entry in case["proposals"]]
    results = domains.verify(proposals)
    for result, entry in zip(results, case["proposals"], strict=True):
        assert result.get("rejection") == entry.get("rejection")
        assert result.get("question") == entry.get("question")
    questions = {entry["id"]: entry["question"] for entry in case["proposals"] if "question" in entry}
    items = [{"question": questions[entry["id"]], "answers": entry["answers"]} for entry in case["answered"]]
    for result, entry in zip(domains.reward(items), case["answered"], strict=True):
        marks = [[(grade["mark"], grade.get("reward")) for grade in form] for form in result["grades"]]
        assert marks == [[(grade["mark"], grade["reward"]) for grade in form] for form in entry["grades"]]


def test_a_step_becomes_a_run_folder(tmp_path: Path) -> None:
    case = GOLDEN["questions"][0]
    settings = {**case["settings"], **SETTINGS}
    domains = DomainClient([SERVER], settings)
    groups = domains.propose(1, 2)
    texts = [["12 + 30 * 2", "7 - 4"], ["12 + 30 * 2", "no expression"]]
    proposals = [
        rollout(f"{group['id']}.{sample}", group["id"], group["prompt"], text)
        for group, samples in zip(groups, texts, strict=True)
        for sample, text in enumerate(samples)
    ]
    play = Play(domains, DuplicateIndex(settings["nearDuplicate"]), settings, lambda prompt: 10)
    asked = play.verify(1, proposals)
    assert [one.rejection and one.rejection["reason"] for one in proposals] == [
        None,
        None,
        "near_duplicate",
        "malformed",
    ]
    for item in asked:
        for form in item.forms:
            answers = ["<answer>72</answer>", "<answer>72</answer>", "<answer>3</answer>", "?"]
            item.answers.append(
                [
                    rollout(f"{form['groupId']}/{sample}", form["groupId"], form["prompt"], text)
                    for sample, text in enumerate(answers)
                ]
            )
    play.judge(asked)
    play.reward(proposals, asked)
    assert [answer.reward for answer in asked[0].answers[0]] == [1, 1, 0, 0]
    assert [one.reward for one in proposals] == [1, 1, 0, 0]
    lines = step_lines(1, settings["seed"], proposals, asked, [])
    metrics = domains.measure(1, lines, {"propose": 1.0, "solve": 2.0})
    assert (metrics["proposals"], metrics["valid"], metrics["rejected"]) == (
        4,
        2,
        {"near_duplicate": 1, "malformed": 1},
    )
    folder = RunFolder(os.environ.get("SELFQ_RUN", tmp_path / "run"))
    model = {"id": settings["model"], "path": "", "hash": ""}
    folder.begin(step=0, settings=settings, model=model, versions={"verl": "0.9.1"})
    folder.record(1, lines, metrics)
    folder.end("finished")
