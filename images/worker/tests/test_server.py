"""The wire protocol over HTTP, with an engine that computes nothing."""

from __future__ import annotations

import json
import socket
import time

from support import PROJECT, ServedWorker, Client, TOKEN, config, events, run_request

from lem_worker import PROTOCOL, __version__


class Answers(ServedWorker):
    def test_every_route_wants_the_token(self) -> None:
        port = self.serve().port
        routes = [("GET", name) for name in ("health", "info", "clock", "runs/run-1/events")]
        routes += [("POST", "runs"), ("POST", "stop")]
        for token in (None, "wrong", TOKEN + "x", "ä"):
            for method, route in routes:
                with self.subTest(token=token, route=route):
                    status, error = Client(port, token).ask(method, f"/v1/{route}")
                    self.assertEqual((status, error["code"]), (401, "unauthorized"))

    def test_an_unknown_route_is_not_found(self) -> None:
        client = self.serve()
        for method, path in (("GET", "/"), ("GET", "/v1/runs"), ("POST", "/v1/info"), ("GET", "/v2/info")):
            self.assertEqual(client.ask(method, path)[0], 404, path)
        self.assertEqual(client.ask("DELETE", "/v1/runs")[0], 501)

    def test_it_answers_while_the_engine_is_being_loaded(self) -> None:
        client = self.serve(ready=False, load_s=0.2)
        self.assertEqual(client.health(), (503, {"status": "starting"}))
        self.assertEqual(client.ask("GET", "/v1/info")[1]["code"], "not_ready")
        self.assertEqual(client.ask("POST", "/v1/runs", run_request())[0], 503)
        self.assertEqual(client.ask("GET", "/v1/clock", kind="ClockReading")[0], 200)
        client.wait_health("ready")
        self.assertEqual(client.health(), (200, {"status": "ready"}))

    def test_a_failed_load_shows_in_health(self) -> None:
        client = self.serve(ready=False, load_error="no such model")
        self.assertEqual(client.wait_health("failed")["message"], "RuntimeError: no such model")
        self.assertEqual(client.health()[0], 503)
        self.assertIn("no such model", client.ask("GET", "/v1/info")[1]["message"])
        self.assertEqual(self.failures, ["load"])

    def test_info_says_what_runs(self) -> None:
        status, info = self.serve().ask("GET", "/v1/info", kind="WorkerInfo")
        self.assertEqual(status, 200)
        self.assertEqual((info["protocol"], info["version"], info["role"]), (PROTOCOL, __version__, "worker"))
        self.assertEqual(info["engine"], {"name": "fake", "version": "1.2.3"})
        self.assertEqual((info["simulated"], info["vocabulary_tokens"]), (True, 100))
        self.assertEqual(info["effective"]["dtype"], "float32")
        self.assertEqual(info["effective"]["thread"], "engine")

    def test_the_version_is_that_of_the_package(self) -> None:
        self.assertEqual(__version__, json.loads((PROJECT / "package.json").read_text())["version"])

    def test_the_clock_is_this_machines_monotonic_clock(self) -> None:
        client = self.serve()
        before = time.monotonic_ns()
        reading = int(client.ask("GET", "/v1/clock", kind="ClockReading")[1]["t_ns"])
        self.assertTrue(before <= reading <= time.monotonic_ns())

    def test_a_request_that_is_no_http_gets_a_wire_error(self) -> None:
        port = self.serve().port
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            self.assertIn(b'"code": "bad_request"', connection.recv(65536))

    def test_a_body_that_is_no_request_is_refused(self) -> None:
        client = self.serve()
        for body in ("{", "[]", '{"seed": NaN}', json.dumps(run_request() | {"extra": 1})):
            status, error = client.ask("POST", "/v1/runs", body)
            self.assertEqual((status, error["code"]), (422, "invalid_request"), body)
        status, error = client.ask("POST", "/v1/runs", run_request(prompts=[[1, 100]]))
        self.assertEqual(status, 422)
        self.assertTrue(error["message"].startswith("prompts[0][1]: 100 is not below"), error)
        status, error = client.ask("POST", "/v1/runs", run_request(concurrency=9))
        self.assertTrue(error["message"].startswith("concurrency: 9 is above"), error)
        # 32 tokens are the launch's maximum, and fewer than the engine's.
        status, error = client.ask("POST", "/v1/runs", run_request(output_tokens=30))
        self.assertTrue(error["message"].startswith("output_tokens: 33 tokens"), error)

    def test_a_connection_serves_many_requests(self) -> None:
        client = self.serve()
        with socket.create_connection(("127.0.0.1", client.port)) as connection:
            for _ in range(3):
                head = f"GET /v1/clock HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\r\n"
                connection.sendall(head.encode())
                answer = b""
                while not answer.endswith(b"}"):
                    answer += connection.recv(65536)
                self.assertIn(b"200 OK", answer)


