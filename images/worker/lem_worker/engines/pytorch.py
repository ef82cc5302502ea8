"""PyTorch with Transformers: `generate` over static batches, one event per decode step."""

from __future__ import annotations

import time
from typing import Any

import torch
from transformers import PreTrainedModel, StoppingCriteria

from ..batches import Item, StaticBatches
from ..checks import as_flag, as_integer, as_object
from ..cpus import usable_cpus
from ..errors import EngineFailure, described
from ..run_request import RunRequest
from ..runs import Run
from ..settings import EngineConfig
from .base import EngineFacts
from .pytorch_model import PADDING, facts, loaded

PARAMS = ("device", "attention", "threads", "compile")


class StepClock(StoppingCriteria):
    """
    Called by `generate` after every decode step, for the whole batch. Says that a token came, and never stops
    anything unless the run is aborted: the length is what decides.
    """

    def __init__(self, run: Run, batch: list[Item], device: torch.device) -> None:
        self._run = run
        self._requests = [item.request for item in batch]
        self._stream = torch.cuda.current_stream(device) if device.type == "cuda" else None
        self._go_on = torch.zeros(len(batch), dtype=torch.bool, device=device)
        self._stop = torch.ones(len(batch), dtype=torch.bool, device=device)

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        # On a GPU the step has only been queued by now. `generate` itself waits for it right after this call, to see
        # whether to go on, so waiting here costs nothing and makes the time that of the token.
        if self._stream is not None:
            self._stream.synchronize()
        self._run.tokens(self._requests, time.monotonic_ns())
        return self._stop if self._run.aborted.is_set() else self._go_on


class PytorchEngine:
    def __init__(self) -> None:
        self._model: PreTrainedModel
        self._compiled = False

    def load(self, config: EngineConfig) -> EngineFacts:
        params = as_object(config.params, "params", required=(), optional=PARAMS)
        # One processor is left to the server, so that answering does not slow down a decode step.
        threads = params.get("threads", max(1, usable_cpus() - 1))
        torch.set_num_threads(as_integer(threads, "params.threads", 1))
        self._compiled = as_flag(params.get("compile", False), "params.compile")
        self._model = loaded(config, params.get("device", "auto"), params.get("attention", "sdpa"))
        if self._compiled:
            self._compile()
        return facts(self._model, config, self._compiled)

    def run(self, request: RunRequest, run: Run) -> None:
        torch.manual_seed(request.seed)
        try:
            self._serve(request, run)
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                raise EngineFailure("out_of_memory", described(error)) from error
            raise

    def _serve(self, request: RunRequest, run: Run) -> None:
        device = self._model.device
        batches = StaticBatches(request, run)
        while (batch := batches.next()) is not None:
            tokens, mask = padded([item.prompt for item in batch])
            input_tokens = mask.sum(dim=1).tolist()
            tokens, mask, clock = tokens.to(device), mask.to(device), StepClock(run, batch, device)
            if not batches.send(batch):
                return
            output = self._generate(tokens, mask, request.output_tokens, clock)
            if run.aborted.is_set():
                return
            ended_ns = time.monotonic_ns()
            output_tokens = output.shape[1] - tokens.shape[1]
            for item, count in zip(batch, input_tokens, strict=True):
                run.done(item.request, count, output_tokens, ended_ns)

    def _generate(self, tokens: torch.Tensor, mask: torch.Tensor, output_tokens: int, clock: StepClock) -> torch.Tensor:
        """Greedy, and always exactly `output_tokens` long."""
        with torch.inference_mode():
            return self._model.generate(
                tokens,
                attention_mask=mask,
                max_new_tokens=output_tokens,
                min_new_tokens=output_tokens,
                stopping_criteria=[clock],
            )

    def _compile(self) -> None:
        """A cache of fixed shape, because a growing one would be compiled anew all the time; then one short trial."""
        self._model.generation_config.cache_implementation = "static"
        self._model.forward = torch.compile(self._model.forward)
        tokens, mask = (tensor.to(self._model.device) for tensor in padded([[0, 1, 2, 3]]))
        # A missing compiler shows at the first call. That must be a failed load and not a failed run.
        self._generate(tokens, mask, 2, StepClock(_trial(), [Item("trial", [])], self._model.device))


def padded(prompts: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask; shorter prompts are filled up on the left, where generation does not continue."""
    longest = max(map(len, prompts))
    tokens = torch.tensor([[PADDING] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    return tokens, mask


def is_out_of_memory(error: BaseException) -> bool:
    """CUDA has an exception for it; the allocator of main memory only a text."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error)
    return "can't allocate memory" in text or "not enough memory" in text


def _trial() -> Run:
    run = Run("trial")
    run.start()
    return run


def create() -> PytorchEngine:
    return PytorchEngine()
