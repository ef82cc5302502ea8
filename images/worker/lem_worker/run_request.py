"""POST /v1/runs: what is asked, checked against the wire protocol and against what the engine can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .checks import as_choice, as_integer, as_object, as_positive, as_text
from .errors import Invalid

SCENARIOS = ("concurrency", "offline")


@dataclass(frozen=True)
class Limits:
    """What a request may ask of the engine as it was loaded."""

    vocabulary_tokens: int
    max_concurrency: int
    max_tokens: int


@dataclass(frozen=True)
class RunRequest:
    run_id: str
    scenario: str
    concurrency: int
    prompts: list[list[int]]
    output_tokens: int
    stop_requests: int | None
    stop_after_s: float | None
    seed: int

    @staticmethod
    def from_json(body: Any, limits: Limits) -> RunRequest:
        fields = ("run_id", "scenario", "concurrency", "prompts", "output_tokens", "stop", "seed")
        body = as_object(body, "", required=fields)
        stop = as_object(body["stop"], "stop", required=(), optional=("requests", "after_s"))
        request = RunRequest(
            run_id=as_text(body["run_id"], "run_id", longest=64),
            scenario=as_choice(body["scenario"], "scenario", SCENARIOS),
            concurrency=as_integer(body["concurrency"], "concurrency", 1),
            prompts=_prompts(body["prompts"], limits.vocabulary_tokens),
            output_tokens=as_integer(body["output_tokens"], "output_tokens", 1),
            stop_requests=as_integer(stop["requests"], "stop.requests", 1) if "requests" in stop else None,
            stop_after_s=as_positive(stop["after_s"], "stop.after_s") if "after_s" in stop else None,
            seed=as_integer(body["seed"], "seed", 0),
        )
        _within(request, limits)
        return request


def _prompts(value: Any, vocabulary_tokens: int) -> list[list[int]]:
    if not isinstance(value, list) or not value:
        raise Invalid("prompts: must be a list of at least one prompt")
    for index, prompt in enumerate(value):
        if not isinstance(prompt, list) or not prompt:
            raise Invalid(f"prompts[{index}]: must be a list of at least one token id")
        # In one go first: prompts can hold millions of tokens, and nearly always all of them are right.
        if all(type(token) is int for token in prompt) and 0 <= min(prompt) and max(prompt) < vocabulary_tokens:
            continue
        _refuse_token(prompt, index, vocabulary_tokens)
    return value


def _refuse_token(prompt: list[Any], index: int, vocabulary_tokens: int) -> None:
    for position, token in enumerate(prompt):
        where = f"prompts[{index}][{position}]"
        if as_integer(token, where, 0) >= vocabulary_tokens:
            raise Invalid(f"{where}: {token} is not below the engine's vocabulary of {vocabulary_tokens} tokens")


def _within(request: RunRequest, limits: Limits) -> None:
    if request.concurrency > limits.max_concurrency:
        raise Invalid(f"concurrency: {request.concurrency} is above the launch's maximum of {limits.max_concurrency}")
    tokens = max(map(len, request.prompts)) + request.output_tokens
    if tokens > limits.max_tokens:
        raise Invalid(f"output_tokens: {tokens} tokens with the longest prompt; the maximum is {limits.max_tokens}")
