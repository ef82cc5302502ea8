"""One run: a numbered log of events that one thread writes and any number of readers follow from where they like."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

# Readers are woken this often at most: an event already carries its time, and writing it at once would take
# processor time away from the engine that is being measured.
FLUSH_S = 0.05
LARGEST_BLOCK = 512


class Run:
    """Events are appended by the engine's thread; a reader that is slow or gone never holds it up."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.started_ns = 0
        self.aborted = threading.Event()
        self._events: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._finished = threading.Event()

    # What the worker says.

    def start(self) -> None:
        self.started_ns = time.monotonic_ns()
        self._add("start", self.started_ns, run_id=self.run_id)

    def end(self) -> None:
        self._add("end", time.monotonic_ns(), last=True)

    def fail(self, code: str, message: str) -> None:
        self._add("failed", time.monotonic_ns(), last=True, code=code, message=message)

    # What an engine says.

    def accepted(self, request: str, input_tokens: int, t_ns: int) -> None:
        """The request was handed to the engine at `t_ns`."""
        self._add("accepted", t_ns, request=request, input_tokens=input_tokens)

    def tokens(self, requests: Sequence[str], t_ns: int, n: int = 1) -> None:
        """Each of these requests got `n` more tokens. The sequence is kept, so it must not change afterwards."""
        self._add("tokens", t_ns, requests=requests, n=n)

    def done(self, request: str, input_tokens: int, output_tokens: int, t_ns: int) -> None:
        """The request ended well; both counts are the engine's own."""
        self._add("done", t_ns, request=request, input_tokens=input_tokens, output_tokens=output_tokens)

    def error(self, request: str, code: str, message: str, t_ns: int) -> None:
        """One request failed and the run goes on."""
        self._add("error", t_ns, request=request, code=code, message=message)

    def idle(self, t_ns: int) -> None:
        """Nothing more will be sent; until `t_ns` the load was full."""
        self._add("idle", t_ns)

    # Readers.

    @property
    def finished(self) -> bool:
        return self._finished.is_set()

    def wait_finished(self, timeout_s: float) -> bool:
        return self._finished.wait(timeout_s)

    def read(self, cursor: int, timeout_s: float | None = None) -> tuple[list[dict[str, Any]], bool]:
        """Events from `cursor` on, and whether they are the last ones. Waits for one unless the run is over."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._events) > cursor or self.finished, timeout_s)
            events = self._events[cursor : cursor + LARGEST_BLOCK]
            return events, self.finished and cursor + len(events) >= len(self._events)

    def follow(self, cursor: int) -> Iterator[bytes]:
        """Blocks of NDJSON from `cursor` to the end of the run."""
        last = False
        while not last:
            events, last = self.read(cursor)
            cursor += len(events)
            # Encoded here and not when added: this is the reader's thread.
            block = "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events)
            if block:
                yield block.encode()
            if not last and len(events) < LARGEST_BLOCK:
                self.wait_finished(FLUSH_S)

    def _add(self, kind: str, t_ns: int, last: bool = False, **fields: Any) -> None:
        with self._changed:
            if self.finished:
                raise RuntimeError(f"event {kind} after the end of run {self.run_id}")
            self._events.append({"seq": len(self._events), "type": kind, "t_ns": str(t_ns), **fields})
            if last:
                self._finished.set()
            self._changed.notify_all()
