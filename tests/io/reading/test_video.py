import gc
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_sam2.core.errors import FrameError, MissingExtraError, StackError
from napari_sam2.io.reading import video, video_index, video_picture
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.io.reading.video_times import VideoTimes

av = pytest.importorskip("av")

from tests.io.films import film  # noqa: E402

COUNT = 40
KINDS = [
    ("a.mp4", "libx264"),
    ("a.mov", "libx264"),
    ("a.mkv", "libx264"),
    ("a.avi", "libx264"),
    ("b.avi", "mpeg4"),
    ("c.avi", "mjpeg"),
    ("a.m4v", "mpeg4"),
]


def record(path: Path, codec: str = "libx264", **options) -> Path:
    """Write a noisy film in which block t of frame t is white, with B-frames."""
    noise = np.random.default_rng(0)
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.gop_size = 64, 48, 12
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.bit_rate = 2_000_000
        if codec == "libx264":
            stream.max_b_frames = 2
        for t in range(COUNT):
            picture = noise.integers(0, 120, (6, 8, 8, 8, 1), np.uint8).repeat(
                3, axis=4
            )
            picture[t // 8, :, t % 8] = 255
            picture = picture.reshape(48, 64, 3)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    return path


def shown(frame: np.ndarray) -> int:
    """Tell from its white block which frame it is."""
    return int(frame.reshape(6, 8, 8, 8, 3).mean(axis=(1, 3, 4)).argmax())


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return {name: record(folder / name, codec) for name, codec in KINDS}


@pytest.mark.parametrize("name", [name for name, _ in KINDS])
def test_every_frame_is_found_in_any_order(films, name):
    frames = stack_frames(open_stack(films[name]))
    assert (len(frames), frames.shape_hw, frames.is_rgb) == (COUNT, (48, 64), True)
    assert [a.unit for a in frames.axes] == ["second", "", ""]
    assert frames.axes[0].scale == pytest.approx(0.04)
    order = [39, 0, 17, 17, 5, 38, 12, 11, 24, 23, 22]
    assert [shown(frames[t]) for t in order] == order


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=8))
def test_no_order_of_reading_changes_a_frame(films, monkeypatch, name, order):
    monkeypatch.setattr(video, "_KEPT_BYTES", 64 * 48 * 3 * 4)
    monkeypatch.setattr(video, "_SHORT_JUMP", 3)
    frames = stack_frames(open_stack(films[name]))
    assert [shown(frames[t]) for t in order] == order


def test_the_next_frame_is_decoded_without_seeking_or_scanning(films, monkeypatch):
    monkeypatch.setattr(video, "scan", lambda path: pytest.fail("the file was scanned"))
    monkeypatch.setattr(video.VideoReader, "_jump", lambda *_: pytest.fail("a jump"))
    frames = stack_frames(open_stack(films["a.mp4"]))
    assert [shown(frame) for frame in map(frames.__getitem__, range(COUNT))] == list(
        range(COUNT)
    )


def test_reading_backwards_decodes_a_stretch_once(films, monkeypatch):
    reader = video.VideoReader(films["a.mp4"])
    reader.read(0)
    decoded = []
    keep = video.VideoReader._keep
    monkeypatch.setattr(
        video.VideoReader, "_keep", lambda s, *a: decoded.append(a[1]) or keep(s, *a)
    )
    for t in reversed(range(COUNT)):
        reader.read(t)
    assert len(decoded) <= COUNT + 12


def test_decoded_frames_are_not_kept_alive(films, monkeypatch):
    monkeypatch.setattr(video, "_KEPT_BYTES", 64 * 48 * 3 * 2)
    reader = video.VideoReader(films["a.mp4"])
    reader.read(0)
    gc.collect()
    gc.disable()
    try:
        for t in range(COUNT):
            reader.read(t)
        alive = [o for o in gc.get_objects() if type(o) is av.VideoFrame]
    finally:
        gc.enable()
    assert len(alive) <= COUNT // 3


