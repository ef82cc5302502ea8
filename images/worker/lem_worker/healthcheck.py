"""python3 -m lem_worker.healthcheck: exit 0 when the worker beside it is ready. For an image's HEALTHCHECK."""

from __future__ import annotations

import http.client
import json
import os
import sys


def main() -> int:
    host = os.environ.get("LEM_HOST") or "0.0.0.0"
    connection = http.client.HTTPConnection(
        "127.0.0.1" if host == "0.0.0.0" else host, int(os.environ.get("LEM_PORT") or "8000"), timeout=4
    )
    try:
        headers = {"authorization": f"Bearer {os.environ.get('LEM_TOKEN', '')}"}
        connection.request("GET", "/v1/health", headers=headers)
        answer = connection.getresponse()
        health = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        print(f"no answer: {error}")
        return 1
    print(health.get("status", health.get("code")), health.get("message", ""))
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
