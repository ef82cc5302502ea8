"""Which GPUs are visible here, asked of NVML, which counts them without touching them."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

LIBRARY = "libnvidia-ml.so.1"
LONGEST_TEXT = 96


class NvmlError(Exception):
    """NVML is there and refuses to answer."""


def visible_gpus() -> list[dict[str, str]]:
    """UUID and name of each GPU in the order of NVML; none where there is no NVML. A MIG slice shows as its GPU."""
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return []
    try:
        return list_gpus(library)
    except NvmlError as error:
        # The controller compares the list with what it asked for, so an empty one is noticed there.
        print(f"lem-worker: {error}", file=sys.stderr, flush=True)
        return []


def list_gpus(library: Any) -> list[dict[str, str]]:
    """The same from a library that is loaded already."""
    _call(library, "nvmlInit_v2")
    try:
        count = ctypes.c_uint()
        _call(library, "nvmlDeviceGetCount_v2", ctypes.byref(count))
        return [_gpu(library, index) for index in range(count.value)]
    finally:
        library.nvmlShutdown()


def _gpu(library: Any, index: int) -> dict[str, str]:
    handle = ctypes.c_void_p()
    _call(library, "nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(handle))
    return {"uuid": _text(library, "nvmlDeviceGetUUID", handle), "name": _text(library, "nvmlDeviceGetName", handle)}


def _text(library: Any, function: str, handle: ctypes.c_void_p) -> str:
    buffer = ctypes.create_string_buffer(LONGEST_TEXT)
    _call(library, function, handle, buffer, ctypes.c_uint(LONGEST_TEXT))
    return buffer.value.decode(errors="replace")


def _call(library: Any, function: str, *arguments: Any) -> None:
    result = getattr(library, function)(*arguments)
    if result != 0:
        raise NvmlError(f"{function} answered {result}")
