"""The order in which positions are visited."""

from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.control.positions.visits import plan_visits
from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.positions import choose_positions


def along_t(count):
    return choose_positions(axes_from_shape((count, 5, 8, 9), "tzyx"), [("t", None)])


def order(visits):
    return [visit.position[0] for visit in visits]


def test_from_the_prompts_forward_then_back():
    visits = plan_visits(along_t(6), {1: {(2,)}})
    assert order(visits) == [2, 3, 4, 5, 1, 0]
    assert [visit.sources[1] for visit in visits] == [
        None, (2,), (3,), (4,), (2,), (1,),
    ]  # fmt: skip


def test_between_two_prompts_each_half_comes_from_the_nearer_one():
    visits = plan_visits(along_t(6), {1: {(0,), (5,)}})
    assert {v.position: v.sources[1] for v in visits} == {
        (0,): None, (1,): (0,), (2,): (1,), (3,): (4,), (4,): (5,), (5,): None,
    }  # fmt: skip


def test_objects_from_both_ends_meet_each_position_twice():
    visits = plan_visits(along_t(4), {1: {(0,)}, 2: {(3,)}})
    assert order(visits) == [0, 1, 2, 3, 2, 1, 0]
    assert [sorted(visit.sources) for visit in visits[:3]] == [[1], [1], [1]]
    assert sorted(visits[3].sources) == [1, 2]  # at the other end together


def test_without_seeds_only_prompted_positions_are_visited():
    visits = plan_visits(along_t(6), {1: {(2,)}, 2: {(4,)}}, are_seeded=False)
    assert order(visits) == [2, 4]


@st.composite
def prompted_grids(draw):
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=2))
    axes = axes_from_shape((*sizes, 5, 8, 9), "mt"[: len(sizes)] + "zyx")
    positions = choose_positions(axes, [(a.name, None) for a in axes[: len(sizes)]])
    one = st.sampled_from(list(positions))
    prompted = draw(
        st.dictionaries(
            st.integers(1, 4), st.sets(one, min_size=1, max_size=3), min_size=1
        )
    )
    return positions, prompted


@given(prompted_grids())
def test_every_object_comes_once_everywhere_after_where_it_comes_from(case):
    positions, prompted = case
    done = set()
    for visit in plan_visits(positions, prompted):
        for object_id, source in visit.sources.items():
            assert (visit.position, object_id) not in done
            if source is None:
                assert visit.position in prompted[object_id]
            else:
                assert (source, object_id) in done
                apart = sum(
                    abs(a - b) for a, b in zip(source, visit.position, strict=True)
                )
                assert apart == 1
        done |= {(visit.position, one) for one in visit.sources}
    assert done == {(p, one) for p in positions for one in prompted}


@given(prompted_grids())
def test_objects_with_the_same_prompts_are_never_parted(case):
    positions, prompted = case
    where = next(iter(prompted.values()))
    visits = plan_visits(positions, dict.fromkeys(prompted, where))
    assert len(visits) == len(positions)
