"""The best so far on the disk, whatever becomes of the rest of a course."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_sam2.core.errors import OutputError
from napari_sam2.finetuning.saving import save_adapter
from napari_sam2.io.files.free_path import free_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_sam2.core.adapter_card import AdapterCard
    from napari_sam2.finetuning.course import Outcome


class Keeper:
    """Saves an adapter at each gain, over the one that it saved before.

    Parameters
    ----------
    path : Path
        Where it goes; what another program makes there meanwhile is kept, and the
        adapter saved beside it.
    describe : callable
        Returns the card for an outcome.
    overwrite : bool
        Whether what is there may be replaced.
    """

    def __init__(
        self,
        path: Path,
        describe: Callable[[Outcome], AdapterCard],
        *,
        overwrite: bool,
    ) -> None:
        self.path = path
        self._describe = describe
        self._may_replace = overwrite
        self._saved_step = 0
        self._card: AdapterCard | None = None

    def keep(self, outcome: Outcome) -> str:
        """Save a gain; return what stands against that, or nothing.

        The next gain may be saved all the same.
        """
        try:
            self._save(outcome)
        except OutputError as error:
            return f"The best so far is not saved, which is tried again later: {error}"
        return ""

    def finish(self, outcome: Outcome) -> AdapterCard | None:
        """Save the best unless it is; return its card, None where there is none.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        if outcome.changes is not None and outcome.steps != self._saved_step:
            self._save(outcome)
        return self._card

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Say what is saved when the user does not wait for the end."""
        try:
            yield
        except KeyboardInterrupt:
            if self._card is None:
                raise
            raise KeyboardInterrupt(
                f"Stopped. The best so far is saved: {self.path}"
            ) from None

    def _save(self, outcome: Outcome) -> None:
        if not self._may_replace:
            self.path = free_path(self.path)
        card = self._describe(outcome)
        save_adapter(self.path, outcome, card, overwrite=self._may_replace)
        self._may_replace, self._card = True, card
        self._saved_step = outcome.steps
