"""The engines by name. A new one is one module here and one line below."""

from __future__ import annotations

import importlib

from .base import Engine

ENGINES = {
    "pytorch": "lem_worker.engines.pytorch",
}


def create(name: str) -> Engine:
    """Imports the engine's module, with all the libraries that it brings; this can take many seconds."""
    return importlib.import_module(ENGINES[name]).create()
