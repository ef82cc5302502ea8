r"""
The Transformers engine on a tiny model with random weights. Needs torch, so it runs inside the image:
docker run --rm -v "$PWD:/src:ro" --entrypoint python3 lem/pytorch:dev \
    -m unittest discover -s /src/images/worker/tests -p 'test_pytorch*'
"""

from __future__ import annotations

import importlib.util
import json
import tempfile
import threading
import time
import unittest
from typing import Any

import support  # noqa: F401  (finds lem_worker)
from lem_worker.errors import Invalid
from lem_worker.run_request import Limits, RunRequest
from lem_worker.runs import Run
from lem_worker.settings import EngineConfig

VOCABULARY = 64


def config(path: str, dtype: str = "auto", **params: Any) -> EngineConfig:
    body = {"model": {"id": "tiny", "path": path}, "dtype": dtype, "params": params}
    return EngineConfig.from_json(json.dumps(body | {"max_concurrency": 4, "max_tokens": 4096}))


def request(**changes: Any) -> RunRequest:
    body = {"run_id": "run-1", "scenario": "offline", "concurrency": 2, "prompts": [[5, 6, 7], [8]], "output_tokens": 6}
    return RunRequest.from_json(body | {"stop": {"requests": 3}, "seed": 1} | changes, Limits(VOCABULARY, 4, 4096))


@unittest.skipUnless(importlib.util.find_spec("torch"), "no torch here; runs inside the image")
class PytorchEngine(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        import torch
        from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.path = folder.name
        torch.manual_seed(0)
        shape = LlamaConfig(
            vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=4096, dtype="float32",
        )  # fmt: skip
        model = LlamaForCausalLM(shape)
        # A model that would sample, and end at whatever token comes.
        every_token = list(range(VOCABULARY))
        model.generation_config = GenerationConfig(do_sample=True, temperature=2.0, eos_token_id=every_token)
        model.save_pretrained(folder.name)

    def loaded(self, **params: Any) -> Any:
        from lem_worker.engines import create

        engine = create("pytorch")
        self.facts = engine.load(config(self.path, **params))
        return engine

    def events(self, engine: Any, **changes: Any) -> list[dict[str, Any]]:
        run = Run("run-1")
        run.start()
        engine.run(request(**changes), run)
        run.end()
        return run.read(0)[0]

    def test_it_reads_back_what_it_uses(self) -> None:
        self.loaded(dtype="bfloat16", attention="eager", threads=2, device="cpu")
        effective = self.facts.effective
        asked = {"dtype": "bfloat16", "attention": "eager", "threads": 2, "device": "cpu", "compile": False}
        self.assertEqual({name: effective[name] for name in asked}, asked)
        self.assertEqual((self.facts.vocabulary_tokens, self.facts.max_tokens), (VOCABULARY, 4096))
        self.assertFalse(self.facts.simulated)
        json.dumps([effective, self.facts.packages])
        self.loaded()
        self.assertEqual((self.facts.effective["dtype"], self.facts.effective["attention"]), ("float32", "sdpa"))

    def test_every_answer_has_the_length_that_was_asked_for(self) -> None:
        got = self.events(self.loaded())
        done = [event for event in got if event["type"] == "done"]
        counts = [(event["request"], event["input_tokens"], event["output_tokens"]) for event in done]
        self.assertEqual(counts, [("r0", 3, 6), ("r1", 1, 6), ("r2", 3, 6)])
        tokens = [event["requests"] for event in got if event["type"] == "tokens"]
        self.assertEqual(tokens, [["r0", "r1"]] * 6 + [["r2"]] * 6)
        times = [int(event["t_ns"]) for event in got]
        self.assertEqual(times, sorted(times))

    def test_padding_does_not_change_what_is_generated(self) -> None:
        import torch
        from lem_worker.batches import Item
        from lem_worker.engines.pytorch import StepClock, padded

        engine = self.loaded(device="cpu")

        def generated(prompts: list[list[int]]) -> list[list[int]]:
            run = Run("run-1")
            clock = StepClock(run, [Item("r", prompt) for prompt in prompts], torch.device("cpu"))
            tokens, mask = padded(prompts)
            return engine._generate(tokens, mask, 8, clock)[:, tokens.shape[1] :].tolist()

        self.assertEqual(generated([[5, 6, 7, 9], [8]]), generated([[5, 6, 7, 9]]) + generated([[8]]))

    def test_an_abort_takes_effect_after_the_step(self) -> None:
        engine = self.loaded()
        run = Run("run-1")
        run.start()
        thread = threading.Thread(target=engine.run, args=(request(output_tokens=4000, stop={}), run))
        thread.start()
        while len(run.read(0)[0]) < 10:
            time.sleep(0.01)
        run.aborted.set()
        thread.join(timeout=1)
        self.assertFalse(thread.is_alive())
        self.assertNotIn("done", {event["type"] for event in run.read(0)[0]})

    def test_memory_that_is_not_there_is_told_from_other_errors(self) -> None:
        import torch
        from lem_worker.engines.pytorch import is_out_of_memory

        self.loaded()
        with self.assertRaises(RuntimeError) as caught:
            torch.empty(1 << 50)
        self.assertTrue(is_out_of_memory(caught.exception))
        self.assertTrue(is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory")))
        self.assertFalse(is_out_of_memory(RuntimeError("device-side assert triggered")))

    def test_what_cannot_be_had_is_refused(self) -> None:
        from lem_worker.engines import create

        for bad, field in (
            (config("/nowhere"), "model.path"),
            (config(self.path, attention="magic"), "params.attention"),
            (config(self.path, threads=0), "params.threads"),
            (config(self.path, batch=1), "params.batch"),
        ):
            with self.subTest(field), self.assertRaisesRegex(Invalid, f"^{field}: "):
                create("pytorch").load(bad)
