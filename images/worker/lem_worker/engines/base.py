"""What the worker wants of an engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from ..run_request import RunRequest
from ..runs import Run
from ..settings import EngineConfig


@dataclass(frozen=True)
class EngineFacts:
    """What a loaded engine says about itself, read back from it and not copied from the configuration."""

    version: str
    vocabulary_tokens: int
    # Longest sequence, prompt and output together, that the model is made for; None when unknown.
    max_tokens: int | None = None
    effective: dict[str, Any] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    simulated: bool = False


class Engine(Protocol):
    """
    `load` and every `run` are called in one and the same thread. An engine module is imported there too, when the
    server already listens, and offers `create() -> Engine`.
    """

    def load(self, config: EngineConfig) -> EngineFacts:
        """Loads the model. Raises when anything that was asked for cannot be had."""
        ...

    def run(self, request: RunRequest, run: Run) -> None:
        """
        Serves the requests and tells `run`: accepted, tokens, done, error, idle. Returns early, between two steps,
        once `run.aborted` is set. Raises EngineFailure for a failure that has a code of its own.
        """
        ...
