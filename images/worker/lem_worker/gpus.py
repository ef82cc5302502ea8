"""Which GPUs are visible here, asked of NVML, which counts them without touching them."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

LIBRARY = "libnvidia-ml.so.1"
LONGEST_TEXT = 96


class NvmlError(Exception):
    """NVML is there and refuses to answer."""


def visible_gpus() -> list[dict[str, str]]:
    """
    UUID and name of each GPU in the order of NVML, less those that CUDA_VISIBLE_DEVICES hides; none where there is no
    NVML. A MIG slice shows as its GPU.
    """
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return []
    try:
        return shown_by_cuda(list_gpus(library), os.environ.get("CUDA_VISIBLE_DEVICES"))
    except NvmlError as error:
        # The controller compares the list with what it asked for, so an empty one is noticed there.
        print(f"lem-worker: {error}", file=sys.stderr, flush=True)
        return []


def list_gpus(library: Any) -> list[dict[str, str]]:
    """All GPUs of a library that is loaded already."""
    _call(library, "nvmlInit_v2")
    try:
        count = ctypes.c_uint()
        _call(library, "nvmlDeviceGetCount_v2", ctypes.byref(count))
        return [_gpu(library, index) for index in range(count.value)]
    finally:
        library.nvmlShutdown()


def shown_by_cuda(gpus: list[dict[str, str]], visible: str | None) -> list[dict[str, str]]:
    """CUDA's rule: indices and beginnings of UUIDs; the first entry that names no GPU ends the list."""
    if visible is None:
        return gpus
    shown = []
    for entry in (part.strip() for part in visible.split(",")):
        if entry.isdigit():
            named = gpus[int(entry) : int(entry) + 1]
        else:
            named = [gpu for gpu in gpus if entry and gpu["uuid"].startswith(entry)][:1]
        if not named:
            break
        shown += named
    return shown


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
