"""Position codes: sine tables, rotary tables, ages of pointers, and a cache for tables.

Every table is a pure function of sizes (and sometimes of one parameter), so it is
computed once and kept.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_TEMPERATURE = 10_000.0
_MOST_TABLES = 8


class ShapeTables:
    """Tables that hang on plain numbers alone, each made once.

    They lie in a dict, where a compiler finds them; it would look past an
    :func:`~functools.lru_cache` and make them anew for every frame.
    """

    __slots__ = ("_made",)
    MOST = 256  # never in use at once: a GPU may still read the one that is dropped

    def __init__(self) -> None:
        self._made: dict[Hashable, Tensor] = {}

    def get(self, key: Hashable, make: Callable[[], Tensor]) -> Tensor:
        """Return the table for ``key``, made by ``make`` if it is not held yet."""
        table = self._made.get(key)
        if table is None:
            if len(self._made) >= self.MOST:
                del self._made[next(iter(self._made))]
            with torch.inference_mode(False), torch.no_grad():
                table = self._made[key] = make()
        return table


_tables = ShapeTables()


def sine_position(dim: int, height: int, width: int, device: torch.device) -> Tensor:
    """Return the sine code of a grid, float32 (dim, height, width).

    Rows fill the first half of the channels, columns the second; coordinates run from
    1/n to 1 times 2π ("Attention is all you need", in the 2-D form of DETR).
    """

    def make() -> Tensor:
        half = dim // 2
        powers = _TEMPERATURE ** (2 * (torch.arange(half) // 2) / half)
        rows = _axis_code(height, powers)[:, None].expand(height, width, half)
        columns = _axis_code(width, powers)[None].expand(height, width, half)
        table = torch.cat([rows, columns], dim=-1).permute(2, 0, 1)
        return table.contiguous().to(device)  # (dim, height, width)

    return _tables.get(("sine", dim, height, width, str(device)), make)


def _axis_code(size: int, powers: Tensor) -> Tensor:
    steps = torch.arange(1, size + 1, dtype=torch.float32) / (size + 1e-6)
    phase = steps[:, None] * (2 * math.pi) / powers  # (size, half)
    return torch.stack([phase[:, 0::2].sin(), phase[:, 1::2].cos()], dim=2).flatten(1)


def rotary_table(dim: int, height: int, width: int, device: torch.device) -> Tensor:
    """Return cosines and sines for :func:`rotate`, float32 (height*width, dim/2, 2).

    The first half of the channel pairs turns with the column, the second with the row
    (axial rotary embedding, theta 10,000).
    """

    def make() -> Tensor:
        quarter = dim // 4
        speeds = _TEMPERATURE ** -(torch.arange(quarter) * 4 / dim)
        index = torch.arange(height * width)
        columns, rows = (index % width).float(), (index // width).float()
        angles = torch.cat([columns[:, None] * speeds, rows[:, None] * speeds], dim=1)
        return torch.stack([angles.cos(), angles.sin()], dim=-1).to(device)

    return _tables.get(("rotary", dim, height, width, str(device)), make)


def rotate(tokens: Tensor, table: Tensor) -> Tensor:
    """Turn neighbouring channel pairs of (..., N, dim) by a :func:`rotary_table`."""
    return _turned(tokens, table).to(tokens.dtype)


def rotate_(tokens: Tensor, table: Tensor) -> None:
    """Do what :func:`rotate` does, in place."""
    if tokens.dtype == torch.float32 and _knows_complex(tokens):
        pairs = torch.view_as_complex(tokens.unflatten(-1, (-1, 2)))
        pairs.mul_(torch.view_as_complex(table))
    else:
        tokens.copy_(_turned(tokens, table))


def _turned(tokens: Tensor, table: Tensor) -> Tensor:
    """Return turned tokens in float32.

    Where the pairs may be taken for complex numbers, that is one step instead of
    seven, and on a CPU several times faster.
    """
    if _knows_complex(tokens):
        pairs = torch.view_as_complex(tokens.float().unflatten(-1, (-1, 2)))
        return torch.view_as_real(pairs * torch.view_as_complex(table)).flatten(-2)
    real, imaginary = tokens.unflatten(-1, (-1, 2)).float().unbind(-1)
    cosines, sines = table.unbind(-1)
    return torch.stack(
        [real * cosines - imaginary * sines, real * sines + imaginary * cosines], dim=-1
    ).flatten(-2)


def _knows_complex(tokens: Tensor) -> bool:
    """Whether complex numbers are as quick as real ones: not where code is compiled."""
    return tokens.device.type in ("cpu", "cuda") and not torch.compiler.is_compiling()


def age_code(ages: Tensor, dim: int) -> Tensor:
    """Return the 1-D sine code of pointer ages, (N,) to (N, dim): sines, then cosines.

    ``ages`` are already divided by the time span.
    """
    half = dim // 2
    channel = torch.arange(half, device=ages.device)
    powers = _TEMPERATURE ** (2 * (channel // 2) / half)
    phase = ages[:, None] / powers
    return torch.cat([phase.sin(), phase.cos()], dim=-1)


class TableCache:
    """The last few tables that a module made from its parameters.

    A table is made again when a parameter has changed, moved or been cast, and is not
    kept while gradients are recorded.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[Hashable, _Held] = {}

    def __len__(self) -> int:
        """Count the tables held."""
        return len(self._held)

    def get(
        self, sources: tuple[Tensor, ...], key: Hashable, make: Callable[[], Tensor]
    ) -> Tensor:
        """Return the table for ``key``, made by ``make`` if it is not held yet."""
        if torch.is_grad_enabled() and any(s.requires_grad for s in sources):
            return make()
        states = tuple(_state(source) for source in sources)
        held = self._held.get(key)
        if held is None or held.states != states:
            with torch.inference_mode(False), torch.no_grad():
                held = _Held(make(), states, tuple(s.detach() for s in sources))
            self._held.pop(key, None)
            if len(self._held) >= _MOST_TABLES:
                del self._held[next(iter(self._held))]
            self._held[key] = held
        return held.table


class FixedTables(TableCache):
    """Makes each table once: a graph cannot see whether parameters have changed."""

    __slots__ = ("_fixed",)

    def __init__(self) -> None:
        super().__init__()
        self._fixed: dict[Hashable, Tensor] = {}

    def get(
        self, sources: tuple[Tensor, ...], key: Hashable, make: Callable[[], Tensor]
    ) -> Tensor:
        """Return the table for ``key``."""
        if key not in self._fixed:
            self._fixed[key] = make()
        return self._fixed[key]


def fix_tables(network: nn.Module) -> None:
    """Have every module of a network make each of its tables once, from now on."""
    for module in network.modules():
        for name, one in vars(module).items():
            if isinstance(one, TableCache):
                vars(module)[name] = FixedTables()


class _Held(NamedTuple):
    """A table and what it was made from.

    The sources are held so that no other parameter can come to lie at their address.
    """

    table: Tensor
    states: tuple[Hashable, ...]
    sources: tuple[Tensor, ...]


def _state(source: Tensor) -> Hashable:
    """Say which tensor this is, and in which state."""
    version = 0 if source.is_inference() else source._version
    return source.data_ptr(), version, source.dtype, str(source.device)
