"""Devices are picked or refused in a sentence, and modes do not leak."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch

from napari_sam2.core.errors import DeviceError, GpuMemoryError
from napari_sam2.core.memory import is_out_of_memory
from napari_sam2.engine import cards, device
from napari_sam2.engine.device import (
    apart,
    find_devices,
    inference,
    kept_dtype,
    pick_device,
    working_memory,
)
from napari_sam2.engine.loading import load_model
from napari_sam2.model.sam2 import Sam2Model
from tests.engine.pretend_gpu import pretend_gpu

CPU = torch.device("cpu")
EXACT, HALF = (SimpleNamespace(device=CPU, is_half=half) for half in (False, True))


TOO_OLD = "CUDA error: no kernel image is available for execution on the device"


def machine(monkeypatch, *, cuda=0, mps=False, too_old=()) -> None:
    """Have GPUs, of which some are too old for this PyTorch."""

    def number(device=None) -> int:
        return 0 if device is None else torch.device(device).index or 0

    def tried(device) -> str | None:
        return TOO_OLD if number(device) in too_old else None

    cards._refusal_of.cache_clear()
    device._tell.cache_clear()
    monkeypatch.setattr(cards, "_tried", tried)
    monkeypatch.setattr(
        torch.cuda, "get_device_name", lambda device=None: f"Card {number(device)}"
    )
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "picked"),
    [(1, True, "cuda"), (2, False, "cuda"), (0, True, "mps"), (0, False, "cpu")],
)
def test_auto_prefers_cuda_then_mps(monkeypatch, cuda, mps, picked) -> None:
    machine(monkeypatch, cuda=cuda, mps=mps)
    assert pick_device().type == picked


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:0", "cuda:1", "mps"])
def test_devices_that_are_there(monkeypatch, name) -> None:
    machine(monkeypatch, cuda=2, mps=True)
    assert pick_device(name) == torch.device(name)


@pytest.mark.parametrize("name", ["cuda:2", "mps", "meta", "xpu"])
def test_devices_that_are_not_there(monkeypatch, name) -> None:
    machine(monkeypatch, cuda=2)
    with pytest.raises(DeviceError, match=f"no device '{name}'"):
        pick_device(name)


@pytest.mark.parametrize(
    ("too_old", "mps", "picked"),
    [((0,), False, "cuda:1"), ((0, 1), True, "mps"), ((0, 1), False, "cpu")],
)
def test_auto_passes_over_gpus_that_pytorch_cannot_compute_on(
    monkeypatch, caplog, too_old, mps, picked
) -> None:
    machine(monkeypatch, cuda=2, mps=mps, too_old=too_old)
    for _ in range(2):
        assert pick_device() == torch.device(picked)
    assert [one.name for one in find_devices()] == [
        *(f"cuda:{number}" for number in range(2) if number not in too_old),
        *["mps"] * mps,
        "cpu",
    ]
    for number in range(2):
        assert caplog.text.count(f"GPU Card {number}") == (number in too_old)


@pytest.mark.parametrize("name", ["cuda", "cuda:0"])
def test_a_gpu_that_pytorch_cannot_compute_on_is_refused(monkeypatch, name) -> None:
    machine(monkeypatch, cuda=1, too_old=(0,))
    with pytest.raises(DeviceError, match=r"on the GPU Card 0 \(CUDA error: no kernel"):
        pick_device(name)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (None, None),
        (RuntimeError(f"{TOO_OLD}\nCUDA kernel errors might be …"), TOO_OLD),
        (torch.OutOfMemoryError("CUDA out of memory"), None),
    ],
)
def test_a_gpu_is_tried_before_it_is_used(monkeypatch, error, problem) -> None:
    def zeros(*shape, **kwargs):
        if error is not None:
            raise error
        return make(*shape, **kwargs)

    make = torch.zeros
    monkeypatch.setattr(torch, "zeros", zeros)
    with pretend_gpu():
        assert cards._tried(torch.device("cuda")) == problem


@pytest.mark.parametrize("name", ["", "gpu", "cuda:x", "CPU!", "cuda:-1"])
def test_names_of_no_device(monkeypatch, name) -> None:
    machine(monkeypatch, cuda=1)
    with pytest.raises(DeviceError, match=r"is no device|no device"):
        pick_device(name)


@pytest.mark.parametrize("network", [EXACT, HALF])
def test_inference_is_without_gradients_and_as_precise_as_the_network(network) -> None:
    with inference(network):
        assert torch.is_inference_mode_enabled()
        assert torch.is_autocast_enabled("cpu") == network.is_half
    assert not torch.is_inference_mode_enabled()
    assert not torch.is_autocast_enabled("cpu")


def test_running_out_of_memory_is_told_in_a_sentence() -> None:
    with (
        pytest.raises(GpuMemoryError, match=r"ran out of memory.*smaller"),
        inference(EXACT),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")
    assert not torch.is_inference_mode_enabled()


SHORTAGES = [
    (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB"), "GPU"),
    (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"
                  " `cublasCreate(handle)`"), "GPU"),
    (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), "GPU"),
    (RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
     "GPU"),
    (RuntimeError("MPS backend out of memory (MPS allocated: 7.99 GB)"), "GPU"),
    (RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't"
                  " allocate memory: you tried to allocate 9 bytes."), "computer"),
    (RuntimeError("DefaultCPUAllocator: not enough memory"), "computer"),
    (MemoryError(), "computer"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "whose"), SHORTAGES)
def test_running_out_of_memory_is_told_on_every_device(error, whose) -> None:
    assert is_out_of_memory(error)
    with (
        pytest.raises(GpuMemoryError, match=rf"^The {whose} ran out of memory.*dock"),
        inference(EXACT),
    ):
        raise error


def test_weights_that_do_not_fit_the_memory_are_told_in_a_sentence(monkeypatch) -> None:
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Sam2Model, "to", full)
    with pytest.raises(GpuMemoryError, match=r"The GPU ran out of memory.*smaller"):
        load_model("nano", device="cpu")


def test_other_errors_are_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shape mismatch"), inference(EXACT):
        raise RuntimeError("shape mismatch")


def test_the_processor_runs_out_of_memory_as_it_is_expected_to() -> None:
    with pytest.raises(GpuMemoryError, match="The computer"), inference(EXACT):
        torch.empty(1 << 52)


def test_a_group_may_take_some_memory() -> None:
    assert 0 < working_memory(CPU) <= 1 << 30


def test_what_pytorch_holds_in_reserve_is_free_for_groups(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (4 << 30, 16 << 30))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 9 << 30)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 1 << 30)
    assert working_memory(torch.device("cuda")) == 6 << 30


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("cpu", torch.bfloat16), ("cuda", torch.bfloat16), ("mps", torch.float32)],
)
def test_memories_are_rounded_where_that_is_known_to_work(name, dtype) -> None:
    assert kept_dtype(torch.device(name)) == dtype


@pytest.mark.parametrize("shape", [(3,), (3, 4), (3, 5, 4), (1, 5, 4)])
@pytest.mark.parametrize("kind", ["cpu", "cuda"])
def test_what_is_parted_keeps_nothing_of_its_batch(kind, shape) -> None:
    values = torch.rand(shape)
    with pretend_gpu() if kind == "cuda" else nullcontext() as gpu:
        batch = values.to(kind).transpose(0, -1).contiguous().transpose(0, -1)
        before = gpu.launched if gpu else 0
        ones = apart(batch)
        assert not gpu or gpu.launched - before <= 2  # brought in order, and copied
        assert {one.is_contiguous() for one in ones} == {True}
        here = [one.cpu() for one in ones]
    assert torch.equal(torch.cat(here), values)
    if kind == "cpu":
        assert {one.untyped_storage().nbytes() for one in ones} == {ones[0].nbytes}
