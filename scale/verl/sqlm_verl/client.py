"""Asks `selfq serve` for the domains: in batches, from several servers, waiting for those that are busy or away."""

import http.client
import itertools
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Settings = dict[str, str | int | float]
Question = dict[str, Any]

BUSY = (429, 502, 503, 504)


class DomainError(Exception):
    """A server refused what it was asked, or no server answered for too long."""


class DomainClient:
    """The domains of a run. Every operation is a function of its request, so that any server can answer it again.

    servers: addresses such as http://10.0.0.5:8177, asked in turn. settings: all of a run's by name. patience: seconds
    for which one request is tried again while servers are busy, stopped or away. batch: entries of one request.
    """

    def __init__(
        self,
        servers: Sequence[str],
        settings: Settings,
        *,
        token: str | None = None,
        patience: float = 900.0,
        timeout: float = 600.0,
        batch: int = 64,
        connections: int = 8,
    ) -> None:
        if not servers:
            raise ValueError("sqlm.servers names no server; start one with `selfq serve`")
        self._servers = [server.rstrip("/") for server in servers]
        self._settings = settings
        self._token = token
        self._patience = patience
        self._timeout = timeout
        self._batch = batch
        self._turn = itertools.count()
        self._threads = ThreadPoolExecutor(max_workers=connections * len(self._servers))
        self.retries = 0
        """Requests that were sent again, since the start."""

    def propose(self, step: int, count: int) -> list[dict[str, Any]]:
        """The proposer groups of a step: `id`, `seed` and `prompt` of each."""
        return self._ask("propose", {"step": step, "first": 0, "count": count})["groups"]

    def verify(self, proposals: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
        """For each proposal (`id`, `text` with the prefill): a `rejection`, or `question` and `fingerprint`."""
        return self._each("verify", "proposals", proposals)

    def fingerprint(self, questions: Sequence[Question]) -> list[dict[str, Any]]:
        return self._each("fingerprint", "questions", questions)

    def solve(self, step: int, questions: Sequence[Question]) -> list[dict[str, Any]]:
        """The `forms` of each question: `groupId`, `seed` and `prompt`. Seeds depend on the position in the step."""
        bodies = [
            {"step": step, "first": self._batch * index, "questions": chunk}
            for index, chunk in enumerate(self._chunks(questions))
        ]
        return self._all("solve", bodies)

    def reward(self, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """`grades` ([form][sample]) and `label` of each item (`question`, `answers` as [form][sample])."""
        return self._each("reward", "items", items)

    def grade(self, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return self._each("grade", "items", items)

    def measure(self, step: int, lines: Sequence[dict[str, Any]], seconds: dict[str, float]) -> dict[str, Any]:
        """The figures of a step, a line of metrics.jsonl, from its records."""
        return self._ask("measure", {"step": step, "lines": lines, "seconds": seconds})["metrics"]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _chunks(self, entries: Sequence[Any]) -> list[Sequence[Any]]:
        return [entries[start : start + self._batch] for start in range(0, len(entries), self._batch)]

    def _each(self, operation: str, name: str, entries: Sequence[Any]) -> list[dict[str, Any]]:
        return self._all(operation, [{name: chunk} for chunk in self._chunks(entries)])

    def _all(self, operation: str, bodies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        replies = self._threads.map(lambda body: self._ask(operation, body)["results"], bodies)
        return [result for results in replies for result in results]

    def _ask(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        data = json.dumps({"settings": self._settings, **body}, allow_nan=False).encode()
        until = time.monotonic() + self._patience
        for attempt in itertools.count():
            server = self._servers[next(self._turn) % len(self._servers)]
            try:
                return self._post(f"{server}/domain/{operation}", data)
            except urllib.error.HTTPError as error:
                reason = _words(error)
                if error.code not in BUSY and not (error.code == 500 and attempt < 3):
                    raise DomainError(f"{server} refused /domain/{operation} ({error.code}): {reason}") from error
                pause = float(error.headers.get("Retry-After") or 0)
            except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
                reason, pause = str(error), 0.0
            # Clients that were turned away together come back apart.
            pause = max(pause, min(5.0, 0.2 * 2 ** min(attempt, 6))) * random.uniform(0.5, 1.5)
            if time.monotonic() + pause > until:
                raise DomainError(f"no server answered /domain/{operation} for {self._patience:.0f} s: {reason}")
            self.retries += 1
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _post(self, url: str, data: bytes) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(url, data=data, headers=headers, method="POST")
        with urllib.request.urlopen(request, timeout=self._timeout) as response:
            return json.load(response)


def _words(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError):
        return error.reason
