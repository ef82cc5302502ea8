"""The parts without a server: batches, checks, GPUs, processors."""

from __future__ import annotations

import ctypes
import json
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

from support import run_request

from lem_worker.batches import StaticBatches
from lem_worker.cpus import usable_cpus
from lem_worker.errors import Invalid
from lem_worker.gpus import NvmlError, list_gpus, shown_by_cuda
from lem_worker.run_request import Limits, RunRequest
from lem_worker.runs import LARGEST_BLOCK, Run
from lem_worker.settings import EngineConfig

LIMITS = Limits(vocabulary_tokens=10, max_concurrency=4, max_tokens=64)


def begun(**changes: Any) -> tuple[StaticBatches, Run]:
    request = RunRequest.from_json(run_request(**changes), LIMITS)
    run = Run(request.run_id)
    run.start()
    return StaticBatches(request, run), run


class Batches(unittest.TestCase):
    def test_the_load_is_idle_when_a_slot_gets_nothing(self) -> None:
        for concurrency, requests in ((2, 4), (4, 2)):
            batches, run = begun(concurrency=concurrency, stop={"requests": requests})
            while (batch := batches.next()) is not None:
                self.assertTrue(batches.send(batch))
                run.tokens([item.request for item in batch], time.monotonic_ns())
            kinds = [event["type"] for event in run.read(0)[0]]
            self.assertEqual(kinds[-2:], ["tokens", "idle"])
            self.assertEqual(kinds.count("idle"), 1)

    def test_a_batch_that_is_not_full_ends_the_full_load(self) -> None:
        batches, run = begun(concurrency=2, stop={"requests": 3}, prompts=[[1], [2, 3]])
        sizes = []
        while (batch := batches.next()) is not None:
            self.assertTrue(batches.send(batch))
            sizes.append([(item.request, item.prompt) for item in batch])
        self.assertEqual(sizes, [[("r0", [1]), ("r1", [2, 3])], [("r2", [1])]])
        got = run.read(0)[0]
        self.assertEqual([event["type"] for event in got], ["start", "accepted", "accepted", "accepted", "idle"])
        self.assertEqual([event["input_tokens"] for event in got[1:4]], [1, 2, 1])
        self.assertEqual(got[3]["t_ns"], got[4]["t_ns"])

    def test_nothing_is_sent_after_the_time_is_over(self) -> None:
        batches, run = begun(stop={"after_s": 0.01})
        self.assertTrue(batches.send(batches.next()))
        self.assertEqual(len(run.read(0)[0]), 3)  # more could still be sent: not idle
        time.sleep(0.02)
        self.assertFalse(batches.send(batches.next()))
        self.assertIsNone(batches.next())
        last = run.read(0)[0][-1]
        self.assertEqual(last["type"], "idle")
        self.assertGreater(int(last["t_ns"]), run.started_ns + 10_000_000)

    def test_nothing_is_sent_after_an_abort(self) -> None:
        batches, run = begun(stop={})
        run.aborted.set()
        self.assertIsNone(batches.next())


class Events(unittest.TestCase):
    def test_a_long_log_comes_in_blocks_and_complete(self) -> None:
        run = Run("long")
        run.start()
        for _ in range(2 * LARGEST_BLOCK):
            run.tokens(["r0"], 1)
        run.end()
        blocks = list(run.follow(0))
        self.assertEqual(len(blocks), 3)
        self.assertEqual(b"".join(blocks).count(b"\n"), 2 * LARGEST_BLOCK + 2)

    def test_nothing_follows_the_end(self) -> None:
        run = Run("over")
        run.start()
        run.end()
        with self.assertRaises(RuntimeError):
            run.idle(1)


