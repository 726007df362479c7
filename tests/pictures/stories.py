"""What is done in the pictures: a volume, a time-lapse, and footage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.layers.hooks import sample_layers
from tests.pictures.recorder import Film, take_picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_sam2.control import Status
    from tests.widgets.hands import Hands

Box = tuple[float, float, float, float]

_PATIENCE_SECONDS = 400
_FOLDED = ("Project", "Image", "Model", "Results", "Help")
_NUCLEI: tuple[Box, ...] = ((9, 72, 57, 121), (114, 82, 165, 140), (54, 98, 103, 155))
_MISSING = 141, 85
_COLONY: Box = (84, 214, 233, 286)
_RABBIT: Box = (60, 230, 620, 640)


def volume(hands: Hands, folder: Path) -> Iterator[Path]:
    """Follow three nuclei from boxes on one slice, correct one: the whole loop."""
    film = Film(hands)
    open_sample(hands, "cells3d_nuclei", frame=23)
    film.take("A z-stack of nuclei. Draw a box around one…", 1.5)
    film_boxes(film)
    hands.press("g")
    film_run(film, "G propagates; the strip shows how sure the model is")
    film_scrubbing(film)
    hands.press("j")
    hands.rest(0.3)
    film.take("J goes to the next doubtful mask, and says what is odd", 2.5)
    film_correction(film)
    yield save_film(film, folder / "loop.webp")
    hands.move_to(hands.spot_in_strip(2, 12))
    hands.do("click", 1)
    yield save_picture(hands, folder / "volume.jpg")


def film_boxes(film: Film) -> None:
    """Draw a box around every nucleus."""
    hands = film.hands
    hands.press_button("Box")
    draw_box(hands, _NUCLEI[0])
    film.take("…its mask appears. N starts another object.", 1.5)
    for box in _NUCLEI[1:]:
        hands.press("n")
        draw_box(hands, box)
        film.take("A box around each of the next two", 1.0)


def film_scrubbing(film: Film) -> None:
    """Drag along the strip."""
    hands = film.hands
    hands.move_to(hands.spot_in_strip(1, 4))
    hands.do("mousedown", 1)
    for frame in range(4, 28, 2):
        hands.move_to(hands.spot_in_strip(1, frame))
        film.take("Drag along the strip to look through the slices", 0.25)
    hands.do("mouseup", 1)


def film_correction(film: Film) -> None:
    """Click what a mask lacks, propagate again, and accept."""
    hands = film.hands
    hands.move_to(hands.spot_in_strip(2, 12))
    hands.do("click", 1)
    film.take("On slice 12, the left end of the blue nucleus is missing…", 2.0)
    hands.press_button("+ Point")
    document = hands.document
    before = document.masks.get((2, 12))
    hands.click(*_MISSING)
    hands.wait(lambda: document.masks.get((2, 12)) is not before)
    hands.rest(0.3)
    film.take("…so click it", 2.0)
    hands.press("g")
    film_run(film, "G again: only what the click changed is computed", pictures=4)
    hands.press("k")
    hands.rest(0.3)
    film.take("K accepts it, and goes on to the next doubtful one", 2.0)
    hands.press("w")
    hands.rest(0.3)
    film.take("This nucleus has ended: W says that it is absent here", 2.5)


def time_lapse(hands: Hands, folder: Path) -> Iterator[Path]:
    """Follow a micro-colony of bacteria from one box."""
    open_sample(hands, "bacteria_phase", frame=1)
    hands.press_button("Box")
    draw_box(hands, _COLONY)
    run(hands)
    go_to(hands, 6)
    yield save_picture(hands, folder / "time-lapse.jpg")


def footage(hands: Hands, folder: Path) -> Iterator[Path]:
    """Follow a rabbit from one box."""
    open_sample(hands, "bigbuckbunny", frame=100)
    hands.press_button("Box")
    draw_box(hands, _RABBIT)
    run(hands)
    go_to(hands, 66)
    yield save_picture(hands, folder / "footage.jpg")


STORIES = volume, time_lapse, footage


def open_sample(hands: Hands, name: str, *, frame: int) -> None:
    """Open a sample's stack, and wait until the model is ready."""
    ((data, options, _), *_) = sample_layers(name)
    hands.viewer.add_image(data, **options)
    hands.wait(lambda: "ready" in hands.dock.status_line.message)
    for title in _FOLDED:
        hands.fold(title)
    go_to(hands, frame)
    hands.viewer.reset_view()
    hands.rest(0.3)


def go_to(hands: Hands, frame: int) -> None:
    """Show a frame."""
    hands.session.position.go_to(frame)
    hands.rest(0.3)


def draw_box(hands: Hands, box_yxyx: Box) -> None:
    """Drag a box, and wait for its mask."""
    document = hands.document
    before = len(document.masks)
    hands.drag([box_yxyx[:2], box_yxyx[2:]])
    hands.wait(lambda: len(document.masks) > before)
    hands.rest(0.3)


def run(hands: Hands) -> None:
    """Propagate with the key, to the end."""
    hands.press("g")
    hands.wait_idle(seconds=_PATIENCE_SECONDS)


def film_run(film: Film, words: str, *, pictures: int = 8) -> None:
    """Film a run that was started, at equal shares of its frames."""
    hands = film.hands
    controller = hands.session.controller
    for number in range(1, pictures):
        hands.wait(lambda share=number / pictures: done(controller.status) >= share)
        film.take(words, 0.4)
    hands.wait_idle(seconds=_PATIENCE_SECONDS)
    film.take(words, 1.0)


def done(status: Status) -> float:
    """Return the share of a run that is done; 1 when there is none."""
    now = status.progress
    if not status.is_busy or now is None or not now.total:
        return 0.0 if status.is_busy else 1.0
    return now.done / now.total


def save_film(film: Film, path: Path) -> Path:
    film.save(path)
    return path


def save_picture(hands: Hands, path: Path) -> Path:
    take_picture(hands).save(path, quality=85, optimize=True)
    return path
