"""The first Ctrl-C asks, the second one insists."""

from __future__ import annotations

import signal
import threading

import pytest

from napari_sam2.cli.interrupt import stop_on_interrupt


def test_the_first_asks_and_the_second_insists():
    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt() as token:
        signal.raise_signal(signal.SIGINT)
        assert token.is_cancelled
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_polite_kill_asks_too():
    with stop_on_interrupt() as token:
        signal.raise_signal(signal.SIGTERM)
    assert token.is_cancelled


def test_what_is_ignored_stays_ignored(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_on_interrupt() as token:
            signal.raise_signal(signal.SIGINT)
        assert not token.is_cancelled
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_work_without_signals():
    seen = []

    def work() -> None:
        with stop_on_interrupt() as token:
            seen.append(token.is_cancelled)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
