"""A Transformers model: loaded as asked, and read back as it is."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig, PreTrainedModel

from ..checks import as_choice
from ..errors import Invalid, described
from ..settings import EngineConfig
from .base import EngineFacts

DEVICES = ("auto", "cpu", "cuda")
ATTENTION = ("eager", "sdpa", "flash_attention_2")
PACKAGES = ("transformers", "tokenizers", "safetensors", "accelerate")
# Masked wherever it is put, so any token does.
PADDING = 0


def loaded(config: EngineConfig, device: Any, attention: Any) -> PreTrainedModel:
    """The model with its weights on the device, set to decode greedily and to end by length only."""
    device = _device(device)
    _require_model(config)
    # Several GPUs hold a part of the layers each; the parts work one after the other.
    device_map = None if device == "cpu" else {"": "cuda:0"} if torch.cuda.device_count() == 1 else "auto"
    model = AutoModelForCausalLM.from_pretrained(
        config.model_path or config.model_id,
        revision=config.model_revision or "main",
        local_files_only=config.model_path is not None,
        dtype=config.dtype,
        attn_implementation=as_choice(attention, "params.attention", ATTENTION),
        device_map=device_map,
    ).eval()
    # The model's own defaults could sample, stop early or penalise. Without an end token nothing ends but by length.
    model.generation_config = GenerationConfig(
        do_sample=False, eos_token_id=None, bos_token_id=None, pad_token_id=PADDING, disable_compile=True
    )
    return model


def _require_model(config: EngineConfig) -> None:
    """Says in plain words that there is no such model, where the libraries say something confusing."""
    if config.model_path is not None:
        if not Path(config.model_path, "config.json").is_file():
            raise Invalid(f"model.path: there is no config.json in {config.model_path}")
        return
    try:
        AutoConfig.from_pretrained(config.model_id, revision=config.model_revision or "main")
    except Exception as error:
        found = "is neither in the Hugging Face cache nor could it be had from the hub"
        raise Invalid(f"model.id: {config.model_id} {found} ({described(error, 300)})") from error


def facts(model: PreTrainedModel, config: EngineConfig, compiled: bool) -> EngineFacts:
    """What is really used, taken from the model and from torch."""
    text = model.config.get_text_config()
    devices = sorted({str(parameter.device) for parameter in model.parameters()})
    dtypes = sorted({str(parameter.dtype).removeprefix("torch.") for parameter in model.parameters()})
    effective = {
        "model": config.model_path or config.model_id,
        "model_commit": getattr(model.config, "_commit_hash", None),
        "model_type": model.config.model_type,
        "parameters": model.num_parameters(),
        "weights_bytes": model.get_memory_footprint(),
        "dtype": "+".join(dtypes),
        "device": model.device.type,
        "devices": devices,
        "attention": model.config._attn_implementation,
        "threads": torch.get_num_threads(),
        "compile": compiled,
        "cache": model.generation_config.cache_implementation or "dynamic",
        "batching": "static",
        "decoding": "greedy",
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
    }
    packages = {"python": platform.python_version(), "torch": str(torch.__version__)}
    packages |= {name: metadata.version(name) for name in PACKAGES}
    if torch.version.cuda is not None:
        packages["cuda"] = torch.version.cuda
    return EngineFacts(
        version=str(torch.__version__),
        # Rows of the embedding and not the tokenizer's words: this is what a token id has to stay below.
        vocabulary_tokens=model.get_input_embeddings().weight.shape[0],
        max_tokens=getattr(text, "max_position_embeddings", None),
        effective=effective,
        packages=packages,
    )


def _device(asked: Any) -> str:
    device = as_choice(asked, "params.device", DEVICES)
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise Invalid("params.device: cuda was asked for, but torch sees no CUDA device")
    return device
