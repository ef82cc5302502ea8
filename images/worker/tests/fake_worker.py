"""python3 fake_worker.py: the real program with the fake engine in its registry."""

import support  # noqa: F401  (finds lem_worker)
from lem_worker.__main__ import run

if __name__ == "__main__":
    run()