class Runs(ServedWorker):
    def test_a_run_tells_its_requests_from_start_to_end(self) -> None:
        got = self.serve().run(concurrency=2, stop={"requests": 3}, output_tokens=4)
        self.assertEqual([event["seq"] for event in got], list(range(len(got))))
        self.assertEqual((got[0]["type"], got[0]["run_id"], got[-1]["type"]), ("start", "run-1", "end"))
        times = [int(event["t_ns"]) for event in got]
        self.assertEqual(times, sorted(times))
        self.assertEqual([event["request"] for event in self.of_type(got, "accepted")], ["r0", "r1", "r2"])
        self.assertEqual([event["output_tokens"] for event in self.of_type(got, "done")], [4, 4, 4])
        tokens = [event["requests"] for event in self.of_type(got, "tokens")]
        self.assertEqual(tokens, [["r0", "r1"]] * 4 + [["r2"]] * 4)
        self.assertEqual(len(self.of_type(got, "idle")), 1)

    def test_a_second_run_waits_for_nothing_and_is_refused(self) -> None:
        client = self.serve(step_s=0.02)
        with client.open("POST", "/v1/runs", run_request()) as response:
            status, error = client.ask("POST", "/v1/runs", run_request(run_id="run-2"))
            self.assertEqual((status, error["code"]), (409, "busy"))
            self.assertEqual(list(events(response))[-1]["type"], "end")
        self.assertEqual(client.run(run_id="run-2")[-1]["type"], "end")

    def test_a_reader_resumes_after_a_broken_connection(self) -> None:
        client = self.serve(step_s=0.03)
        response = client.open("POST", "/v1/runs", run_request(output_tokens=8))
        stream = events(response)
        first = [next(stream) for _ in range(4)]
        response.close()
        rest = client.resume("run-1", cursor=4)
        self.assertEqual([event["seq"] for event in first + rest], list(range(len(first + rest))))
        self.assertEqual(rest[-1]["type"], "end")
        # All of it stays readable until the next run starts.
        self.assertEqual(client.resume("run-1", cursor=0), first + rest)
        self.assertEqual(client.resume("run-1", cursor=10_000), [])
        client.run(run_id="run-2")
        self.assertEqual(client.ask("GET", "/v1/runs/run-1/events?cursor=0")[0], 404)

    def test_two_readers_get_the_same(self) -> None:
        client = self.serve(step_s=0.02)
        with client.open("POST", "/v1/runs", run_request()) as response:
            second = client.resume("run-1", cursor=0)
            self.assertEqual(list(events(response)), second)

    def test_a_bad_cursor_is_refused(self) -> None:
        client = self.serve()
        client.run()
        for cursor in ("-1", "x", "1.5", "1" * 16):
            self.assertEqual(client.ask("GET", f"/v1/runs/run-1/events?cursor={cursor}")[0], 422)

    def test_a_client_that_stops_reading_holds_nothing_up(self) -> None:
        client = self.serve(step_s=0, sending_buffer=4096)
        body = json.dumps(run_request(concurrency=8, output_tokens=28, stop={"requests": 1000}))
        head = f"POST /v1/runs HTTP/1.1\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {len(body)}\r\n\r\n"
        with socket.socket() as connection:
            # Some 500 kB of events for buffers of a few kB: writing to this connection blocks.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", client.port))
            connection.sendall((head + body).encode())
            self.assertIn(b"200 OK", connection.recv(15))
            self.assertTrue(self.worker.find("run-1").wait_finished(5))
        self.assertEqual(client.resume("run-1", cursor=4000)[-1]["type"], "end")

    def test_a_client_that_disappears_holds_nothing_up(self) -> None:
        client = self.serve()
        client.open("POST", "/v1/runs", run_request(output_tokens=28, stop={"requests": 20})).close()
        self.assertTrue(self.worker.find("run-1").wait_finished(5))
        self.assertEqual(client.run(run_id="run-2")[-1]["type"], "end")

    def test_stop_aborts_between_two_steps(self) -> None:
        client = self.serve(step_s=0.01)
        with client.open("POST", "/v1/runs", run_request(stop={})) as response:
            stream = events(response)
            while next(stream)["type"] != "tokens":
                pass
            before = time.monotonic()
            self.assertEqual(client.stop(), 200)
            last = list(stream)[-1]
        self.assertLess(time.monotonic() - before, 0.5)
        self.assertEqual((last["type"], last["code"]), ("failed", "aborted"))
        self.assertEqual(client.run(run_id="run-2")[-1]["type"], "end")

    def test_stop_without_a_run_does_nothing(self) -> None:
        client = self.serve()
        self.assertEqual(client.stop(), 200)
        self.assertEqual(client.run()[-1]["type"], "end")
        self.assertEqual(client.stop(), 200)
        self.assertEqual(client.resume("run-1", cursor=0)[-1]["type"], "end")

    def test_an_engine_that_fails_ends_its_run_and_not_the_worker(self) -> None:
        client = self.serve(run_error="numbers everywhere")
        for run_id in ("run-1", "run-2"):
            last = client.run(run_id=run_id)[-1]
            self.assertEqual((last["type"], last["code"]), ("failed", "engine_error"))
            self.assertEqual(last["message"], "ValueError: numbers everywhere")

    def test_an_engine_may_name_its_failure(self) -> None:
        last = self.serve(run_code="out_of_memory").run()[-1]
        self.assertEqual((last["code"], last["message"]), ("out_of_memory", "as the test wants it"))
