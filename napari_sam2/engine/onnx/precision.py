"""Graphs with fewer bits: float16 throughout, or 8-bit products in the encoder."""

from __future__ import annotations

import copy
import logging
import tempfile
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from napari_sam2.engine.onnx.interface import IMAGE_ENCODER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from napari_sam2.core.quality import Precision

GraphPrecision: TypeAlias = Literal["fp32", "fp16", "int8"]
"""How many bits graphs have, as their manifest says it."""

COMPUTED_IN: Mapping[GraphPrecision, Precision] = {
    "fp32": "float32", "fp16": "float16", "int8": "int8",
}  # fmt: skip
"""What is multiplied in, unless what computes the graphs rounds more."""

_EXACT = 1e-3
_ROUNDED = {"fp32": _EXACT, "fp16": 5e-2, "int8": 0.25}


def tolerance(part: str, precision: GraphPrecision) -> float:
    """Return how far a part may be from PyTorch in float32.

    It is relative to the largest number that the part returns, for random inputs.
    """
    if precision == "int8" and part != IMAGE_ENCODER:
        return _EXACT
    return _ROUNDED[precision]


def reduce_precision(path: Path, part: str, precision: GraphPrecision) -> None:
    """Rewrite the graph of a part, from float32 to a precision."""
    if precision == "fp16":
        _halve(path)
    elif precision == "int8" and part == IMAGE_ENCODER:
        _quantise(path)


def _halve(path: Path) -> None:
    """Compute in float16; what goes in and comes out stays float32."""
    import onnx
    from onnxruntime.transformers import float16

    model = onnx.load(path)
    exact = _exact_nodes(model.graph)
    refused = set(float16.DEFAULT_OP_BLOCK_LIST) - {"Max"}  # which runtimes know by now
    halved = float16.convert_float_to_float16(
        model,
        keep_io_types=True,
        op_block_list=sorted(refused),
        node_block_list=sorted(exact),
    )
    _cut_detours(halved.graph, exact)
    del halved.graph.value_info[:]  # types that were noted before
    onnx.save(halved, path)


def _cut_detours(graph: Any, exact: set[str]) -> None:
    """Hand float32 from exact node to exact node; the conversion rounds on the way."""
    from onnx import TensorProto

    kept = {name for node in graph.node if node.name in exact for name in node.output}
    kept |= {one.name for one in graph.input}
    rounded = {
        node.output[0]: node.input[0]
        for node in _casts(graph, TensorProto.FLOAT16)
        if node.input[0] in kept
    }
    direct = {
        node.output[0]: rounded[node.input[0]]
        for node in _casts(graph, TensorProto.FLOAT)
        if node.input[0] in rounded
    }
    for node in graph.node:
        if node.name in exact:
            node.input[:] = [direct.get(name, name) for name in node.input]
    _sort(graph)


def _casts(graph: Any, to: int) -> list[Any]:
    return [
        node
        for node in graph.node
        if node.op_type == "Cast" and node.attribute[0].i == to
    ]


def _sort(graph: Any) -> None:
    """Put every node after those that it reads from, and drop those nobody reads."""
    makers = {name: node for node in graph.node for name in node.output}
    in_order: dict[str, Any] = {}
    left = [makers[one.name] for one in graph.output]
    while left:
        node = left[-1]
        missing = [one for one in _before(node, makers) if one.name not in in_order]
        if missing:
            left += missing
        else:
            in_order[left.pop().name] = node
    nodes = [copy.deepcopy(node) for node in in_order.values()]
    del graph.node[:]
    graph.node.extend(nodes)


def _before(node: Any, makers: Mapping[str, Any]) -> Iterator[Any]:
    """Return the nodes that a node reads from."""
    return (makers[name] for name in node.input if name in makers)


def _exact_nodes(graph: Any) -> set[str]:
    """Return the nodes that float16 would spoil.

    What goes into sines are positions, and a click would land elsewhere; and numbers of
    pixels are larger than float16 can count.
    """
    makers = {name: node for node in graph.node for name in node.output}
    users: dict[str, list[Any]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            users[name].append(node)

    def counting(node: Any) -> Iterator[Any]:
        after = (user for name in node.output for user in users[name])
        return (user for user in after if user.op_type in ("Cast", "Div"))

    codes = [node for node in graph.node if node.op_type in ("Sin", "Cos")]
    counts = [node for node in graph.node if node.op_type == "ReduceSum"]
    return _reached(codes, lambda node: _before(node, makers)) | _reached(
        counts, counting
    )


def _reached(
    nodes: Iterable[Any], following: Callable[[Any], Iterable[Any]]
) -> set[str]:
    """Return the names of nodes, and of all that follow from them."""
    names: set[str] = set()
    left = list(nodes)
    while left:
        node = left.pop()
        if node.name not in names:
            names.add(node.name)
            left += following(node)
    return names


def _quantise(path: Path) -> None:
    """Multiply 8-bit integers: weights by channel, activations as they come.

    Weights keep to seven bits, without which older processors overflow.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(dir=path.parent) as beside, _quietly():
        quantised = Path(beside) / path.name
        quantize_dynamic(
            path,
            quantised,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
        quantised.replace(path)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep advice to programmers from the user."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
