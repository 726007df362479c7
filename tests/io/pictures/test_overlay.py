import json
import sys

import numpy as np
import pytest
from PIL import Image, ImageSequence

from napari_sam2.core.cancel import CancelToken, Stopped
from napari_sam2.core.errors import FrameError, MissingExtraError, OutputError
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.io.pictures import overlay
from napari_sam2.io.pictures.overlay import check_overlay, write_overlay
from napari_sam2.io.pictures.sheet import contact_sheet, grid, spread
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from tests.io.label_results import results_from_labels

MOVIE = np.random.default_rng(0).integers(0, 200, (30, 21, 33)).astype(np.uint8)
LABELS = np.zeros((30, 21, 33), np.uint8)
LABELS[:, 5:15, 5:20] = 1
FRAMES = ArrayFrames(MOVIE)
LIMITS = as_limits(0, 255)


def results_of(frame):
    return results_from_labels(LABELS[frame], frame)


def write(path, **options):
    write_overlay(path, FRAMES, results_of, LIMITS, **options)
    return path


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.png"])
def test_every_kind_can_be_opened_again(tmp_path, name):
    if name == "a.mp4":
        pytest.importorskip("av")
        frames = stack_frames(open_stack(write(tmp_path / name)))
        assert len(frames) == 30
        assert min(frames.shape_hw) >= 300
        assert not any(side % 2 for side in frames.shape_hw)
        return
    with Image.open(write(tmp_path / name)) as picture:
        assert min(picture.size) >= 200
        assert getattr(picture, "n_frames", 1) == (30 if name == "a.gif" else 1)


def test_an_animation_can_be_stopped_while_it_is_drawn(tmp_path):
    token, drawn = CancelToken(), []

    def stop_at_third(frame):
        drawn.append(frame)
        if len(drawn) == 3:
            token.cancel()
        return results_of(frame)

    with pytest.raises(Stopped):
        write_overlay(tmp_path / "a.gif", FRAMES, stop_at_third, LIMITS, token=token)
    assert drawn == [0, 1, 2]
    assert list(tmp_path.iterdir()) == []


def note_in(path) -> str:
    if path.suffix == ".mp4":
        av = pytest.importorskip("av")
        with av.open(str(path)) as container:
            return container.metadata["comment"]
    with Image.open(path) as picture:
        if path.suffix == ".gif":
            return picture.info["comment"].decode()
        return picture.info["provenance"]


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.png"])
def test_every_kind_says_what_made_it(tmp_path, name):
    points = [{"object": 1, "frame": n, "points": [[n, 2.5]]} for n in range(2000)]
    said = {"note": "Masks of “Zelle ß” = model output; #1", "said": points}
    note = json.dumps(said, ensure_ascii=False)
    assert note_in(write(tmp_path / name, note=note)) == note


def test_a_sheet_reads_twelve_frames_only(tmp_path):
    read = []

    class Watched(ArrayFrames):
        def __getitem__(self, frame, /):
            read.append(frame)
            return super().__getitem__(frame)

    write_overlay(tmp_path / "a.png", Watched(MOVIE), results_of, LIMITS)
    assert len(read) == 12
    assert (read[0], read[-1]) == (0, 29)


def test_only_the_frames_asked_for_are_shown(tmp_path):
    with Image.open(write(tmp_path / "a.gif", shown=[4, 5, 6])) as picture:
        assert picture.n_frames == 3


@pytest.mark.parametrize("fps", [4, 10, 29.97, 24, 50])
@pytest.mark.parametrize("count", [1, 30])
def test_an_animation_lasts_as_long_as_its_film(tmp_path, fps, count):
    with Image.open(write(tmp_path / "a.gif", shown=range(count), fps=fps)) as film:
        durations = [one.info["duration"] for one in ImageSequence.Iterator(film)]
    assert sum(durations) == pytest.approx(1000 * count / fps, abs=10)
    assert max(durations) - min(durations) <= 10


def test_an_animation_of_some_frames_lasts_as_long_as_all(tmp_path):
    frames = ArrayFrames(np.zeros((300, 8, 8), np.uint8))
    write_overlay(tmp_path / "a.gif", frames, lambda frame: (), LIMITS, fps=25)
    with Image.open(tmp_path / "a.gif") as film:
        pictures = [one.info["duration"] for one in ImageSequence.Iterator(film)]
    assert sum(pictures) == pytest.approx(12_000, abs=10)


def test_no_picture_of_an_animation_is_too_short_to_be_shown(tmp_path):
    with Image.open(write(tmp_path / "a.gif", shown=range(9), fps=60)) as film:
        assert {one.info["duration"] for one in ImageSequence.Iterator(film)} == {20}


def test_odd_sizes_are_padded_by_repeating():
    padded = overlay._padded_to_even(np.arange(9, dtype=np.uint8).reshape(3, 3, 1))
    rows = [[0, 1, 2, 2], [3, 4, 5, 5], [6, 7, 8, 8]]
    assert padded[..., 0].tolist() == [*rows, rows[-1]]


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3000, 20)])
def test_extreme_shapes_can_be_drawn(tmp_path, shape):
    frames = ArrayFrames(np.zeros((2, *shape), np.uint8))
    for name in ("a.png", "a.gif"):
        write_overlay(tmp_path / name, frames, lambda frame: (), LIMITS)


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.png"])
def test_a_stack_that_breaks_off_keeps_what_was_drawn(tmp_path, name):
    class Broken(ArrayFrames):
        def __getitem__(self, frame, /):
            if frame >= self.good:
                raise FrameError("cut off")
            return super().__getitem__(frame)

    Broken.good = 5
    path = tmp_path / name
    write_overlay(path, Broken(MOVIE), results_of, LIMITS)
    assert path.stat().st_size > 0
    Broken.good = 0
    with pytest.raises(OutputError, match="no frame to draw"):
        write_overlay(path, Broken(MOVIE), results_of, LIMITS, overwrite=True)
    assert path.stat().st_size > 0


def test_outputs_are_checked_before_work(tmp_path, monkeypatch):
    with pytest.raises(OutputError, match=r"\.mp4, \.gif or \.png"):
        check_overlay(tmp_path / "a.webm", overwrite=False)
    (tmp_path / "a.png").write_text("earlier")
    with pytest.raises(OutputError, match="overwrite=True"):
        write(tmp_path / "a.png")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"napari-sam2\[video\]"):
        check_overlay(tmp_path / "a.mp4", overwrite=False)


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.png"])
def test_a_full_disk_is_a_sentence(tmp_path, full_disk, name):
    full_disk(500)
    with pytest.raises(OutputError, match="disk is full"):
        write(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_frames_are_spread_evenly():
    assert spread(range(100), 12)[:3] == [0, 9, 18]
    assert spread([3, 8], 12) == [3, 8]


@pytest.mark.parametrize("count", range(1, 13))
@pytest.mark.parametrize("shape", [(300, 300), (200, 480), (480, 100)])
def test_sheets_hold_all_pictures_in_a_screen_like_shape(count, shape):
    rows, columns = grid(count, shape)
    assert count <= rows * columns < count + columns
    sheet = contact_sheet([np.full((*shape, 3), 200, np.uint8)] * count)
    assert (sheet == 200).sum() == count * shape[0] * shape[1] * 3


def test_a_very_slow_animation_is_as_slow_as_can_be_said(tmp_path):
    with Image.open(write(tmp_path / "a.gif", shown=range(3), fps=1e-3)) as film:
        assert film.info["duration"] == 655_350
