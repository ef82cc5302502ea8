"""Strict checks of values that came as JSON. Each returns the value or raises Invalid, naming the field."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Any

from .errors import Invalid

# The other side is JavaScript: beyond this its numbers lose digits.
LARGEST_INTEGER = 2**53 - 1


def parsed(text: str | bytes, where: str) -> Any:
    """JSON without the NaN and Infinity that Python would let pass."""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is not JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{where}: not JSON: {error}") from None


def as_object(value: Any, where: str, required: Collection[str], optional: Collection[str] = ()) -> dict[str, Any]:
    """An object with exactly these fields: what is not known would be ignored silently."""
    if not isinstance(value, dict):
        raise Invalid(f"{where}: must be an object")
    for name in required:
        if name not in value:
            raise Invalid(f"{_inside(where, name)}: missing")
    for name in value:
        if name not in required and name not in optional:
            raise Invalid(f"{_inside(where, name)}: unknown field")
    return value


def as_integer(value: Any, where: str, minimum: int) -> int:
    # bool is a subclass of int, and True is no number of anything.
    if type(value) is not int or not minimum <= value <= LARGEST_INTEGER:
        raise Invalid(f"{where}: must be an integer of at least {minimum}, not {_shown(value)}")
    return value


def as_positive(value: Any, where: str) -> float:
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise Invalid(f"{where}: must be a number above 0, not {_shown(value)}")
    return float(value)


def as_text(value: Any, where: str, longest: int = 4096) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise Invalid(f"{where}: must be a text of 1 to {longest} characters, not {_shown(value)}")
    return value


def as_flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid(f"{where}: must be true or false, not {_shown(value)}")
    return value


def as_choice(value: Any, where: str, choices: Collection[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise Invalid(f"{where}: must be one of {', '.join(choices)}, not {_shown(value)}")
    return value


def _inside(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:59] + "…"
