import errno
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import OutputError, PromptError
from napari_sam2.core.prompts import BoxPrompt, MaskPrompt, PointPrompt
from napari_sam2.io import masks as masks_module
from napari_sam2.io.label_frames import read_labels
from napari_sam2.io.prompt_file import (
    PromptSet,
    prompt_files,
    read_prompts,
    write_prompts,
)

WHOLE = {
    "version": 1,
    "objects": [
        {
            "id": 3,
            "name": "Zelle",
            "prompts": [
                {"frame": 0, "points": [[1, 2.5], [3, 4]], "labels": [1, 0],
                 "box": [0, 1, 8, 9]},
                {"frame": 5, "points": [[6, 7]]},
            ],
        },
        {"id": 1, "prompts": [{"frame": 2, "mask": "seed.tif"}]},
    ],
}  # fmt: skip


def read(tmp_path, content):
    path = tmp_path / "prompts.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_prompts(path)


def one_prompt(**entry):
    objects = [{"id": 3, "prompts": [{"frame": 4, **entry}]}]
    return {"version": 1, "objects": objects}


def test_everything_the_form_can_say_is_read(tmp_path):
    seed = np.zeros((8, 9), np.uint8)
    seed[2:4, 3:5] = 1
    tifffile.imwrite(tmp_path / "seed.tif", seed)
    found = read(tmp_path, WHOLE)
    assert found.names == {3: "Zelle"}
    assert found.object_ids == (3, 1)
    assert found.prompts[:4] == (
        PointPrompt(3, 0, (1, 2.5)),
        PointPrompt(3, 0, (3, 4), positive=False),
        BoxPrompt(3, 0, (0, 1, 8, 9)),
        PointPrompt(3, 5, (6, 7)),
    )
    mask = found.prompts[4]
    assert isinstance(mask, MaskPrompt)
    assert (mask.object_id, mask.frame) == (1, 2)
    np.testing.assert_array_equal(mask.packed.mask, seed == 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no JSON file"),
        ([], "the file: an object in braces is needed"),
        ({"objects": []}, '"version" is missing'),
        ({"version": 2, "objects": []}, "version 2, newer than .* update"),
        ({"version": "1", "objects": []}, '"version" must be 1'),
        ({"version": True, "objects": []}, '"version" must be 1'),
        ({"version": 1, "objects": {}}, "objects: a list is needed"),
        ({"version": 1, "objects": [], "model": "x"}, '"model" is not known'),
        ({"version": 1, "objects": [3]}, "object number 1 .*braces"),
        ({"version": 1, "objects": [{"id": 0, "prompts": []}]}, "1 or more"),
        ({"version": 1, "objects": [{"id": 1.5, "prompts": []}]}, "whole number"),
        ({"version": 1, "objects": [{"id": 1}]}, '"prompts" is missing'),
        ({"version": 1, "objects": [{"id": 1, "prompts": []}] * 2}, "two objects .* 1"),
        ({"version": 1, "objects": [{"id": 1, "name": 5, "prompts": []}]},
         "object 1: name must be a text"),
        ({"version": 1, "objects": [{"id": 1, "prompts": [{"points": [[1, 2]]}]}]},
         'object 1: "frame" is missing'),
        (one_prompt(), "object 3, frame 4: there are no points"),
        (one_prompt(point=[1, 2]), 'object 3: "point" is not known'),
        (one_prompt(points=[[1, 2]], labels=[2]), "object 3, frame 4: labels are 1"),
        (one_prompt(points=[[1, 2]], labels=[True]), "labels are 1"),
        (one_prompt(points=[[1, 2]], labels=[1, 0]), "1 points but 2 labels"),
        (one_prompt(labels=[1]), "0 points but 1 labels"),
        (one_prompt(points=[[1, 2, 3]]), r"point \[y, x\] must be 2 numbers"),
        (one_prompt(points=[[1, "2"]]), "must be 2 numbers"),
        (one_prompt(points=[[1, None]]), "must be 2 numbers"),
        (one_prompt(points=5), "points: a list is needed"),
        (one_prompt(box=[1, 2, 3]), '"box" .* must be 4 numbers'),
        (one_prompt(box=[1, 2, 1, 5]), "object 3 on frame 4 has no area"),
        (one_prompt(mask="gone.tif"), r"object 3: .*gone\.tif does not exist"),
        (one_prompt(mask=""), "mask\" must be a text"),
        (one_prompt(mask="a.tif", box=[1, 2, 3, 4]), "a mask stands alone"),
        ('{"version": 1, "objects": [{"id": 3, "prompts": [{"frame": 4, '
         '"points": [[NaN, 1]]}]}]}', "finite"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path, content, words):
    with pytest.raises(PromptError, match=words) as caught:
        read(tmp_path, content)
    assert "prompts.json" in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_other_editors_are_read(tmp_path, encoding):
    path = tmp_path / "prompts.json"
    path.write_text(json.dumps(one_prompt(points=[[1, 2]])), encoding)
    assert read_prompts(path).prompts == (PointPrompt(3, 4, (1, 2)),)


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b'{"version": 1, "\xe4"'])
def test_what_is_no_json_is_a_sentence(tmp_path, content):
    path = tmp_path / "prompts.json"
    path.write_bytes(content)
    with pytest.raises(
        PromptError, match=r"prompts\.json is no JSON file: .*labels\.$"
    ):
        read_prompts(path)


