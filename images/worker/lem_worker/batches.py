"""Static batching: N requests go in together, and the next N when all of them have ended."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .run_request import RunRequest
from .runs import Run


@dataclass(frozen=True)
class Item:
    """One request of a batch."""

    request: str
    prompt: list[int]


class StaticBatches:
    """
    The requests of a run, for an engine that cannot refill a slot before its batch is complete. Both scenarios are
    served alike. Prepare what `next` gives, then `send` it immediately before the engine starts.
    """

    def __init__(self, request: RunRequest, run: Run) -> None:
        self._request = request
        self._run = run
        self._sent = 0
        self._idle = False
        # A slot that would never get a request does not count: its idleness must not end the full load at once.
        self._slots = min(request.concurrency, request.stop_requests or request.concurrency)
        after_s = request.stop_after_s
        self._deadline_ns = None if after_s is None else run.started_ns + round(after_s * 1e9)

    def next(self) -> list[Item] | None:
        """The next batch, or None when no more is to be sent. The last one may be smaller."""
        if self._idle or self._run.aborted.is_set():
            return None
        size = min(self._slots, self._left())
        if size == 0:
            self._become_idle(time.monotonic_ns())
            return None
        prompts = self._request.prompts
        indices = range(self._sent, self._sent + size)
        return [Item(f"r{index}", prompts[index % len(prompts)]) for index in indices]

    def send(self, batch: list[Item]) -> bool:
        """Declares the batch as handed to the engine; False when it is too late for that."""
        now = time.monotonic_ns()
        if self._deadline_ns is not None and now > self._deadline_ns:
            self._become_idle(now)
            return False
        for item in batch:
            self._run.accepted(item.request, len(item.prompt), now)
        self._sent += len(batch)
        if len(batch) < self._slots:
            self._become_idle(now)
        return True

    def _left(self) -> int:
        limit = self._request.stop_requests
        return self._slots if limit is None else limit - self._sent

    def _become_idle(self, t_ns: int) -> None:
        """The first moment at which a slot got nothing: until now the load was full."""
        if not self._idle:
            self._idle = True
            self._run.idle(t_ns)
