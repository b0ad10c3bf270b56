# SPDX-License-Identifier: Apache-2.0
"""The log of an outage: one line of a kind a minute, and no stack."""
import logging
import sys

import pytest

from nova_lite.cmd import common
from nova_lite.conf import CONF


def record(created, level=logging.WARNING, function='connect'):
    try:
        raise OSError('refused')
    except OSError:
        made = logging.LogRecord('amqp', level, 'amqp.py', 1, 'away', (), sys.exc_info(), function)
    made.created = created
    return made


def test_filter_when_an_outage_lasts_then_it_is_mentioned_once_in_a_while_without_its_stack():
    once = common.OncePerOutage(seconds=60)
    first = record(100.0)
    assert once.filter(first) and first.exc_info is None
    assert [once.filter(record(at)) for at in (101.0, 159.0, 160.0, 161.0)] == [
        False, False, True, False]


@pytest.mark.parametrize('other', [{'function': 'publish'}, {'level': logging.INFO}])
def test_filter_when_something_else_is_said_then_it_passes(other):
    once = common.OncePerOutage(seconds=60)
    assert once.filter(record(100.0)) and once.filter(record(101.0, **other))


@pytest.fixture
def started():
    """A process that has not read its options yet."""
    CONF.clear()
    yield
    CONF.clear()
    CONF([], project='nova-lite')


def test_prepare_when_an_option_has_a_fault_then_the_process_ends_with_a_line(
        started, tmp_path, capsys):
    file = tmp_path / 'nova-lite.conf'
    file.write_text('[DEFAULT]\nreport_interval = soon\n')
    with pytest.raises(SystemExit) as end:
        common.prepare('nova-lite-compute', [f'--config-file={file}'])
    assert end.value.code == 78
    assert 'nova-lite-compute: ' in capsys.readouterr().err