def test_two_entries_for_one_frame_are_refused(tmp_path):
    entry = {"frame": 4, "points": [[1, 2]]}
    objects = [{"id": 3, "prompts": [entry, entry]}]
    with pytest.raises(PromptError, match="two entries for frame 4"):
        read(tmp_path, {"version": 1, "objects": objects})


def test_two_entries_for_one_position_are_refused(tmp_path):
    places = {"t": 1, "c": 2}, {"c": 2, "t": 1}
    entries = [{"frame": 4, "at": at, "points": [[1, 2]]} for at in places]
    objects = [{"id": 3, "prompts": entries}]
    with pytest.raises(PromptError, match="two entries for frame 4"):
        read(tmp_path, {"version": 1, "objects": objects})


def test_swapped_corners_are_repaired(tmp_path):
    found = read(tmp_path, one_prompt(box=[8, 9, 0, 1]))
    assert found.prompts == (BoxPrompt(3, 4, (0, 1, 8, 9)),)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(PromptError, match="cannot be read: No such file"):
        read_prompts(tmp_path / "gone.json")


@pytest.mark.parametrize("name", ["", "x" * 300])
def test_what_is_no_file_is_a_sentence(tmp_path, name):
    with pytest.raises(PromptError, match=r"The prompt file .* cannot be read"):
        read_prompts(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")
def test_prompts_may_come_from_another_program(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    content = json.dumps(one_prompt(points=[[1, 2]]))
    with ThreadPoolExecutor() as other:
        other.submit((tmp_path / "pipe").write_text, content)
        assert read_prompts(tmp_path / "pipe").object_ids == (3,)


def test_prompts_say_at_which_position_they_are(tmp_path):
    entries = [
        {"frame": 4, "points": [[1, 2]]},
        {"at": {"T": 3}, "frame": 4, "points": [[5, 6]]},
    ]
    found = read(tmp_path, {"version": 1, "objects": [{"id": 3, "prompts": entries}]})
    assert [one.at for one in found.placed] == [{}, {"t": 3}]
    assert [one.prompt.point_yx for one in found.placed] == [(1, 2), (5, 6)]


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (3, r'"at" must be a position such as \{"t": 3\}, but is 3'),
        ({"t": "x"}, r'"at", axis t must be a whole number, but is "x"'),
    ],
)
def test_positions_that_are_none_are_told(tmp_path, at, words):
    with pytest.raises(PromptError, match=f"object 3, frame 4: {words}"):
        read(tmp_path, one_prompt(at=at, points=[[1, 2]]))


COORDINATE = st.floats(-1e6, 1e6, allow_nan=False)
POINTS = st.builds(
    PointPrompt,
    st.integers(1, 3),
    st.integers(0, 2),
    st.tuples(COORDINATE, COORDINATE),
    st.booleans(),
)


@given(
    st.lists(POINTS, max_size=8),
    st.dictionaries(st.integers(1, 3), st.text(min_size=1), max_size=3),
    st.booleans(),
)
def test_what_is_written_is_read_back(tmp_path_factory, points, names, are_placed):
    path = tmp_path_factory.mktemp("prompts") / "a.json"
    boxes = {(p.object_id, p.frame): p.point_yx for p in points if p.point_yx[0] > 0}
    prompts = points + [
        BoxPrompt(i, t, (y, x, y + 2, x + 3)) for (i, t), (y, x) in boxes.items()
    ]
    places = tuple({"t": number % 2} for number in range(len(prompts)))
    wanted = PromptSet(tuple(prompts), names, places if are_placed else ())
    write_prompts(path, wanted)
    found = read_prompts(path)

    def by_object_and_frame(prompt_set):
        keyed = {}
        for one in prompt_set.placed:
            prompt = one.prompt
            place = (prompt.object_id, prompt.frame, *one.at.items())
            keyed.setdefault((*place, type(prompt).__name__), []).append(prompt)
        return keyed

    assert by_object_and_frame(found) == by_object_and_frame(wanted)
    assert found.names == {i: n for i, n in names.items() if i in wanted.object_ids}


