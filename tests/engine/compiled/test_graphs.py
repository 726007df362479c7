"""Steps that are recorded once are done again with other values."""

from __future__ import annotations

import pytest
import torch

from napari_sam2.engine.compiled import opening
from napari_sam2.engine.compiled.graphs import Recorder
from napari_sam2.engine.compiled.opening import compiled_network
from napari_sam2.engine.compiled.race import Raced
from napari_sam2.engine.compiled.support import Compiler, compiler_for
from tests.engine.compiled.tape import Tape, record_on_tapes
from tests.engine.pretend_gpu import pretend_gpu
from tests.miniature import seeded_model


@pytest.fixture
def tapes(monkeypatch) -> list[Tape]:
    return record_on_tapes(monkeypatch)


def _scaled(x, bias, times):
    return (times * x if bias is None else times * x + bias,)


def test_what_comes_again_is_recorded_once_for_each_shape(tapes, caplog) -> None:
    raced = Raced("scaling", _scaled, Compiler((Recorder(),), 0.0))
    with torch.inference_mode():
        for rows in (2, 3):
            for value in range(8):
                given = torch.full((rows, 4), float(value))
                [found] = raced(given, torch.ones(4), 3)
                assert found.shape == (rows, 4)
                assert (found == 3 * value + 1).all()
    assert "Compiling" not in caplog.text
    assert len(tapes) == 2
    assert all(tape.replays > 8 for tape in tapes)
    assert [note.split(",")[0] for note in raced.notes] == [
        "The scaling is recorded now"
    ] * 2


def test_what_is_no_tensor_is_recorded_as_it_is(tapes) -> None:
    with torch.inference_mode():
        run = Recorder()(_scaled)
        assert run(torch.ones(2), None, 5)[0].tolist() == [5, 5]
        assert run(torch.zeros(2), None, 5)[0].tolist() == [0, 0]
    assert len(tapes) == 1


def test_what_cannot_be_recorded_stays_as_it_is(tapes, monkeypatch) -> None:
    def refused(graph, pool=None):
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(torch.cuda, "graph", refused)
    raced = Raced("scaling", _scaled, Compiler((Recorder(),), 0.0))
    with torch.inference_mode():
        found = [raced(torch.ones(2), None, 2)[0].tolist() for _ in range(6)]
    assert found == [[2, 2]] * 6
    [note] = raced.notes
    assert note.startswith("The scaling could not be recorded: RuntimeError: operation")


def test_recording_is_the_last_way_on_cuda(tapes) -> None:
    compiled, plainly, recorded = compiler_for(torch.device("cuda")).ways
    assert compiled == {"mode": "reduce-overhead"}
    assert plainly == {}
    assert isinstance(recorded, Recorder)


def test_without_triton_steps_are_recorded(monkeypatch, caplog) -> None:
    monkeypatch.setattr(opening, "why_not", lambda device: "There is no Triton.")
    with pretend_gpu(rounds=False):
        record_on_tapes(monkeypatch)
        network = compiled_network(seeded_model().to("cuda"))
    [way] = network._encode._compiler.ways
    assert isinstance(way, Recorder)
    assert caplog.messages == [
        "The model is not compiled: its steps are recorded and replayed. "
        "There is no Triton."
    ]