def test_frames_kept_are_bounded(films, monkeypatch):
    monkeypatch.setattr(video, "_KEPT_BYTES", 64 * 48 * 3 * 5)
    reader = video.VideoReader(films["a.mp4"])
    for t in range(COUNT):
        reader.read(t)
        assert len(reader._kept) <= 5


def test_a_trimmed_film_begins_where_it_is_shown(films, tmp_path):
    path = tmp_path / "trimmed.mp4"
    with av.open(str(films["a.mp4"])) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        hidden = round(5 / 25 / stream.time_base)
        for packet in source.demux(stream):
            if packet.size:
                packet.pts, packet.dts = packet.pts - hidden, packet.dts - hidden
                packet.stream = copied
                target.mux(packet)
    frames = stack_frames(open_stack(path))
    assert len(frames) == COUNT - 5
    assert [shown(frames[t]) for t in (34, 0, 20, 3)] == [39, 5, 25, 8]


@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "b.avi", "front.mp4"])
def test_of_a_film_that_is_cut_off_the_first_frames_can_be_read(films, tmp_path, name):
    if name == "front.mp4":  # the table of contents comes first
        whole = record(tmp_path / "whole.mp4", movflags="faststart")
    else:
        whole = films[name]
    path = tmp_path / name
    data = whole.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.7)])
    frames = stack_frames(open_stack(path))
    readable = 0
    try:
        for t in range(COUNT):
            assert shown(frames[t]) == t
            readable += 1
    except FrameError as error:
        assert "cut off" in str(error) or "does not exist" in str(error)
    assert 5 <= readable < COUNT
    assert shown(frames[2]) == 2
    if len(frames) < COUNT:  # shorter, but not silently
        (notice,) = frames.stack.notices
        assert "should last 1.6 seconds" in notice
        assert f"Its {len(frames)} frames can be used" in notice


@pytest.mark.parametrize("name", [name for name, _ in KINDS])
def test_of_a_whole_film_nothing_is_odd(films, name):
    assert open_stack(films[name]).notices == ()


# FFmpeg counts quarters of a turn against the clock, as rot90 does
@pytest.mark.parametrize(("turn", "quarters"), [(0, 0), (90, 1), (180, 2), (270, 3)])
@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_films_are_shown_as_the_camera_was_held(tmp_path, suffix, turn, quarters):
    pictures = np.random.default_rng(0).integers(0, 255, (9, 32, 48, 3), np.uint8)
    path = film(tmp_path / f"a.{suffix}", pictures, turn=turn)
    frames = stack_frames(open_stack(path))
    assert frames.shape_hw == ((48, 32) if quarters % 2 else (32, 48))
    for t in (8, 0, 5):
        np.testing.assert_array_equal(frames[t], np.rot90(pictures[t], quarters))


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((1, 0, 0, 0, 1, 0), [[1, 2, 3], [4, 5, 6]]),
        ((-1, 0, 0, 0, 1, 0), [[3, 2, 1], [6, 5, 4]]),  # a mirror
        ((0, 1, 0, -1, 0, 0), [[4, 1], [5, 2], [6, 3]]),  # clockwise: a phone upright
        ((0, 1, 0, 1, 0, 0), [[1, 4], [2, 5], [3, 6]]),
    ],
)
def test_a_display_matrix_turns_and_mirrors(matrix, shown):
    numbers = np.array([*matrix, 0, 0, 1], np.int32) << 16
    turned = video_picture.turned(np.array([[1, 2, 3], [4, 5, 6]]), numbers)
    np.testing.assert_array_equal(turned, shown)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_frames_of_uneven_duration_are_counted_one_by_one(tmp_path, suffix):
    pictures = np.random.default_rng(0).integers(0, 255, (30, 32, 48, 3), np.uint8)
    times = np.cumsum(np.random.default_rng(1).integers(1, 12, 30))
    path = film(tmp_path / f"a.{suffix}", pictures, times=times, rate=30)
    frames = stack_frames(open_stack(path))
    assert len(frames) == 30
    for t in (29, 3, 4, 17, 0, 16):
        np.testing.assert_array_equal(frames[t], pictures[t])
    (notice,) = frames.stack.notices
    assert "not evenly spaced" in notice
    mean = (times[-1] - times[0]) / 29 / 30
    assert frames.axes[0].scale == pytest.approx(mean, rel=1e-3)
    assert f"{frames.axes[0].scale:.4g} seconds apart in the mean" in notice
    own = (times - times[0]) / 30
    np.testing.assert_allclose(frames.frame_times, own, atol=1.5e-3)
    assert frames.frame_times[-1] == frames.frame_times[29]
    assert stack_frames(frames.stack, "y").frame_times is None


