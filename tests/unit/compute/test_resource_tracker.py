# SPDX-License-Identifier: Apache-2.0
"""When a host says what it has."""
import pytest

from nova_lite import objects
from nova_lite.compute import resource_tracker


class Driver:
    def __init__(self):
        self.vcpus = 4

    def get_available_resource(self):
        return {'vcpus': self.vcpus}


@pytest.fixture
def reported(monkeypatch, options):
    found = []
    monkeypatch.setattr(objects.ComputeNode, 'report',
                        lambda ctxt, host, values: found.append((host, values['vcpus'])))
    return found


def test_report_when_nothing_has_changed_is_not_written_again(reported):
    driver = Driver()
    tracker = resource_tracker.ResourceTracker('h1', driver)
    tracker.report(None)
    tracker.report(None)
    assert reported == [('h1', 4)]
    driver.vcpus = 8
    tracker.report(None)
    assert reported == [('h1', 4), ('h1', 8)]


def test_report_when_it_could_not_be_written_is_tried_again(reported, monkeypatch):
    tracker = resource_tracker.ResourceTracker('h1', Driver())
    with monkeypatch.context() as patch:
        patch.setattr(objects.ComputeNode, 'report', lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tracker.report(None)
    tracker.report(None)
    assert reported == [('h1', 4)]


def test_report_when_long_ago_is_written_though_nothing_has_changed(reported, monkeypatch):
    monkeypatch.setattr(resource_tracker, 'SAY_AGAIN', 0)
    tracker = resource_tracker.ResourceTracker('h1', Driver())
    tracker.report(None)
    tracker.report(None)
    assert reported == [('h1', 4)] * 2
