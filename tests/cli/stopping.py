"""A run that somebody stops."""

from __future__ import annotations

from contextlib import contextmanager

from napari_sam2.core.cancel import CancelToken


@contextmanager
def stopping_after(count):
    """Give a token that is cancelled when it was looked at so many times."""

    class Token(CancelToken):
        looked = 0

        @property
        def is_cancelled(self):
            Token.looked += 1
            return Token.looked > count

    yield Token()