def test_times_that_vary_a_little_are_known_and_need_no_notice(tmp_path):
    pictures = np.zeros((30, 16, 16, 3), np.uint8)
    times = 100 * np.arange(30) + np.random.default_rng(1).integers(0, 20, 30)
    path = film(tmp_path / "a.mp4", pictures, times=times, rate=3000)
    frames = stack_frames(open_stack(path))
    assert frames.stack.notices == ()
    own = (times - times[0]) / 3000
    np.testing.assert_allclose(frames.frame_times, own)
    assert frames.axes[0].scale == pytest.approx(own[-1] / 29)


def test_times_that_are_not_to_be_trusted_are_the_mean():
    index = video_index.VideoIndex((0, 1, 9), ())
    times = VideoTimes(3, lambda: index, 0.1, 0.25)
    assert list(times) == times[:] == [0, 0.25, 0.5]


def test_only_frames_that_are_uneven_have_times_of_their_own(films, tmp_path):
    for name in ("a.mp4", "a.mkv", "a.avi"):
        assert stack_frames(open_stack(films[name])).frame_times is None
    pictures = np.zeros((30, 16, 16, 3), np.uint8)
    rounded = film(tmp_path / "a.mkv", pictures, rate=30)  # to milliseconds: 33 or 34
    assert stack_frames(open_stack(rounded)).frame_times is None


@pytest.mark.parametrize(
    "content", [b"", b"a story", b"\0\0\0\x18ftypmp42" + b"\0" * 99]
)
def test_what_is_no_film_is_explained(tmp_path, content):
    path = tmp_path / "story.mp4"
    path.write_bytes(content)
    with pytest.raises(StackError, match=r"story\.mp4 cannot be read as a video"):
        open_stack(path)


def test_an_mp4_without_its_table_of_contents_is_explained(films, tmp_path):
    path = tmp_path / "cut.mp4"
    path.write_bytes(films["a.mp4"].read_bytes()[:2000])
    with pytest.raises(StackError, match="cut off"):
        open_stack(path)


@pytest.mark.parametrize(("pix_fmt", "dtype"), [("gray", "u1"), ("gray16le", "u2")])
def test_grey_films_keep_their_depth(tmp_path, pix_fmt, dtype):
    path = tmp_path / "grey.mkv"
    data = np.random.default_rng(0).integers(0, 255, (4, 48, 64)).astype(dtype)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pix_fmt
        for picture in data:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, pix_fmt)))
        container.mux(stream.encode())
    frames = stack_frames(open_stack(path))
    assert (frames.is_rgb, frames.dtype) == (False, np.dtype(dtype))
    np.testing.assert_array_equal(frames[3], data[3])
    np.testing.assert_array_equal(frames[1], data[1])


def test_a_header_that_contradicts_itself_is_not_believed():
    class Stream:
        frames, duration, time_base, average_rate = 40, 17920, 1 / 12800, 25

    assert video_index.count_from_header(Stream()) is None
    Stream.duration = 20480
    assert video_index.count_from_header(Stream()) == 40


def test_without_the_package_the_extra_is_named(films, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'napari-sam2\[video\]'"):
        open_stack(films["a.mp4"])
