"""A function and its compiled form: the compiled one is kept where it is quicker."""

from __future__ import annotations

import logging
import types
from collections.abc import Callable
from threading import Lock
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor

from napari_sam2.core.memory import is_out_of_memory
from napari_sam2.engine.compiled.support import GRAPHS
from napari_sam2.engine.groups import give_back_reserve

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from napari_sam2.engine.compiled.support import Compiler

_log = logging.getLogger(__name__)

Function: TypeAlias = Callable[..., tuple[Tensor, ...]]

_FIRST_USES = 4  # compiling takes a minute: not for what is done a few times
_MOST_SHAPES = 8
_TURNS = 7
# All replayed graphs of a GPU share memory, those of other models, too.
_ONE_AT_A_TIME = Lock()
_NO_ROOM = "there is not enough memory to compile it"
_TOLERANCE, _ROUNDED_TOLERANCE = 1e-3, 0.05


class Raced:
    """A function that is compiled for shapes that come again and again.

    Before that, for shapes beyond the first few, and wherever compiling fails, is no
    gain or computes something else, it is run as it is.

    Parameters
    ----------
    name : str
        What it does, in words for the user.
    function : callable
        Of tensors (or None, or numbers) to a tuple of tensors.
    compiler : Compiler
    rounds : bool, optional
        Whether it computes in bfloat16, whatever it returns: what is compiled need not
        round as often.

    Attributes
    ----------
    notes : list of str
        What came of compiling, a sentence for each shape.
    """

    def __init__(
        self,
        name: str,
        function: Function,
        compiler: Compiler,
        *,
        rounds: bool = False,
    ) -> None:
        self._name = name
        self._rounds = rounds
        self._function = function
        self._compiler = compiler
        self._uses: dict[Hashable, int] = {}
        self._chosen: dict[Hashable, Function] = {}
        self.notes: list[str] = []

    def __call__(self, *arguments: Any) -> tuple[Tensor, ...]:
        """Compute, one way or the other; call within inference mode."""
        arguments = tuple(_plain(one) for one in arguments)
        key = tuple(_shape(one) for one in arguments)
        chosen = self._chosen.get(key)
        if chosen is not None:
            return chosen(*arguments)
        uses = self._uses[key] = self._uses.get(key, 0) + 1
        if uses < _FIRST_USES or len(self._chosen) >= _MOST_SHAPES:
            return self._function(*arguments)
        with _ONE_AT_A_TIME:
            if key not in self._chosen:
                self._chosen[key] = self._choose(arguments)
        return self._chosen[key](*arguments)

    def _choose(self, arguments: tuple[Any, ...]) -> Function:
        """Compile and race; return what is to be run from now on."""
        _log.warning(
            "Compiling the %s, which takes a while once.",
            self._name,
            extra={"is_passing": True},  # for who shows it in a window
        )
        for way in self._compiler.ways:
            quicker, has_room = None, True
            try:
                quicker = self._raced(way, arguments)
            except Exception as error:  # noqa: BLE001 - compilers throw anything
                has_room = not is_out_of_memory(error)
                if has_room:
                    self._note(f"could not be compiled: {_reason(error)}")
            if quicker is not None:
                is_replayed = way.get("mode") == GRAPHS
                return self._guarded(_copied(quicker) if is_replayed else quicker)
            if not has_room:  # for racing, which takes more than the work itself
                self._note(f"stays as it is: {_NO_ROOM}")
                give_back_reserve()
                break
        return self._function

    def _raced(
        self, way: Mapping[str, Any], arguments: tuple[Any, ...]
    ) -> Function | None:
        """Compile one way; return what came of it if that is quicker."""
        compiled = _compiled(self._function, way)
        gain = self._gain(compiled, arguments)
        if gain is None:
            return None
        if gain > self._compiler.least_gain:
            self._note(f"is compiled now, and {gain:.2f} times as quick")
            return compiled
        self._note(f"stays as it is: compiled, it takes {1 / gain:.2f} as long")
        return None

    def _gain(self, compiled: Function, arguments: tuple[Any, ...]) -> float | None:
        """Return how many times quicker it is; None if it computes something else."""
        wanted, found = self._function(*arguments), compiled(*arguments)
        if not all(map(self._agree, wanted, found)):
            self._note("stays as it is: compiled, it computes something else")
            return None
        slow, quick = [], []
        for _ in range(_TURNS):
            slow.append(_seconds(self._function, arguments))
            quick.append(_seconds(compiled, arguments))
        return min(slow) / min(quick)

    def _agree(self, wanted: Tensor, found: Tensor) -> bool:
        """Whether two results differ by rounding only, as against the largest value."""
        is_rounded = self._rounds or wanted.dtype == torch.bfloat16
        tolerance = _ROUNDED_TOLERANCE if is_rounded else _TOLERANCE
        if not wanted.is_floating_point():
            tolerance = 0.0
        apart = (wanted.float() - found.float()).abs().amax()
        return bool(apart <= tolerance * wanted.float().abs().amax().clamp(min=1e-6))

    def _guarded(self, compiled: Function | None) -> Function:
        """Return a function that goes on as before when the compiled one fails."""

        def run(*arguments: Any) -> tuple[Tensor, ...]:
            nonlocal compiled
            current = compiled  # another thread may give it up meanwhile
            if current is None:
                return self._function(*arguments)
            try:
                return current(*arguments)
            except Exception as error:  # noqa: BLE001 - so may what they made
                has_room = not is_out_of_memory(error)
                reason = _reason(error) if has_room else "memory does not suffice"
            self._note(f"failed when it was compiled: {reason}")
            compiled = None
            if not has_room:
                give_back_reserve()
            return self._function(*arguments)

        return run

    def _note(self, what: str) -> None:
        sentence = f"The {self._name} {what}."
        self.notes.append(sentence)
        _log.warning(sentence)


def _copied(replayed: Function) -> Function:
    """Return what copies what it returns, which is overwritten when it is replayed."""

    def run(*arguments: Any) -> tuple[Tensor, ...]:
        with _ONE_AT_A_TIME:
            return tuple(one.clone() for one in replayed(*arguments))

    return run


def _plain(argument: Any) -> Any:
    """Return a tensor as a compiler expects it again, row by row and without history.

    Of another kind, it would compile anew, in silence.
    """
    if not isinstance(argument, Tensor):
        return argument
    if not argument.is_inference():
        return argument.clone(memory_format=torch.contiguous_format)
    return argument.contiguous()


def _shape(argument: Any) -> Hashable:
    if isinstance(argument, Tensor):
        return tuple(argument.shape), argument.dtype
    return None if argument is None else int(argument)


def _compiled(function: Function, way: Mapping[str, Any]) -> Function:
    """Compile a copy of a function: what is compiled hangs on its code."""
    own = types.FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    return torch.compile(own, fullgraph=True, dynamic=False, **way)


def _seconds(function: Function, arguments: tuple[Any, ...]) -> float:
    """Return how long it takes; other programs disturb the processor's time less."""
    if not arguments[0].is_cuda:
        start = process_time()
        function(*arguments)
        return process_time() - start
    device = arguments[0].device
    torch.cuda.synchronize(device)
    start = perf_counter()
    function(*arguments)
    torch.cuda.synchronize(device)
    return perf_counter() - start


def _reason(error: Exception) -> str:
    """Return the first line of what went wrong inside the compiler."""
    inner = getattr(error, "inner_exception", error)
    lines = str(inner).strip().splitlines()
    return f"{type(inner).__name__}: {lines[0] if lines else 'no reason given'}"[:300]
