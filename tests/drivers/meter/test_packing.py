"""Which objects go into which request: nothing beyond 480 octets, nothing left out, as few requests as possible."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.meter.client import LOAD_POINT_INPUTS
from drivers.meter.requests.packing import MAX_APDU_OCTETS, PRESENT_VALUE, RELIABILITY, Wanted, packed, plan_snapshot
from meter_model.objects import points

BOTH = (PRESENT_VALUE, RELIABILITY)
WHOLE_METER = [
    Wanted(point.kind, point.instance, (PRESENT_VALUE,) if point.kind == "BI" else BOTH)
    for point in points.OBJECTS
    if point.kind in ("AI", "AV", "BI")
]


def octets(part):
    return 3 + sum(entry.result_octets for entry in part)


def test_the_load_point_fits_one_request_to_the_octet():
    (part,) = packed(Wanted("AI", instance) for instance in LOAD_POINT_INPUTS)
    assert octets(part) == 467
    assert LOAD_POINT_INPUTS == points.LOAD_POINT_INPUTS


def test_one_more_object_makes_two_requests():
    assert len(packed(Wanted("AI", instance) for instance in range(1, 31))) == 2


@given(st.lists(st.tuples(st.sampled_from(["AI", "AV", "BI"]), st.integers(1, 83)), max_size=150, unique=True))
def test_packed_requests_keep_order_lose_nothing_and_fit_the_apdu(keys):
    wanted = [Wanted(kind, instance) for kind, instance in keys]
    parts = packed(wanted)
    assert [entry for part in parts for entry in part] == wanted
    assert all(octets(part) <= MAX_APDU_OCTETS for part in parts)


def test_whole_meter_takes_five_requests_with_canaries_in_first_and_last():
    plan = plan_snapshot(WHOLE_METER)
    assert [part.canaries for part in plan] == [(), (), (), (), (11, 8, 12)]
    assert {11, 8, 12} <= {entry.instance for entry in plan[0].wanted if entry.kind == "AI"}


@given(st.lists(st.sampled_from(WHOLE_METER), min_size=1, max_size=109, unique=True))
def test_plan_has_every_object_once_within_the_apdu_and_canaries_first(wanted):
    plan = plan_snapshot(wanted)
    assert sorted(map(repr, wanted)) == sorted(repr(entry) for part in plan for entry in part.wanted)
    assert all(part.result_octets <= MAX_APDU_OCTETS for part in plan)
    first = {entry.instance for entry in plan[0].wanted if entry.kind == "AI"}
    assert all(canary in first for part in plan for canary in part.canaries)
    minimum = -(-sum(entry.result_octets for entry in wanted) // (MAX_APDU_OCTETS - 3))
    assert minimum <= len(plan) <= minimum + 1
