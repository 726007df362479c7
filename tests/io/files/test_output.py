import errno
import os
from functools import partial
from pathlib import Path

import pytest

from napari_sam2.cli.wording import as_options
from napari_sam2.core.errors import OutputError
from napari_sam2.io.files import output
from napari_sam2.io.files.apart import check_apart
from napari_sam2.io.files.folder_output import atomic_folder, check_folder
from napari_sam2.io.files.output import (
    atomic_output,
    check_folder_of,
    check_output,
    naming_output,
    rehearsal,
)


def test_the_file_appears_when_it_is_complete(tmp_path):
    target = tmp_path / "a.csv"
    with atomic_output(target) as temporary:
        temporary.write_text("new")
        assert temporary.parent == tmp_path
        assert not target.exists()
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OutputError])
def test_after_a_failure_nothing_has_changed(tmp_path, error):
    target = tmp_path / "a.csv"
    target.write_text("old")
    with (
        pytest.raises(error),
        atomic_output(target, overwrite=True) as temporary,
    ):
        temporary.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_existing_file_is_kept_unless_overwriting(tmp_path):
    target = tmp_path / "a.csv"
    target.write_text("old")
    with pytest.raises(OutputError, match=r"a\.csv exists: add overwrite=True"):
        check_output(target, overwrite=False)
    with pytest.raises(OutputError, match="exists"), atomic_output(target):
        pytest.fail("the block ran")
    with atomic_output(target, overwrite=True) as temporary:
        temporary.write_text("new")
    assert target.read_text() == "new"


def test_what_is_there_is_replaced_by_a_word_of_python_or_of_commands(tmp_path):
    (tmp_path / "a.csv").write_text("old")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "0.png").write_text("old")
    for check in (
        lambda: check_output(tmp_path / "a.csv", overwrite=False),
        lambda: check_folder(tmp_path / "a", lambda _: True, overwrite=False),
    ):
        with pytest.raises(OutputError, match="add overwrite=True to") as told:
            check()
        said = told.value.with_words(as_options(told.value.example))
        assert "exists: add --overwrite to replace it" in said
        assert "True" not in said


def test_a_file_made_meanwhile_is_kept(tmp_path):
    target = tmp_path / "a.csv"
    with pytest.raises(OutputError, match="meanwhile"), atomic_output(target):
        target.write_text("someone else's")
    assert target.read_text() == "someone else's"


def test_folders_are_checked_before_work(tmp_path):
    with pytest.raises(OutputError, match=r"folder .*nowhere does not exist"):
        check_output(tmp_path / "nowhere" / "a.csv", overwrite=False)
    with pytest.raises(OutputError, match="is a folder"):
        check_output(tmp_path, overwrite=True)
    check_output(tmp_path / "a.csv", overwrite=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(
        OutputError, match=r"Nothing can be written .*Permission denied"
    ):
        check_output(tmp_path / "a.csv", overwrite=False)


def test_a_rehearsal_puts_nothing_in_place(tmp_path):
    target, taken = tmp_path / "a.csv", tmp_path / "b.csv"
    with rehearsal() as opened:
        opened.enter_context(atomic_output(target)).write_text("nothing yet")
    assert list(tmp_path.iterdir()) == []
    taken.write_text("precious")
    with pytest.raises(OutputError, match="exists"), rehearsal() as opened:
        opened.enter_context(atomic_output(target))
        opened.enter_context(atomic_output(taken))
    assert list(tmp_path.iterdir()) == [taken]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EFBIG])
def test_a_full_disk_is_a_sentence(tmp_path, code):
    with (
        pytest.raises(OutputError, match="disk is full"),
        naming_output(tmp_path / "a.csv"),
    ):
        raise OSError(code, os.strerror(code))


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_the_file_has_the_permissions_of_any_new_file(tmp_path):
    with atomic_output(tmp_path / "a.csv") as temporary:
        temporary.write_text("new")
    (tmp_path / "b.csv").write_text("plain")
    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "b.csv").stat().st_mode


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_what_only_the_user_may_read_stays_so(tmp_path):
    target = tmp_path / "a.csv"
    target.write_text("old")
    target.chmod(0o600)
    with atomic_output(target, overwrite=True) as temporary:
        temporary.write_text("new")
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("new", 0o600)


