"""Where the time of a frame goes on a GPU, and what could be had of it.

python tests/benchmarks/bench_gpu_parts.py
python tests/benchmarks/bench_gpu_parts.py --only attention --variant large

*attention*: the kernels that PyTorch has for looking back at seven memories, with
values as wide as the keys and as narrow as they are remembered. *parts*: every part of
the network as it is started step by step, and replayed as one CUDA graph; what lies
between is what starting the steps costs. *frames*: the kernels that whole frames
consist of. ``--device cpu`` runs everything once, small, to see that it works; its
numbers mean nothing.
"""

from __future__ import annotations

import argparse
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ProfilerActivity, profile

from napari_sam2.benchmarking import ours
from napari_sam2.benchmarking.clock import median_seconds
from napari_sam2.benchmarking.footage import picture, place_yx
from napari_sam2.benchmarking.models import open_model
from napari_sam2.benchmarking.parts import network_parts
from napari_sam2.engine.device import inference

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from napari_sam2.engine.network import Network

OBJECTS = (1, 16)
KERNELS = (
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.CUDNN_ATTENTION,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.MATH,
)
WARM_UP, FRAMES = 20, 4


def attention(model: Network) -> None:
    """Time the kernels that can look back at full memories."""
    config, dtype = model.config, torch.bfloat16
    queries, wide = config.grid**2, config.hidden_dim
    keys = config.memory_count * queries + 4 * config.pointer_count
    print(
        "\n| kernel | objects | width of values | ms | TFLOP/s |\n|---|--:|--:|--:|--:|"
    )
    for objects in OBJECTS:
        for kernel in KERNELS[: None if objects == 1 else -1]:
            for width in (wide, config.memory_dim):
                shapes = (queries, wide), (keys, wide), (keys, width)
                q, k, v = (
                    torch.randn(objects, 1, *shape, dtype=dtype, device=model.device)
                    for shape in shapes
                )
                row = f"| {kernel.name} | {objects} | {width} "
                flops = 2 * objects * queries * keys * (wide + width)
                print(row + _timed(kernel, (q, k, v), flops), flush=True)


def _timed(kernel: SDPBackend, qkv: tuple[Tensor, Tensor, Tensor], flops: int) -> str:
    """Return milliseconds and rate, as cells of a table."""
    try:
        with torch.inference_mode(), sdpa_kernel([kernel]):
            taken = median_seconds(lambda: F.scaled_dot_product_attention(*qkv))
    except RuntimeError:
        return "| – | cannot |"
    return f"| {1e3 * taken:.2f} | {flops / taken / 1e12:.0f} |"


def parts(model: Network) -> None:
    """Time each part step by step, and replayed."""
    print("\n| part | objects | memories | ms | ms, replayed |\n|---|--:|--:|--:|--:|")
    with inference(model):
        for part in network_parts(model, OBJECTS, max(OBJECTS)):
            taken = median_seconds(part.call)
            again = _replayed(part.call) if model.device.type == "cuda" else None
            replayed = "–" if again is None else f"{1e3 * again / part.frames:.2f}"
            row = f"| {part.name} | {part.objects or '–'} | {part.memories or '–'} "
            print(f"{row}| {1e3 * taken / part.frames:.2f} | {replayed} |", flush=True)


def _replayed(call: Callable[[], object]) -> float | None:
    """Return how long a call takes as one graph; None where it cannot be one."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    try:
        # A recording that fails leaves its stream behind as the current one.
        with torch.cuda.stream(torch.cuda.current_stream()), torch.cuda.graph(graph):
            call()
    except RuntimeError as error:
        print(f"(not one graph: {str(error).splitlines()[0]})")
        return None
    return median_seconds(graph.replay)


def frames(model: Network) -> None:
    """Show which kernels take the time of whole frames."""
    size, count = model.config.image_size, WARM_UP + FRAMES + 1
    pixels = np.stack([picture(t, size) for t in range(count)])
    activities = [ProfilerActivity.CPU]
    if model.device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    for objects in OBJECTS:
        tracker = ours.start(model, pixels)
        for index in range(objects):
            ours.click(tracker, object_id=index + 1, frame=0, yx=place_yx(index))
        run = ours.propagate(tracker, range(count))
        list(islice(run, WARM_UP))
        with profile(activities=activities) as profiled:
            list(islice(run, FRAMES))
        order = "cuda_time_total" if len(activities) > 1 else "cpu_time_total"
        table = profiled.key_averages().table(
            sort_by=order, row_limit=25, max_name_column_width=60
        )
        print(f"\n{objects} objects, {FRAMES} frames\n{table}", flush=True)


ROWS = {"attention": attention, "parts": parts, "frames": frames}


def main() -> None:
    """Measure what is asked for, with each model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=list(ROWS))
    parser.add_argument("--variant", action="append", choices=["tiny", "large"])
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    options = parser.parse_args()
    size = 1024 if options.device == "cuda" else 64
    for variant in options.variant or ["tiny", "large"]:
        name = f"sam2.1-{variant}"
        model, _ = open_model(name, device=options.device, image_size=size)
        print(f"\n{name}, {size} px")
        for row in options.only or ROWS:
            ROWS[row](model)


if __name__ == "__main__":
    main()
