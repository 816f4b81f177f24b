"""A run folder as `selfq status`, dashboard, inspector, evaluation and exports read it (protocol/records.ts)."""

import contextlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

VERSION = 1
HEARTBEAT_S = 2.0
NEWEST_KEPT = 3
TOKEN_TYPES = ("tokens", "update")
FULL_BELOW_BYTES = 1 << 20


class RunFolder:
    """Writes the records of one run. Every file appears whole under its name or not at all."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).resolve()
        self._record: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def begin(
        self,
        *,
        step: int,
        settings: dict[str, Any],
        model: dict[str, str],
        versions: dict[str, str],
    ) -> None:
        """Makes the folder or opens it again, drops what was recorded after `step`, and says that the run is live."""
        for name in ("steps", "evals", "checkpoints"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        earlier = self._read()
        if earlier is not None and earlier["config"].get("domain") != settings["domain"]:
            raise ValueError(
                f"{self.path} holds a run of the domain {earlier['config'].get('domain')}: name another run_dir"
            )
        self._truncate(step)
        now = _now()
        self._record = {
            "version": VERSION,
            "id": self.path.name,
            "state": "running",
            "trainer": f"verl {versions['verl']}",
            "config": settings,
            "model": model,
            "versions": versions,
            "createdAt": earlier["createdAt"] if earlier else now,
            "step": step,
            "steps": int(settings["steps"]),
            "engine": {
                "pid": os.getpid(),
                "startTime": _start_time(),
                "token": "",
                "socket": "",
                "heartbeat": now,
            },
            "restarts": earlier["restarts"] + 1 if earlier else 0,
            "alarms": earlier["alarms"] if earlier else [],
        }
        self._write_record()
        threading.Thread(target=self._beat, daemon=True).start()

    def record(self, step: int, lines: Sequence[dict[str, Any]], metrics: dict[str, Any]) -> None:
        """The records of a step, then its line of metrics; on disk when it returns."""
        texts = [line for line in lines if line["type"] not in TOKEN_TYPES]
        tokens = [line for line in lines if line["type"] in TOKEN_TYPES]
        body = "".join(f"{_dumps(line)}\n" for line in [*texts, *tokens])
        _write(self.path / "steps" / f"{step:06d}.jsonl", body)
        with open(self.path / "metrics.jsonl", "a", encoding="utf-8") as file:
            file.write(f"{_dumps(metrics)}\n")
            file.flush()
            os.fsync(file.fileno())
        self.update(step=step)

    def questions(self) -> list[dict[str, Any]]:
        """All questions that the policy has asked so far, in their order: `id`, `statement`, `content`."""
        found = []
        for path in sorted((self.path / "steps").glob("[0-9]*.jsonl")):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    if line.startswith('{"type":"question"'):
                        row = json.loads(line)
                        found.append({name: row[name] for name in ("id", "statement", "content")})
        return found

    def checkpoint(self, step: int, save: Callable[[Path], None]) -> Path:
        """Has `save` fill a folder that gets the checkpoint's name when it is complete; drops old ones."""
        folder = self.path / "checkpoints" / f"{step:06d}"
        temporary = folder.with_suffix(".tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        save(temporary)
        _write(temporary / "state.json", f"{_dumps({'step': step})}\n")
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
        self._prune()
        return folder

    def update(self, **changes: Any) -> None:
        """Changes run.json; nothing before `begin`."""
        if self._record:
            with self._lock:
                self._record.update(changes)
            self._write_record()

    def end(self, state: str, error: dict[str, str] | None = None) -> None:
        """The run is over: `finished`, `stopped` or `failed` with an error (`boundary`, `message`, `remedy`)."""
        self._ended.set()
        self.update(state=state, **({} if error is None else {"error": error}))

    def fail(self, error: BaseException) -> None:
        """The run has ended by this error: says so here and on the terminal, and what to do. Throws nothing."""
        words = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:500]}"
        remedy = "Start the same command again: it continues from the latest checkpoint of verl."
        with contextlib.suppress(OSError):
            if shutil.disk_usage(self.path).free < FULL_BELOW_BYTES:
                words, remedy = f"The disk of {self.path} is full. {words}", f"Free space. {remedy}"
        print(f"[sqlm] {words}\n[sqlm] {remedy}", flush=True)
        # Where the disk is full these may fail, too; readers then see that the process is gone.
        with contextlib.suppress(OSError):
            self.log(words)
        with contextlib.suppress(OSError):
            self.end("failed", {"boundary": "runtime", "message": words, "remedy": remedy})

    def log(self, words: str) -> None:
        with open(self.path / "engine.log", "a", encoding="utf-8") as file:
            file.write(f"{_now()} {words}\n")

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            # A full disk does not end a run here: the next record will.
            with contextlib.suppress(OSError):
                self._write_record()

    def _write_record(self) -> None:
        with self._lock:
            self._record["engine"]["heartbeat"] = _now()
            _write(self.path / "run.json", f"{json.dumps(self._record, indent=2)}\n", mode=0o600)

    def _read(self) -> dict[str, Any] | None:
        try:
            record = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        if record["version"] > VERSION:
            raise ValueError(f"{self.path} was made by a newer version (layout {record['version']})")
        if "trainer" not in record:
            raise ValueError(f"{self.path} holds a run of `selfq run`: name another run_dir")
        return record

    def _truncate(self, step: int) -> None:
        metrics = self.path / "metrics.jsonl"
        if metrics.exists():
            kept = [line for line in metrics.read_text(encoding="utf-8").splitlines() if _step_of(line) <= step]
            _write(metrics, "".join(f"{line}\n" for line in kept))
        for path in [*(self.path / "steps").iterdir(), *(self.path / "evals").iterdir()]:
            number = re.match(r"\d{6,}", path.name)
            if number and int(number.group()) > step:
                path.unlink()
        for path in (self.path / "checkpoints").iterdir():
            if path.suffix == ".tmp" or (path.name.isdigit() and int(path.name) > step):
                shutil.rmtree(path)

    def _prune(self) -> None:
        folders = sorted(path for path in (self.path / "checkpoints").iterdir() if path.name.isdigit())
        for folder in folders[:-NEWEST_KEPT]:
            if int(folder.name) % 10 != 0:
                shutil.rmtree(folder)


def _step_of(line: str) -> float:
    try:
        return json.loads(line)["step"]
    except ValueError:
        # A torn last line.
        return float("inf")


def _dumps(value: Any) -> str:
    # Readers know the type of a line by its first bytes.
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _start_time() -> str:
    """`<boot>:<ticks>` of this process, by which readers tell it from a later one with its pid; empty but on Linux."""
    try:
        stat = Path(f"/proc/{os.getpid()}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    return f"{boot}:{stat[stat.rindex(')') + 2 :].split()[19]}"