@pytest.mark.skipif(os.name != "posix", reason="not all users of Windows may link")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_leads_to_what_is_written(tmp_path, is_there):
    for name in ("data", "here"):
        (tmp_path / name).mkdir()
    link, target = tmp_path / "here/a.csv", tmp_path / "data/blob"
    link.symlink_to("../data/blob")
    if is_there:
        target.write_text("old")
    with atomic_output(link, overwrite=is_there) as temporary:
        assert (temporary.parent, temporary.suffix) == (target.parent, ".csv")
        temporary.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()].count("blob") == 1


@pytest.mark.skipif(os.name != "posix", reason="not all users of Windows may link")
def test_a_link_that_leads_nowhere_is_found_before_work(tmp_path):
    link = tmp_path / "a.csv"
    link.symlink_to("gone/blob")
    with pytest.raises(OutputError, match="gone does not exist"):
        check_output(link, overwrite=False)


@pytest.mark.parametrize("name", ["one.h5/x.tif", "one.h5/sub/x.tif"])
def test_a_file_in_which_something_would_lie_is_called_a_file(tmp_path, name):
    (tmp_path / "one.h5").write_bytes(b"pixels")
    for check in (check_output, partial(check_folder, is_ours=lambda _: True)):
        with pytest.raises(OutputError, match=r"one\.h5 is a file, not a folder"):
            check(tmp_path / name, overwrite=True)


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + "/a.csv"])
def test_a_name_that_no_file_may_have_is_a_sentence(tmp_path, name):
    path = tmp_path / name
    checks = (
        lambda: check_output(path, overwrite=True),
        lambda: atomic_output(path).__enter__(),
        lambda: check_folder_of(path / "inside"),
        lambda: check_folder(path, lambda _: True, overwrite=True),
        lambda: check_apart((path, tmp_path / "b.csv"), ()),
        lambda: check_apart((path,), (tmp_path,)),
    )
    for check in checks:
        with pytest.raises(OutputError, match="cannot be written: File name too long"):
            check()


@pytest.mark.parametrize("letter", ["x", "細"])
def test_the_longest_name_that_a_file_may_have_serves(tmp_path, letter):
    longest = letter * (251 // len(letter.encode())) + ".csv"
    with atomic_output(tmp_path / longest) as temporary:
        temporary.write_text("all of it")
    with atomic_folder(tmp_path / longest[:-4], lambda _: True, overwrite=False):
        pass
    assert {one.name for one in tmp_path.iterdir()} == {longest, longest[:-4]}


def refuse(*_: object) -> None:
    raise PermissionError(errno.EACCES, "used by another process")


def test_what_is_complete_is_kept_where_it_cannot_take_its_place(tmp_path, monkeypatch):
    """As on Windows, where a file that a program has open cannot be replaced."""
    target, replace = tmp_path / "a.ome.tif", Path.replace
    target.write_text("old")

    def locked(self: Path, to: Path) -> None:
        refuse() if to == target else replace(self, to)

    monkeypatch.setattr(Path, "replace", locked)
    for kept in ("a 2.ome.tif", "a 3.ome.tif"):
        with (
            pytest.raises(OutputError, match=f"another program.* as {kept}"),
            atomic_output(target, overwrite=True, keeps=True) as temporary,
        ):
            temporary.write_text("new")
        assert (tmp_path / kept).read_text() == "new"
    with (
        pytest.raises(OutputError, match="used by another process"),
        atomic_output(target, overwrite=True) as temporary,
    ):
        temporary.write_text("soon written again")
    assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_that_is_open_elsewhere_is_told_before_work(tmp_path, monkeypatch):
    target = tmp_path / "a.csv"
    monkeypatch.setattr(output, "_KEEPS_OPEN_FILES", True)
    check_output(target, overwrite=True)
    target.write_text("old")
    check_output(target, overwrite=True)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(OutputError, match=r"a\.csv cannot be replaced: it is open"):
        check_output(target, overwrite=True)
    assert list(tmp_path.iterdir()) == [target]


def test_a_share_that_keeps_its_permissions_takes_files(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    for text in ("old", "new"):
        with atomic_output(tmp_path / "a.csv", overwrite=True) as temporary:
            temporary.write_text(text)
    assert (tmp_path / "a.csv").read_text() == "new"
