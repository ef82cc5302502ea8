"""The program as the container starts it: signals, exit codes, what it says on stderr."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import unittest

from support import HERE, TOKEN, Client, config, events, run_request


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Process(unittest.TestCase):
    def begin(
        self, *program: str, stdout: int = subprocess.DEVNULL, **environment: str
    ) -> tuple[subprocess.Popen[str], Client]:
        port = free_port()
        default = {"LEM_TOKEN": TOKEN, "LEM_HOST": "127.0.0.1", "LEM_PORT": str(port), "LEM_ENGINE": "fake"}
        default |= {"LEM_CONFIG": config(), "PYTHONPATH": str(HERE.parent), "PATH": os.environ["PATH"]}
        process = subprocess.Popen(
            [sys.executable, *(program or (str(HERE / "fake_worker.py"),))],
            env=default | environment,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, Client(port)

    def ends_within(self, process: subprocess.Popen[str], seconds: float) -> tuple[int, str]:
        _, log = process.communicate(timeout=seconds)
        return process.returncode, log

    def test_sigterm_ends_an_idle_worker(self) -> None:
        process, client = self.begin()
        client.wait_health("ready")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ends_within(process, 1)[0], 0)

    def test_sigterm_ends_a_run_first_and_its_reader_gets_to_know(self) -> None:
        process, client = self.begin(LEM_CONFIG=config(step_s=0.01))
        client.wait_health("ready")
        with client.open("POST", "/v1/runs", run_request(stop={})) as response:
            stream = events(response)
            while next(stream)["type"] != "tokens":
                pass
            process.send_signal(signal.SIGTERM)
            self.assertEqual(self.ends_within(process, 1)[0], 0)
            last = list(stream)[-1]
        self.assertEqual((last["type"], last["code"]), ("failed", "aborted"))

    def test_sigterm_does_not_wait_for_a_step_that_nothing_interrupts(self) -> None:
        process, client = self.begin(LEM_CONFIG=config(deaf_s=30))
        client.wait_health("ready")
        with client.open("POST", "/v1/runs", run_request()):
            process.send_signal(signal.SIGTERM)
            self.assertEqual(self.ends_within(process, 1)[0], 0)

    def test_sigterm_ends_a_worker_that_is_loading(self) -> None:
        process, client = self.begin(LEM_CONFIG=config(load_s=30))
        client.wait_health("starting")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ends_within(process, 1)[0], 0)

    def test_a_failed_load_is_shown_and_then_ends_the_process(self) -> None:
        process, client = self.begin(LEM_CONFIG=config(load_error="no such model"))
        self.assertEqual(client.wait_health("failed")["message"], "RuntimeError: no such model")
        code, log = self.ends_within(process, 3)
        self.assertEqual(code, 70)
        self.assertIn("Traceback", log)
        self.assertEqual(log.splitlines()[-1], "lem-worker: fake did not load: RuntimeError: no such model")

    def test_a_bad_parameter_of_the_engine_is_a_failed_load(self) -> None:
        process, client = self.begin("-m", "lem_worker", LEM_ENGINE="pytorch", LEM_CONFIG=config(batch=1))
        # Without torch it is the import that fails; either way this is the registry of the real program.
        self.assertRegex(client.wait_health("failed", 30)["message"], "params.batch: unknown|No module named 'torch'")
        self.assertEqual(self.ends_within(process, 3)[0], 70)

    def test_it_does_not_start_in_a_bad_environment(self) -> None:
        for name, value in (("LEM_TOKEN", ""), ("LEM_PORT", "http"), ("LEM_ENGINE", "jax"), ("LEM_CONFIG", "{}")):
            with self.subTest(name):
                process, _ = self.begin("-m", "lem_worker", **{"LEM_ENGINE": "pytorch", name: value})
                code, log = self.ends_within(process, 3)
                self.assertEqual(code, 78)
                self.assertIn(name, log)

    def test_a_port_that_is_taken_is_said(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            process, _ = self.begin(LEM_PORT=str(taken.getsockname()[1]))
            code, log = self.ends_within(process, 3)
        self.assertEqual(code, 73)
        self.assertIn("Address already in use", log)

    def test_a_port_of_its_own_choice_is_said(self) -> None:
        process, _ = self.begin(LEM_PORT="0", stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        address = process.stdout.readline().removeprefix("listening on ").strip()
        self.assertEqual(Client(int(address.split(":")[1])).ask("GET", "/v1/clock", kind="ClockReading")[0], 200)

    def test_the_health_check_of_the_image_follows_health(self) -> None:
        process, client = self.begin(LEM_CONFIG=config(load_s=0.4))
        client.wait_health("starting")
        environment = {"LEM_TOKEN": TOKEN, "LEM_PORT": str(client.port), "PYTHONPATH": str(HERE.parent)}
        command = [sys.executable, "-m", "lem_worker.healthcheck"]
        check = subprocess.run(command, env=environment, capture_output=True, text=True)
        self.assertEqual((check.returncode, check.stdout.split()), (1, ["starting"]))
        client.wait_health("ready")
        self.assertEqual(subprocess.run(command, env=environment, capture_output=True).returncode, 0)
        process.kill()
        process.wait()
        time.sleep(0.05)
        self.assertEqual(subprocess.run(command, env=environment, capture_output=True).returncode, 1)
