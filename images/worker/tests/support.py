"""What the tests share: a served worker, a small client, and the check of every message against the schema."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import socket
import sys
import threading
import time
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
SCHEMA = PROJECT / "docs/schema/wire-1.schema.json"
TOKEN = "a-token-for-tests"

sys.path.insert(0, str(HERE.parent))

from lem_worker.engines import ENGINES  # noqa: E402
from lem_worker.server import WireServer  # noqa: E402
from lem_worker.settings import EngineConfig  # noqa: E402
from lem_worker.worker import Worker  # noqa: E402

ENGINES["fake"] = "fake_engine"


def conforms(name: str, message: Any) -> Any:
    """Returns the message if the committed schema of the wire protocol has it so; raises otherwise."""
    try:
        import jsonschema
    except ImportError:
        how = "apt-get install python3-jsonschema, or pip install jsonschema"
        raise AssertionError(f"these tests need jsonschema: {how}") from None
    definitions = json.loads(SCHEMA.read_text())["$defs"]
    jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions}).validate(message)
    return message


class Client:
    """Asks a worker, and lets no message pass that the schema does not know."""

    def __init__(self, port: int, token: str | None = TOKEN) -> None:
        self.port = port
        self.headers = {"connection": "close"} | ({} if token is None else {"authorization": f"Bearer {token}"})

    def open(self, method: str, path: str, body: Any = None) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        data = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
        try:
            connection.request(method, path, data, self.headers)
            return connection.getresponse()
        except OSError:
            connection.close()
            raise

    def ask(self, method: str, path: str, body: Any = None, kind: str = "WireError") -> tuple[int, Any]:
        with self.open(method, path, body) as response:
            return response.status, conforms(kind, json.loads(response.read()))

    def health(self) -> tuple[int, dict[str, str]]:
        return self.ask("GET", "/v1/health", kind="Health")

    def wait_health(self, status: str, within_s: float = 5) -> dict[str, str]:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            try:
                health = self.health()[1]
                if health["status"] == status:
                    return health
            except OSError:
                pass
            time.sleep(0.01)
        raise AssertionError(f"the worker is not {status} within {within_s} s")

    def run(self, **changes: Any) -> list[dict[str, Any]]:
        with self.open("POST", "/v1/runs", run_request(**changes)) as response:
            return list(events(response))

    def resume(self, run_id: str, cursor: int) -> list[dict[str, Any]]:
        with self.open("GET", f"/v1/runs/{run_id}/events?cursor={cursor}") as response:
            return list(events(response))

    def stop(self) -> int:
        with self.open("POST", "/v1/stop", {}) as response:
            return response.status if json.loads(response.read()) == {} else 0


def run_request(**changes: Any) -> dict[str, Any]:
    request = {
        "run_id": "run-1",
        "scenario": "concurrency",
        "concurrency": 2,
        "prompts": [[1, 2, 3], [4, 5, 6]],
        "output_tokens": 4,
        "stop": {"requests": 4},
        "seed": 1,
    } | changes
    return conforms("RunRequest", request) if not changes.get("prompts") else request


def events(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    assert response.status == 200, response.read()
    for line in response:
        yield conforms("RunEvent", json.loads(line))


def config(**params: Any) -> str:
    body = {"model": {"id": "fake"}, "dtype": "float32", "params": params, "max_concurrency": 8, "max_tokens": 32}
    return json.dumps(body)


class ServedWorker(unittest.TestCase):
    """Serves a worker with the fake engine inside this process."""

    def setUp(self) -> None:
        log = contextlib.redirect_stderr(io.StringIO())
        log.__enter__()
        self.addCleanup(log.__exit__, None, None, None)
        self.failures: list[str] = []

    def serve(self, ready: bool = True, sending_buffer: int = 0, **params: Any) -> Client:
        worker = self.worker = Worker(
            "fake", EngineConfig.from_json(config(**params)), on_failure=lambda: self.failures.append("load")
        )
        server = WireServer(("127.0.0.1", 0), TOKEN, worker)
        if sending_buffer:
            server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sending_buffer)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()

        def close() -> None:
            worker.abort(wait_s=2)
            server.shutdown()
            server.server_close()

        self.addCleanup(close)
        worker.start()
        client = Client(server.server_port)
        if ready:
            client.wait_health("ready")
        return client

    def of_type(self, events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
        return [event for event in events if event["type"] == kind]
