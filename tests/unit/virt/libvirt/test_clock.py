# SPDX-License-Identifier: Apache-2.0
"""The guests' time against the real one."""
from nova_lite.virt.libvirt import clock


def test_clock_when_guests_live_faster_then_seconds_are_theirs_and_waiting_is_real():
    fast = clock.Clock(0.1)
    assert fast.passed(3.0) == 30.0
    assert fast.wait_for(5.0) == 0.5
    before = fast.now()
    assert fast.now() >= before


def test_wait_when_guests_live_much_faster_then_is_not_an_idle_loop():
    assert clock.Clock(0.0001).wait_for(1.0) == clock.SHORTEST
    assert clock.Clock(0.0001).wait_for(0) == 0
