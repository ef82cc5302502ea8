"""An engine for tests: static batches whose steps take the time that `params` say."""

from __future__ import annotations

import threading
import time

from lem_worker.batches import StaticBatches
from lem_worker.engines.base import EngineFacts
from lem_worker.errors import EngineFailure
from lem_worker.run_request import RunRequest
from lem_worker.runs import Run
from lem_worker.settings import EngineConfig

VOCABULARY = 100


class FakeEngine:
    """params: step_s, load_s, load_error, run_error, run_code, deaf_s (a step that nothing interrupts)."""

    def load(self, config: EngineConfig) -> EngineFacts:
        self.params = config.params
        time.sleep(self.params.get("load_s", 0))
        if "load_error" in self.params:
            raise RuntimeError(self.params["load_error"])
        return EngineFacts(
            version="1.2.3",
            vocabulary_tokens=VOCABULARY,
            max_tokens=64,
            effective={"dtype": config.dtype, "batching": "static", "thread": threading.current_thread().name},
            packages={"fake": "1.2.3"},
            simulated=True,
        )

    def run(self, request: RunRequest, run: Run) -> None:
        time.sleep(self.params.get("deaf_s", 0))
        batches = StaticBatches(request, run)
        while (batch := batches.next()) is not None and batches.send(batch):
            requests = [item.request for item in batch]
            for _ in range(request.output_tokens):
                time.sleep(self.params.get("step_s", 0.001))
                run.tokens(requests, time.monotonic_ns())
                if run.aborted.is_set():
                    return
                self._fail()
            for item in batch:
                run.done(item.request, len(item.prompt), request.output_tokens, time.monotonic_ns())

    def _fail(self) -> None:
        if "run_code" in self.params:
            raise EngineFailure(self.params["run_code"], "as the test wants it")
        if "run_error" in self.params:
            raise ValueError(self.params["run_error"])


def create() -> FakeEngine:
    return FakeEngine()
