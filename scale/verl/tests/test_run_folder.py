"""Run folders: whole files, resuming at a step, the type of a line first."""

import errno
import json
import shutil
from pathlib import Path

import pytest

from sqlm_verl.records import Asked, Rollout, step_lines
from sqlm_verl.run_folder import RunFolder

SETTINGS = {"domain": "coding", "model": "m", "seed": 1, "steps": 3}


def begin(path: Path, step: int) -> RunFolder:
    folder = RunFolder(path)
    model = {"id": "m", "path": "m", "hash": ""}
    folder.begin(step=step, settings=SETTINGS, model=model, versions={"verl": "0.9.1"})
    return folder


def lines(step: int) -> list[dict]:
    proposal = Rollout("k", f"p{step}.0.0", f"p{step}.0", {"messages": []}, [1], [2, 3], [-1.0, -0.5], "t", "stop")
    answer = Rollout("a", f"p{step}.0.0/0", f"p{step}.0.0", {"messages": []}, [1], [4], [-0.1], "u", "stop")
    question = {"id": f"p{step}.0.0", "statement": "s", "content": {}}
    return step_lines(step, 1, [proposal], [Asked(question, [], answers=[[answer]])], [])


def test_a_resumed_run_drops_what_was_recorded_after_its_step(tmp_path: Path) -> None:
    folder = begin(tmp_path / "run", 0)
    for step in (1, 2, 3):
        folder.record(step, lines(step), {"step": step})
        folder.checkpoint(step, lambda target: None)
    with open(folder.path / "metrics.jsonl", "a") as file:
        file.write('{"step": 4, "torn')
    folder.end("failed", {"boundary": "runtime", "message": "m", "remedy": "r"})
    again = begin(tmp_path / "run", 2)
    kept = [json.loads(line)["step"] for line in (again.path / "metrics.jsonl").read_text().splitlines()]
    assert kept == [1, 2]
    assert [path.name for path in sorted((again.path / "steps").iterdir())] == ["000001.jsonl", "000002.jsonl"]
    assert [path.name for path in sorted((again.path / "checkpoints").iterdir())] == ["000001", "000002"]
    record = json.loads((again.path / "run.json").read_text())
    assert (record["state"], record["step"], record["restarts"]) == ("running", 2, 1)
    assert "error" not in record
    assert [question["id"] for question in again.questions()] == ["p1.0.0", "p2.0.0"]
    again.end("finished")


def test_a_failed_run_says_what_has_happened_and_what_to_do(tmp_path: Path) -> None:
    folder = begin(tmp_path / "run", 0)
    folder.fail(ValueError("first line\nof many"))
    record = json.loads((folder.path / "run.json").read_text())
    assert (record["state"], record["error"]["message"]) == ("failed", "ValueError: first line")
    assert "same command" in record["error"]["remedy"]
    assert "ValueError: first line" in (folder.path / "engine.log").read_text()


def test_a_full_disk_is_called_one_though_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = begin(tmp_path / "run", 0)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100, 100, 0))
    monkeypatch.setattr("sqlm_verl.run_folder._write", full)
    monkeypatch.setattr(RunFolder, "log", full)
    folder.fail(RuntimeError("unexpected pos 128 vs 0"))
    said = capsys.readouterr().out
    assert f"The disk of {folder.path} is full. RuntimeError: unexpected pos 128 vs 0\n[sqlm] Free space." in said


def test_lines_begin_with_their_type_and_end_with_tokens(tmp_path: Path) -> None:
    folder = begin(tmp_path / "run", 0)
    folder.record(1, lines(1), {"step": 1})
    written = (folder.path / "steps" / "000001.jsonl").read_text().splitlines()
    types = [json.loads(line)["type"] for line in written]
    assert types == ["step", "prompt", "proposal", "question", "answer", "tokens", "tokens"]
    assert all(line.startswith(f'{{"type":"{name}"') for line, name in zip(written, types, strict=True))
    folder.end("finished")


def test_checkpoints_are_pruned_as_in_the_engine(tmp_path: Path) -> None:
    folder = begin(tmp_path / "run", 0)
    for step in range(9, 15):
        folder.checkpoint(step, lambda target: None)
    assert [path.name for path in sorted((folder.path / "checkpoints").iterdir())] == [
        "000010",
        "000012",
        "000013",
        "000014",
    ]
    folder.end("finished")


def test_a_folder_of_another_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text(json.dumps({"version": 1, "config": {"domain": "coding"}}))
    with pytest.raises(ValueError, match="selfq run"):
        begin(tmp_path / "run", 0)
