"""What the environment says: where to listen, who may ask, which engine to load and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .checks import as_choice, as_integer, as_object, as_text, parsed
from .errors import Invalid

DTYPES = ("auto", "float32", "float16", "bfloat16")


@dataclass(frozen=True)
class Settings:
    """Needed before anything listens."""

    token: str
    host: str
    port: int
    engine: str
    config: EngineConfig

    @staticmethod
    def from_environment(environment: Mapping[str, str], engines: Mapping[str, str]) -> Settings:
        # Empty means the default, because an empty variable is how many tools unset one.
        port = environment.get("LEM_PORT") or "8000"
        if not port.isascii() or not port.isdigit() or not int(port) <= 65535:
            raise Invalid(f"LEM_PORT: must be a port, not {port}")
        token = environment.get("LEM_TOKEN", "")
        if not token:
            raise Invalid("LEM_TOKEN: missing; a worker without a token would serve everybody")
        return Settings(
            token=token,
            host=environment.get("LEM_HOST") or "0.0.0.0",
            port=int(port),
            engine=as_choice(environment.get("LEM_ENGINE", ""), "LEM_ENGINE", engines),
            config=EngineConfig.from_json(environment.get("LEM_CONFIG", "")),
        )


@dataclass(frozen=True)
class EngineConfig:
    """One launch, as the controller asks for it. `params` belong to the engine, which checks them itself."""

    model_id: str
    model_path: str | None
    model_revision: str | None
    dtype: str
    params: dict[str, Any]
    max_concurrency: int
    # Input plus output tokens of the longest request.
    max_tokens: int

    @staticmethod
    def from_json(text: str) -> EngineConfig:
        fields = ("model", "dtype", "params", "max_concurrency", "max_tokens")
        body = as_object(parsed(text, "LEM_CONFIG"), "LEM_CONFIG", required=fields)
        model = as_object(body["model"], "model", required=("id",), optional=("path", "revision"))
        if not isinstance(body["params"], dict):
            raise Invalid("params: must be an object")
        return EngineConfig(
            model_id=as_text(model["id"], "model.id"),
            model_path=as_text(model["path"], "model.path") if "path" in model else None,
            model_revision=as_text(model["revision"], "model.revision") if "revision" in model else None,
            dtype=as_choice(body["dtype"], "dtype", DTYPES),
            params=body["params"],
            max_concurrency=as_integer(body["max_concurrency"], "max_concurrency", 1),
            max_tokens=as_integer(body["max_tokens"], "max_tokens", 1),
        )
