# SPDX-License-Identifier: Apache-2.0
"""What a list reads of its query: limits, flags and times."""
import datetime

import pytest

from nova_lite import exception
from nova_lite.api import paging


def at(*args):
    return datetime.datetime(*args, tzinfo=datetime.UTC)


@pytest.mark.parametrize(('text', 'expected'), [
    ('1', True), ('true', True), ('0', False), ('no', False), ('', True), (None, False)])
def test_boolean_when_given_then_is_what_oslo_takes_for_one(text, expected):
    assert paging.boolean({} if text is None else {'all_tenants': text}, 'all_tenants') is expected


def test_boolean_when_it_is_none_then_refused_by_name():
    with pytest.raises(exception.ValidationError, match='all_tenants'):
        paging.boolean({'all_tenants': 'perhaps'}, 'all_tenants')


@pytest.mark.parametrize(('text', 'expected'), [
    ('2026-01-02T03:04:05Z', at(2026, 1, 2, 3, 4, 5)),
    ('2026-01-02T03:04:05+02:00', at(2026, 1, 2, 1, 4, 5)),
    ('2026-01-02T03:04:05', at(2026, 1, 2, 3, 4, 5))])
def test_moment_when_it_has_a_zone_or_none_then_is_in_utc(text, expected):
    assert paging.moment({'changes-since': text}, 'changes-since') == expected


def test_moment_when_it_is_before_all_years_then_refused():
    with pytest.raises(exception.ValidationError, match='changes-since'):
        paging.moment({'changes-since': '0001-01-01T00:00:00+02:00'}, 'changes-since')


def test_changes_when_they_exclude_each_other_then_refused():
    early, late = '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'
    assert paging.changes({'changes-since': early, 'changes-before': late}) == {
        'changes-since': at(2026, 1, 1), 'changes-before': at(2026, 1, 2)}
    with pytest.raises(exception.ValidationError):
        paging.changes({'changes-since': late, 'changes-before': early})


@pytest.mark.parametrize(('text', 'expected'), [
    ('17', 17), ('2147483647', 2147483647), ('2147483648', None), ('-1', None), ('x', None),
    ('\u0661', None), ('9' * 40, None)])
def test_number_when_no_row_can_have_it_then_none(text, expected):
    assert paging.number(text) == expected


def test_limit_when_more_is_wanted_than_may_be_then_is_the_most(options):
    options.set('api', max_limit=100)
    assert [paging.limit(query) for query in ({}, {'limit': '7'}, {'limit': '1000'})] == [
        100, 7, 100]


def test_times_when_shown_then_as_nova_writes_them():
    moment = at(2016, 1, 29, 13, 42, 2)
    assert paging.with_seconds(moment) == '2016-01-29T13:42:02Z'
    assert paging.with_microseconds(moment) == '2016-01-29T13:42:02.000000'
    assert paging.with_seconds(None) is None
