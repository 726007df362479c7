"""Tokens are set once, from any thread."""

from __future__ import annotations

import threading

from napari_sam2.core.cancel import CancelToken, Progress


def test_a_token_is_set_and_stays_set() -> None:
    token = CancelToken()
    assert not token.is_cancelled
    threads = [threading.Thread(target=token.cancel) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    token.cancel()
    assert token.is_cancelled
    assert not CancelToken().is_cancelled


def test_progress_is_a_value() -> None:
    assert Progress(1, 2, "frames") == Progress(1, 2, "frames")