def test_masks_are_written_beside_the_file(tmp_path):
    mask = np.zeros((8, 9), bool)
    mask[2:4, 3:5] = True
    path = tmp_path / "a.json"
    write_prompts(path, PromptSet((MaskPrompt(3, 2, mask),)))
    (found,) = read_prompts(path).prompts
    np.testing.assert_array_equal(found.packed.mask, mask)
    with pytest.raises(OutputError, match="overwrite=True"):
        write_prompts(path, PromptSet(()))


def test_masks_of_a_frame_share_a_picture_unless_they_overlap(tmp_path, monkeypatch):
    masks = np.zeros((4, 8, 9), bool)
    masks[0, 2:4, 3:5] = masks[1, 6:, 3:5] = masks[2, 3:5, 3:5] = True
    masks[3, 2:4, 3:5] = True  # at another position
    prompts = [MaskPrompt(7 * i + 1, 2, mask) for i, mask in enumerate(masks)]
    places = ({}, {}, {}, {"t": 3})
    path = tmp_path / "a.json"
    write_prompts(path, PromptSet(tuple(prompts), places=places))
    pictures = sorted(one.name for one in tmp_path.glob("*.tif"))
    assert pictures == ["a_frame2.tif", "a_frame2_2.tif", "a_t3_frame2.tif"]
    named = prompt_files(path, PromptSet(tuple(prompts), places=places))
    assert {*named} == {*tmp_path.iterdir()}
    read = []
    monkeypatch.setattr(
        masks_module, "read_labels", lambda *of: read.append(of) or read_labels(*of)
    )
    found = read_prompts(path).prompts
    assert [one.packed for one in found] == [one.packed for one in prompts]
    assert len(read) == 3  # each picture once


def test_an_object_that_is_absent_is_not_taken_for_another(tmp_path):
    masks = MaskPrompt(1, 0, np.eye(8, dtype=bool)), MaskPrompt(2, 0, np.zeros((8, 8)))
    write_prompts(tmp_path / "a.json", PromptSet(masks))
    with pytest.raises(PromptError, match="it is empty"):
        read_prompts(tmp_path / "a.json")


def test_prompts_are_not_written_under_another_ending(tmp_path):
    with pytest.raises(OutputError, match=r"a\.txt must end in \.json"):
        write_prompts(tmp_path / "a.txt", MASKS)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="all file names are Unicode")
def test_names_may_be_of_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "\udce9.json"
    mask = MaskPrompt(3, 2, np.eye(8, dtype=bool))
    write_prompts(path, PromptSet((mask,), {3: "\udce9 é"}))
    found = read_prompts(path)
    assert found.prompts[0].packed == mask.packed
    assert found.names == {3: "\udce9 é"}


MASKS = PromptSet(tuple(MaskPrompt(3, t, np.ones((8, 9), bool)) for t in range(2)))


@pytest.mark.parametrize("there", ["a.json", "a_frame1.tif"])
def test_all_files_are_written_or_none(tmp_path, there):
    (tmp_path / there).write_text("mine")
    with pytest.raises(OutputError, match="overwrite=True"):
        write_prompts(tmp_path / "a.json", MASKS)
    assert [p.name for p in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


def test_a_failure_leaves_all_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_prompts(path, MASKS)
    before = {p: p.read_bytes() for p in tmp_path.iterdir()}
    others = [MaskPrompt(3, t, np.eye(8, dtype=bool)) for t in range(2)]
    write = tifffile.imwrite

    def fail_at_last(file, *args, **options):
        if "frame1" in file.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(file, *args, **options)

    monkeypatch.setattr(tifffile, "imwrite", fail_at_last)
    with pytest.raises(OutputError, match=r"frame1\.tif .*the disk is full"):
        write_prompts(path, PromptSet(tuple(others)), overwrite=True)
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == before
