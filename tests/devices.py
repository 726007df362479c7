"""The devices that tests run on, and how exactly they compute there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from unittest import mock

import torch

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@contextmanager
def full_precision() -> Iterator[None]:
    """Compute in float32 even on a GPU, for comparisons with float32 elsewhere."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = False
    try:
        with mock.patch("torch.autocast", lambda *_, **__: nullcontext()):
            yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before
