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
    config_json: str

    @staticmethod
    def from_environment(environment: Mapping[str, str], engines: Mapping[str, str]) -> Settings:
        # An empty host means the default, because an empty variable is how many tools unset one.
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
            config_json=environment.get("LEM_CONFIG", ""),
        )


@dataclass(frozen=True)
class EngineConfig:
    """One launch, as the controller asks for it. `params` belong to the engine, which checks them itself."""

    model_id: str
    model_path: str | None
    model_revision: str | None
    dtype: str
    params: dict[str, Any]
    max_concurrency: int | None
    max_tokens: int | None

    @staticmethod
    def from_json(text: str) -> EngineConfig:
        body = as_object(
            parsed(text, "LEM_CONFIG"),
            "LEM_CONFIG",
            required=("model", "dtype"),
            optional=("params", "max_concurrency", "max_tokens"),
        )
        model = as_object(body["model"], "model", required=("id",), optional=("path", "revision"))
        params = body.get("params", {})
        if not isinstance(params, dict):
            raise Invalid("params: must be an object")
        return EngineConfig(
            model_id=as_text(model["id"], "model.id"),
            model_path=_given(model, "path", lambda value: as_text(value, "model.path")),
            model_revision=_given(model, "revision", lambda value: as_text(value, "model.revision")),
            dtype=as_choice(body["dtype"], "dtype", DTYPES),
            params=params,
            max_concurrency=_given(body, "max_concurrency", lambda value: as_integer(value, "max_concurrency", 1)),
            max_tokens=_given(body, "max_tokens", lambda value: as_integer(value, "max_tokens", 1)),
        )


def _given(fields: dict[str, Any], name: str, check: Any) -> Any:
    return check(fields[name]) if name in fields else None