class Checks(unittest.TestCase):
    def refused(self, **changes: Any) -> str:
        with self.assertRaises(Invalid) as caught:
            RunRequest.from_json({**run_request(), **changes}, LIMITS)
        return str(caught.exception)

    def test_a_bad_field_is_named(self) -> None:
        bad: list[tuple[str, Any]] = [
            ("run_id", ""), ("run_id", "x" * 65), ("scenario", "server"), ("concurrency", 0), ("concurrency", True),
            ("concurrency", 1.5), ("prompts", []), ("prompts", {}), ("output_tokens", "4"), ("stop", None),
            ("seed", -1), ("seed", 2**53), ("unknown", 1),
        ]  # fmt: skip
        for field, value in bad:
            with self.subTest(field=field, value=value):
                self.assertTrue(self.refused(**{field: value}).startswith(f"{field}:"))
        self.assertTrue(self.refused(prompts=[[1], []]).startswith("prompts[1]:"))
        for token in (-1, 10, 1.0, False, "1", None):
            self.assertTrue(self.refused(prompts=[[1], [1, token]]).startswith("prompts[1][1]:"), token)
        self.assertTrue(self.refused(stop={"after_s": 0}).startswith("stop.after_s:"))
        self.assertTrue(self.refused(stop={"requests": None}).startswith("stop.requests:"))
        self.assertTrue(self.refused(stop={"until": 1}).startswith("stop.until:"))

    def test_the_configuration_is_strict(self) -> None:
        whole = {"model": {"id": "m", "path": "/m"}, "dtype": "auto", "params": {}, "max_concurrency": 4}
        whole["max_tokens"] = 9
        config = EngineConfig.from_json(json.dumps(whole))
        self.assertEqual((config.model_path, config.model_revision, config.max_tokens), ("/m", None, 9))
        changes: list[tuple[dict[str, Any], str]] = [
            ({"model": {}}, "model.id"),
            ({"model": {"id": "m", "file": "x"}}, "model.file"),
            ({"dtype": "fp8"}, "dtype"),
            ({"params": []}, "params"),
            ({"max_tokens": 0}, "max_tokens"),
            ({"gpus": 1}, "LEM_CONFIG.gpus"),
        ]
        for change, field in changes:
            with self.subTest(field), self.assertRaisesRegex(Invalid, f"^{field}: "):
                EngineConfig.from_json(json.dumps(whole | change))
        for text in ("", "[]", "{}"):
            with self.assertRaisesRegex(Invalid, "^LEM_CONFIG"):
                EngineConfig.from_json(text)


class FakeNvml:
    """The functions of libnvidia-ml.so.1 that are used, for two GPUs."""

    def __init__(self, init: int = 0) -> None:
        self.init = init
        self.open = 0

    def nvmlInit_v2(self) -> int:
        self.open += self.init == 0
        return self.init

    def nvmlShutdown(self) -> int:
        self.open -= 1
        return 0

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:
        count._obj.value = 2
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: ctypes.c_uint, handle: Any) -> int:
        handle._obj.value = 0xFFFF_0000_0000 + index.value  # a handle is a pointer and does not fit into an int
        return 0

    def nvmlDeviceGetUUID(self, handle: ctypes.c_void_p, text: Any, size: ctypes.c_uint) -> int:
        text.value = b"GPU-%d" % (handle.value - 0xFFFF_0000_0000)
        return 0

    def nvmlDeviceGetName(self, handle: ctypes.c_void_p, text: Any, size: ctypes.c_uint) -> int:
        text.value = b"Fake"
        return 0


class Host(unittest.TestCase):
    def test_gpus_are_listed_in_the_order_of_nvml(self) -> None:
        library = FakeNvml()
        self.assertEqual(list_gpus(library), [{"uuid": "GPU-0", "name": "Fake"}, {"uuid": "GPU-1", "name": "Fake"}])
        self.assertEqual(library.open, 0)

    def test_cuda_may_hide_gpus(self) -> None:
        gpus = [{"uuid": "GPU-aa"}, {"uuid": "GPU-ab"}, {"uuid": "GPU-b"}]
        shown = {None: gpus, "": [], "2,0": [gpus[2], gpus[0]], "GPU-ab": gpus[1:2], "1,7,0": gpus[1:2], "-1": []}
        for visible, expected in shown.items():
            self.assertEqual(shown_by_cuda(gpus, visible), expected, visible)

    def test_a_library_without_a_driver_is_an_error(self) -> None:
        with self.assertRaisesRegex(NvmlError, "nvmlInit_v2 answered 9"):
            list_gpus(FakeNvml(init=9))

    def test_a_quota_of_the_container_counts(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            cgroup = Path(folder)
            allowed = usable_cpus(cgroup)
            (cgroup / "cpu.max").write_text("max 100000\n")
            self.assertEqual(usable_cpus(cgroup), allowed)
            (cgroup / "cpu.max").write_text("50000 100000\n")
            self.assertEqual(usable_cpus(cgroup), 1)
            (cgroup / "cpu.max").unlink()
            (cgroup / "cpu").mkdir()
            (cgroup / "cpu/cpu.cfs_period_us").write_text("100000\n")
            (cgroup / "cpu/cpu.cfs_quota_us").write_text("100000\n")
            self.assertEqual(usable_cpus(cgroup), 1)
            (cgroup / "cpu/cpu.cfs_quota_us").write_text("-1\n")
            self.assertEqual(usable_cpus(cgroup), allowed)
