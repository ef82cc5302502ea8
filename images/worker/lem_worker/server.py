"""The HTTP side of the wire protocol."""

from __future__ import annotations

import hmac
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from . import __version__
from .checks import parsed
from .errors import Invalid, WireProblem, described
from .runs import Run
from .worker import Worker

# Room for thousands of prompts of many thousand tokens.
LARGEST_BODY_BYTES = 256 << 20
# POST /v1/stop answers when the run has ended, or after this time if a step takes longer.
ABORT_WAIT_S = 1.5


class WireServer(ThreadingHTTPServer):
    """Listens from its creation on; `serve_forever` answers."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], token: str, worker: Worker) -> None:
        self.token = token.encode()
        self.worker = worker
        self._streams = 0
        self._stream_ended = threading.Condition()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        # Without the inherited look-up of the host's name, which can hang where there is no name server.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]

    @contextmanager
    def streaming(self) -> Iterator[None]:
        """Counts an answer that runs as long as its run."""
        with self._stream_ended:
            self._streams += 1
        try:
            yield
        finally:
            with self._stream_ended:
                self._streams -= 1
                self._stream_ended.notify_all()

    def wait_streams_ended(self, timeout_s: float) -> None:
        with self._stream_ended:
            self._stream_ended.wait_for(lambda: self._streams == 0, timeout_s)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error of ours; everything else is one line."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, (ConnectionError, TimeoutError)):
            print(f"lem-worker: {described(error)}", file=sys.stderr, flush=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = f"lem-worker/{__version__}"
    sys_version = ""
    # A reader that stops reading is cut off after this time and may come back with its cursor. Longer than clients
    # keep an idle connection: the side that closes first makes the other one see resets.
    timeout = 120
    # Head and body are two packets; the clock reading must not wait for the acknowledgement of the first.
    disable_nagle_algorithm = True
    server: WireServer

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """No access log: the controller asks often, and knows what it asked."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """The base class answers malformed requests with HTML."""
        self.close_connection = True
        self._send_json(code, {"code": "bad_request", "message": message or self.responses[code][0]})

    def _answer(self) -> None:
        try:
            self._authorize()
            body = self._read_body() if self.command == "POST" else b""
            self._route(body)
        except WireProblem as problem:
            self._send_json(problem.status, {"code": problem.code, "message": problem.message})
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception as error:
            self.close_connection = True
            self._send_json(500, {"code": "internal", "message": described(error)})

    def _authorize(self) -> None:
        given = self.headers.get("authorization", "").encode("latin-1", "replace")
        if not hmac.compare_digest(given, b"Bearer " + self.server.token):
            self.close_connection = True  # the body, if any, is not read
            raise WireProblem(401, "unauthorized", "the bearer token of this launch is needed")

    def _read_body(self) -> bytes:
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > LARGEST_BODY_BYTES:
            self.close_connection = True
            status = 413 if length.isdigit() else 411
            raise WireProblem(status, "bad_request", f"a body of known length up to {LARGEST_BODY_BYTES} bytes is needed")
        return self.rfile.read(int(length))

    def _route(self, body: bytes) -> None:
        url = urlsplit(self.path)
        parts = [unquote(part) for part in url.path.split("/")[1:]]
        match (self.command, *parts):
            case ("GET", "v1", "health"):
                health = self.server.worker.health()
                self._send_json(200 if health["status"] == "ready" else 503, health)
            case ("GET", "v1", "info"):
                self._send_json(200, self.server.worker.info())
            case ("GET", "v1", "clock"):
                self._send_json(200, {"t_ns": str(time.monotonic_ns())})
            case ("GET", "v1", "runs", run_id, "events"):
                run = self.server.worker.find(run_id)
                self._stream(run, _cursor(url.query))
            case ("POST", "v1", "runs"):
                self._stream(self.server.worker.begin(_json(body)), 0)
            case ("POST", "v1", "stop"):
                self.server.worker.abort(wait_s=ABORT_WAIT_S)
                self._send_json(200, {})
            case _:
                raise WireProblem(404, "not_found", f"there is no {self.command} {url.path}")

    def _stream(self, run: Run, cursor: int) -> None:
        with self.server.streaming():
            self.send_response(200)
            self.send_header("content-type", "application/x-ndjson")
            self.send_header("transfer-encoding", "chunked")
            self._end_head()
            for block in run.follow(cursor):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
            self.wfile.write(b"0\r\n\r\n")

    def _send_json(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self._end_head()
        self.wfile.write(data)

    def _end_head(self) -> None:
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()


def _json(body: bytes) -> Any:
    try:
        return parsed(body, "body")
    except Invalid as error:
        raise WireProblem(422, "invalid_request", str(error)) from None


def _cursor(query: str) -> int:
    text = parse_qs(query).get("cursor", ["0"])[-1]
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise WireProblem(422, "invalid_request", f"cursor: must be an integer of at least 0, not {text}")
    return int(text)
