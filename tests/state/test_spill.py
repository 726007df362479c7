"""What is put into a spill is read back, wherever it lies, and then makes room."""

from __future__ import annotations

import errno
import pickle
import random
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import StorageError
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.state import FrameMask, Origin, Spill
from napari_sam2.state.kept_masks import keep_masks
from napari_sam2.state.spill import spill_folder
from tests.project.projects import frame_masks

SEGMENT = 1000


def piece(n: int) -> bytes:
    """Return bytes that are told from others, sometimes more than a segment."""
    return bytes([n % 251]) * (20 + n * 37 % (3 * SEGMENT))


@given(
    st.integers(0, 5 * SEGMENT),
    st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=60),
)
def test_what_was_put_is_there_as_long_as_somebody_has_it(limit, acts) -> None:
    spill = Spill(memory_bytes=limit, segment_bytes=SEGMENT)
    held = {}
    for is_put, n in acts:
        if is_put:
            held[n] = spill.put(piece(n))
        else:
            held.pop(n, None)
    assert all(stored.read() == piece(n) for n, stored in held.items())
    total = sum(len(stored) for stored in held.values())
    assert spill.memory_bytes + spill.disk_bytes >= total
    held.clear()
    assert spill.disk_bytes == 0
    assert spill.memory_bytes <= 4 * SEGMENT, "the segment that is being filled"


def test_memory_holds_what_it_may_and_the_disk_the_rest() -> None:
    spill = Spill(memory_bytes=5 * SEGMENT, segment_bytes=SEGMENT)
    held = [spill.put(bytes(100)) for _ in range(300)]
    assert 4 * SEGMENT <= spill.memory_bytes <= 6 * SEGMENT
    assert spill.disk_bytes == 24 * SEGMENT
    del held[:200]
    assert spill.disk_bytes == 4 * SEGMENT
    held += [spill.put(bytes(100)) for _ in range(200)]
    assert spill.disk_bytes == 24 * SEGMENT
    assert file_size(spill) == 24 * SEGMENT, "places are used again"


def file_size(spill: Spill) -> int:
    return spill._file._file.seek(0, 2)


def test_the_file_has_no_name(tmp_path: Path) -> None:
    spill = Spill(memory_bytes=0, segment_bytes=SEGMENT, folder=tmp_path)
    held = [spill.put(bytes(600)) for _ in range(10)]
    assert spill.disk_bytes
    assert all(one.read() == bytes(600) for one in held)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    spill = Spill(segment_bytes=SEGMENT, folder=tmp_path / "missing")
    held = [spill.put(bytes(600)) for _ in range(10)]
    assert held[0].read() == bytes(600)
    assert not spill.is_full


def test_one_thread_writes_while_others_read() -> None:
    spill = Spill(memory_bytes=SEGMENT, segment_bytes=SEGMENT)
    held = [spill.put(piece(0))]
    is_over = False

    def read() -> int:
        count = 0
        while not is_over or count < 50:
            n = random.randrange(len(held))
            assert held[n].read() == piece(n)
            count += 1
        return count

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        held += [spill.put(piece(n)) for n in range(1, 2)]
        for n in range(2, 400):
            held.append(spill.put(piece(n)))
        is_over = True
        assert all(reader.result() >= 50 for reader in readers)


def test_a_full_disk_is_told_once_and_nothing_is_lost(tmp_path: Path) -> None:
    folder, told = tmp_path / "later", []
    spill = Spill(memory_bytes=0, segment_bytes=SEGMENT, folder=folder)
    spill.failed.connect(told.append)
    held = [spill.put(piece(n)) for n in range(50)]
    assert spill.is_full
    assert [type(one) for one in told] == [StorageError]
    assert "Nothing is lost" in str(told[0])
    assert str(folder) in str(told[0])
    assert [one.read() for one in held] == [piece(n) for n in range(50)]
    folder.mkdir()
    held += [spill.put(piece(n)) for n in range(50, 100)]
    assert not spill.is_full
    assert spill.memory_bytes <= 4 * SEGMENT
    assert [one.read() for one in held] == [piece(n) for n in range(100)]


def test_a_disk_that_fills_while_it_is_written_to(monkeypatch) -> None:
    class Full:
        def seek(self, place: int) -> None:
            self.place = place

        def write(self, data: bytes) -> int:
            if self.place == 0 and len(data) > 10:
                self.place = 10
                return 10
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    spill, told = Spill(memory_bytes=0, segment_bytes=SEGMENT), []
    spill.failed.connect(told.append)
    held = [spill.put(piece(n)) for n in range(50)]
    assert "No space left" in str(told[0])
    assert spill.disk_bytes == 0
    assert [one.read() for one in held] == [piece(n) for n in range(50)]


def test_a_file_that_is_cut_short_is_a_sentence(tmp_path: Path) -> None:
    spill = Spill(memory_bytes=0, segment_bytes=SEGMENT, folder=tmp_path)
    held = [spill.put(bytes(600)) for _ in range(10)]
    spill._file._file.truncate(100)
    with pytest.raises(StorageError, match="cannot be read any more"):
        held[0].read()


def test_masks_are_the_same_wherever_their_pixels_are() -> None:
    spill = Spill(memory_bytes=0, segment_bytes=300, least_bytes=0)
    masks = [np.random.default_rng(n).random((40, 50)) < 0.5 for n in range(20)]
    packed = [pack_mask(mask) for mask in masks]
    for one in packed:
        spill.keep(one)
        spill.keep(one)
    assert spill.disk_bytes
    for one, mask in zip(packed, masks, strict=True):
        np.testing.assert_array_equal(one.mask, mask)
        assert one == pack_mask(mask)
        assert hash(one) == hash(pack_mask(mask))
        assert pickle.loads(pickle.dumps(one)) == one
    assert packed[0] != packed[1]
    small = Spill(memory_bytes=0)
    tiny = pack_mask(np.ones((3, 3), bool))
    small.keep(tiny)
    assert isinstance(tiny.held, bytes)


@given(
    st.dictionaries(st.integers(1, 2**32 - 1), st.none() | frame_masks()),
    st.sampled_from([0, 1 << 28]),
)
def test_masks_become_bytes_and_come_back(masks, memory_bytes) -> None:
    kept = keep_masks(masks, Spill(memory_bytes=memory_bytes, segment_bytes=50))
    assert kept == masks
    assert list(kept.keys()) == list(masks)
    assert kept.has_gaps == (None in masks.values())


def test_masks_on_disk_become_bytes_as_well() -> None:
    spill = Spill(memory_bytes=0, segment_bytes=50, least_bytes=0)
    mask = FrameMask(pack_mask(np.eye(40) > 0), Origin.PAINTED, 1.0, 9.0)
    above = FrameMask(mask.mask, Origin.PROMPTED, 0.5, 1.0, beneath=mask, step=3)
    spill.keep(mask.mask)
    masks = {1: mask, 2: above, 3: None}
    assert keep_masks(masks, spill) == masks


def test_the_file_is_not_made_in_memory_where_there_is_a_choice(monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(Path.cwd()))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert spill_folder() == Path.cwd()
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert spill_folder().is_dir()
