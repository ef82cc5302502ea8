"""One engine, loaded once, that serves one run at a time."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from . import PROTOCOL, __version__
from .engines import create
from .engines.base import Engine, EngineFacts
from .errors import EngineFailure, Invalid, WireProblem, described
from .gpus import visible_gpus
from .run_request import Limits, RunRequest
from .runs import Run
from .settings import EngineConfig


class Worker:
    """
    The engine lives in a thread of its own: import, load and every run. Thread pools of numeric libraries belong to
    the thread that calls them, so a new thread per run would start with a cold pool and other settings.
    """

    def __init__(self, engine: str, config: EngineConfig, on_failure: Callable[[], None]) -> None:
        self._name = engine
        self._config = config
        self._on_failure = on_failure
        self._lock = threading.Lock()
        self._health: dict[str, str] = {"status": "starting"}
        self._info: dict[str, Any] = {}
        self._limits: Limits | None = None
        self._run: Run | None = None
        self._jobs: queue.SimpleQueue[tuple[RunRequest, Run]] = queue.SimpleQueue()

    def start(self) -> None:
        threading.Thread(target=self._main, name="engine", daemon=True).start()

    # What the controller asks.

    def health(self) -> dict[str, str]:
        return self._health

    def info(self) -> dict[str, Any]:
        self._require_ready()
        return self._info

    def begin(self, body: Any) -> Run:
        """Checks the request and hands it to the engine's thread."""
        limits = self._require_ready()
        try:
            request = RunRequest.from_json(body, limits)
        except Invalid as error:
            raise WireProblem(422, "invalid_request", str(error)) from None
        with self._lock:
            if self._run is not None and not self._run.finished:
                raise WireProblem(409, "busy", f"run {self._run.run_id} is going on")
            run = self._run = Run(request.run_id)
        self._jobs.put((request, run))
        return run

    def find(self, run_id: str) -> Run:
        """The run that goes on, or the last one."""
        run = self._run
        if run is None or run.run_id != run_id:
            raise WireProblem(404, "unknown_run", f"run {run_id} is neither going on nor the last one")
        return run

    def abort(self, wait_s: float = 0.0) -> None:
        """Asks the run that goes on, if any, to end between two steps; waits for that no longer than `wait_s`."""
        run = self._run
        if run is not None and not run.finished:
            run.aborted.set()
            run.wait_finished(wait_s)

    def _require_ready(self) -> Limits:
        if self._limits is None:
            raise WireProblem(503, "not_ready", self._health.get("message", "the engine is being loaded"))
        return self._limits

    # The engine's thread.

    def _main(self) -> None:
        begin = time.monotonic()
        try:
            gpus = visible_gpus()
            engine = create(self._name)
            imported = time.monotonic()
            facts = engine.load(self._config)
        except BaseException as error:  # a library that calls sys.exit has not loaded either
            self._health = {"status": "failed", "message": described(error)}
            traceback.print_exc()
            # Once more at the very end, where whoever shows the last lines of the log will see it.
            _log(f"{self._name} did not load: {described(error)}")
            self._on_failure()
            return
        self._become_ready(gpus, facts)
        _log(f"{self._name} ready; import {imported - begin:.1f} s, load {time.monotonic() - imported:.1f} s")
        while True:
            self._serve(engine, *self._jobs.get())

    def _become_ready(self, gpus: list[dict[str, str]], facts: EngineFacts) -> None:
        asked = self._config
        longest = asked.max_tokens if facts.max_tokens is None else min(asked.max_tokens, facts.max_tokens)
        self._info = {
            "protocol": PROTOCOL,
            "version": __version__,
            "pid": os.getpid(),
            "role": "worker",
            "engine": {"name": self._name, "version": facts.version},
            "simulated": facts.simulated,
            "gpus": gpus,
            "vocabulary_tokens": facts.vocabulary_tokens,
            "effective": facts.effective,
            "packages": facts.packages,
        }
        self._limits = Limits(facts.vocabulary_tokens, asked.max_concurrency, longest)
        self._health = {"status": "ready"}

    def _serve(self, engine: Engine, request: RunRequest, run: Run) -> None:
        run.start()
        try:
            if not run.aborted.is_set():
                engine.run(request, run)
        except Exception as error:
            traceback.print_exc()
            code = error.code if isinstance(error, EngineFailure) else "engine_error"
            run.fail(code, described(error))
            return
        if run.aborted.is_set():
            run.fail("aborted", "the run was stopped from outside")
        else:
            run.end()


def _log(message: str) -> None:
    print(f"lem-worker: {message}", file=sys.stderr, flush=True)
