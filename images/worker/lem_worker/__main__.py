"""python3 -m lem_worker: loads the engine named by LEM_ENGINE and serves it until SIGTERM."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading

from .engines import ENGINES
from .errors import Invalid, described
from .server import WireServer
from .settings import Settings
from .worker import Worker

EXIT_LOAD_FAILED = 70
EXIT_CANNOT_LISTEN = 73
EXIT_BAD_ENVIRONMENT = 78

# A failed load stays visible in /v1/health for this long, so that whoever polls sees the reason and not a closed port.
FAILURE_SHOWN_S = 1.0
# Together with the time until the signal is seen this stays below a second.
ABORT_WAIT_S = 0.5
STREAMS_WAIT_S = 0.2


def main() -> int:
    """Returns the exit code."""
    try:
        settings = Settings.from_environment(os.environ, ENGINES)
    except Invalid as error:
        print(f"lem-worker: {error}", file=sys.stderr)
        return EXIT_BAD_ENVIRONMENT

    # SimpleQueue, because its `put` may interrupt its `get` in the same thread, as a signal handler does.
    ending: queue.SimpleQueue[str] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.put("signal"))

    worker = Worker(settings.engine, settings.config, on_failure=lambda: ending.put("failure"))
    try:
        server = WireServer((settings.host, settings.port), settings.token, worker)
    except OSError as error:
        print(f"lem-worker: cannot listen on {settings.host}:{settings.port}: {described(error)}", file=sys.stderr)
        return EXIT_CANNOT_LISTEN
    print(f"listening on {settings.host}:{server.server_port}", flush=True)
    threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
    worker.start()

    if ending.get() == "failure":
        try:
            ending.get(timeout=FAILURE_SHOWN_S)
        except queue.Empty:
            pass
        return EXIT_LOAD_FAILED
    worker.abort(wait_s=ABORT_WAIT_S)
    server.wait_streams_ended(STREAMS_WAIT_S)
    return 0


def run() -> None:
    """Ends the process without waiting for the engine's thread, which may be in a long call that nothing interrupts."""
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
