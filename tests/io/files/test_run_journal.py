"""What a run has found is kept, and only what belongs to its last state counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.run_journal import RunJournal
from tests.io.files.test_finished import SHAPE, result


def found(frame: int):
    mask = np.zeros(SHAPE, bool)
    mask[frame % 5 : 6, 2:7] = True
    return result(frame, {1: mask, 4: ~mask})


def state(text: str):
    return lambda path: path.write_text(text)


def frames_of(kept: RunJournal) -> list[int]:
    return [one.frame for one in kept.results()]


@settings(max_examples=25)
@given(
    parts=st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=4),
    lost=st.lists(st.integers(0, 9), max_size=3),
)
def test_what_was_saved_comes_back_in_its_order(tmp_path_factory, parts, lost) -> None:
    folder = tmp_path_factory.mktemp("run")
    for number, frames in enumerate(parts):
        kept = RunJournal(folder, SHAPE)  # each time by another process
        for frame in frames:
            kept.add(found(frame))
        kept.save(state(f"state {number}"))
        for frame in lost:  # which nobody saved
            kept.add(found(frame))
    again = RunJournal(folder, SHAPE)
    wanted = [frame for frames in parts for frame in frames]
    assert frames_of(again) == wanted
    for one in again.results():
        for mine, true in zip(one, found(one.frame), strict=True):
            np.testing.assert_array_equal(mine.mask, true.mask)
    if parts:
        assert again.state.read_text() == f"state {len(parts) - 1}"
        assert len(list(folder.glob("state*"))) == 1
    else:
        assert again.state is None


def saved(folder, *frames: int) -> RunJournal:
    kept = RunJournal(folder, SHAPE)
    for frame in frames:
        kept.add(found(frame))
    kept.save(state("done"))
    return kept


def test_what_was_half_written_does_not_count(tmp_path) -> None:
    saved(tmp_path, 0, 1)
    with (tmp_path / "results.bin").open("ab") as file:
        file.write(b"half a frame")
    (tmp_path / ".state-99-x.part.safetensors").write_text("half a state")
    kept = RunJournal(tmp_path, SHAPE)
    assert frames_of(kept) == [0, 1]
    kept.add(found(2))
    kept.save(state("more"))
    assert frames_of(RunJournal(tmp_path, SHAPE)) == [0, 1, 2]


def test_a_state_that_cannot_be_written_leaves_the_one_before(tmp_path) -> None:
    kept = saved(tmp_path, 0, 1)
    kept.add(found(2))

    def full(path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="the disk is full"):
        kept.save(full)
    again = RunJournal(tmp_path, SHAPE)
    assert frames_of(again) == [0, 1]
    assert again.state.read_text() == "done"
    kept.save(state("more"))  # nothing was lost of what is in memory
    assert frames_of(RunJournal(tmp_path, SHAPE)) == [0, 1, 2]


@pytest.mark.parametrize("left", [1, 20, 60])
def test_results_that_were_cut_are_told(tmp_path, left: int) -> None:
    saved(tmp_path, 0, 1)
    path = tmp_path / "results.bin"
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(OutputError, match="is damaged: remove that folder"):
        frames_of(RunJournal(tmp_path, SHAPE))


def test_results_that_are_gone_are_told(tmp_path) -> None:
    saved(tmp_path, 0, 1)
    (tmp_path / "results.bin").unlink()
    with pytest.raises(OutputError, match=r"results\.bin"):
        frames_of(RunJournal(tmp_path, SHAPE))


def test_two_writers_are_told_apart(tmp_path) -> None:
    mine, other = saved(tmp_path, 0, 1), RunJournal(tmp_path, SHAPE)
    other.add(found(2))
    other.save(state("other"))
    mine.add(found(3))
    with pytest.raises(OutputError, match="changed by another program"):
        mine.save(state("mine"))
    assert frames_of(RunJournal(tmp_path, SHAPE)) == [0, 1, 2]


def test_copies_of_programs_that_synchronise_folders_are_no_states(tmp_path) -> None:
    kept = saved(tmp_path, 0, 1)
    for name in ("state-9999-LAPTOP", "state-9999 (1)", "state-"):
        (tmp_path / f"{name}.safetensors").write_text("a copy")
    assert kept.state.read_text() == "done"
    assert frames_of(RunJournal(tmp_path, SHAPE)) == [0, 1]


def test_a_state_before_that_cannot_be_removed_does_no_harm(
    tmp_path, monkeypatch
) -> None:
    kept = saved(tmp_path, 0, 1)

    def held(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    kept.add(found(2))
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.unlink", held)
        kept.save(state("more"))
    again = RunJournal(tmp_path, SHAPE)
    assert frames_of(again) == [0, 1, 2]
    assert again.state.read_text() == "more"
