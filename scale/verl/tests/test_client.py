"""The client against a server of this test: busy, stopped, torn or wrong answers, and nothing lost."""

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sqlm_verl.client import DomainClient, DomainError


class Fake:
    """Answers /domain/verify with the ids that came; `script` says what happens to the first requests."""

    def __init__(self, script: list[str], port: int = 0) -> None:
        self.script, self.seen, self.answered = list(script), [], Counter()
        lock = threading.Lock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    fake.seen.append((self.path, self.headers.get("Authorization"), body))
                    fault = fake.script.pop(0) if fake.script else "ok"
                if fault == "drop":
                    self.connection.close()
                    return
                ok = fault == "ok"
                results = [{"id": entry["id"]} for entry in body.get("proposals", body.get("questions", []))]
                reply = json.dumps({"results": results} if ok else {"error": f"fault {fault}"}).encode()
                if ok:
                    with lock:
                        fake.answered.update(entry["id"] for entry in body.get("proposals", []))
                self.send_response(200 if ok else int(fault))
                self.send_header("Content-Length", str(len(reply)))
                if fault in ("429", "503"):
                    self.send_header("Retry-After", "0")
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def client(urls: list[str], **options: object) -> DomainClient:
    return DomainClient(urls, {"domain": "coding", "seed": 1}, **{"batch": 10, "patience": 20.0, **options})


def proposals(count: int) -> list[dict[str, str]]:
    return [{"id": f"p{index}", "text": "x"} for index in range(count)]


def test_results_come_in_order_and_requests_carry_settings_and_token() -> None:
    fake = Fake([])
    results = client([fake.url], token="secret").verify(proposals(95))
    assert [result["id"] for result in results] == [f"p{index}" for index in range(95)]
    assert len(fake.seen) == 10
    path, authorization, body = fake.seen[0]
    assert (path, authorization, body["settings"]["domain"]) == ("/domain/verify", "Bearer secret", "coding")
    fake.close()


def test_seeds_of_questions_come_from_their_position_in_the_step() -> None:
    fake = Fake([])
    asking = client([fake.url])
    assert [prompt["id"] for prompt in asking.solve(1, proposals(25))] == [f"p{index}" for index in range(25)]
    assert sorted((body["first"], len(body["questions"])) for _, _, body in fake.seen) == [(0, 10), (10, 10), (20, 5)]
    assert asking.solve(1, []) == []
    fake.close()


@pytest.mark.parametrize("fault", ["429", "503", "502", "drop"])
def test_a_busy_or_dying_server_is_asked_again(fault: str) -> None:
    fake = Fake([fault] * 3)
    asking = client([fake.url])
    assert len(asking.verify(proposals(30))) == 30
    assert asking.retries == 3
    fake.close()


def test_another_server_takes_over_and_nothing_is_lost() -> None:
    fake = Fake([])
    gone = Fake([])
    gone.close()
    results = client([gone.url, fake.url]).verify(proposals(100))
    assert [result["id"] for result in results] == [f"p{index}" for index in range(100)]
    assert set(fake.answered.values()) == {1}
    fake.close()


def test_a_server_that_comes_back_is_used_again() -> None:
    first = Fake([])
    port = first.server.server_address[1]
    first.close()
    later: list[Fake] = []
    threading.Timer(1.0, lambda: later.append(Fake([], port))).start()
    assert len(client([first.url]).verify(proposals(5))) == 5
    later[0].close()


def test_what_is_refused_is_not_asked_again() -> None:
    fake = Fake(["422"])
    with pytest.raises(DomainError, match=r"refused /domain/verify \(422\): fault 422"):
        client([fake.url]).verify(proposals(1))
    assert len(fake.seen) == 1
    fake.close()


def test_patience_ends() -> None:
    fake = Fake([])
    fake.close()
    start = time.monotonic()
    with pytest.raises(DomainError, match="no server answered"):
        client([fake.url], patience=0.5).verify(proposals(1))
    assert time.monotonic() - start < 5


def test_there_has_to_be_a_server() -> None:
    with pytest.raises(ValueError, match="selfq serve"):
        client([])
