# SPDX-License-Identifier: Apache-2.0
"""Fields of objects: what they take, and that the wire changes nothing."""
import datetime

import pytest

from nova_lite.objects import fields

MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, datetime.UTC)
LIKE_AN_OBJECT = {'nova_object.name': 'Instance', 'nova_object.data': {}}


@pytest.mark.parametrize(('field', 'value'), [
    (fields.DateTimeField(), MOMENT), (fields.JsonField(), {'a': [1, None]}),
    (fields.JsonField(), LIKE_AN_OBJECT), (fields.JsonListField(), [1, {'a': 2}])])
def test_value_when_sent_and_received_then_is_the_same(field, value):
    sent = field.to_primitive(None, 'x', value)
    assert isinstance(sent, str)
    assert field.from_primitive(None, 'x', sent) == value


def test_time_when_it_has_another_zone_then_is_taken_in_utc():
    zone = datetime.timezone(datetime.timedelta(hours=2))
    taken = fields.DateTimeField().coerce(None, 'x', MOMENT.astimezone(zone))
    assert taken == MOMENT and taken.tzinfo == datetime.UTC


@pytest.mark.parametrize(('field', 'value'), [
    (fields.JsonField(), [1]), (fields.JsonField(), {'a': MOMENT}), (fields.JsonListField(), {}),
    (fields.JsonTextField(), '[1]'), (fields.JsonTextField(), '{broken'),
    (fields.JsonListTextField(), '{}')])
def test_document_when_it_is_of_another_kind_then_refused(field, value):
    with pytest.raises(ValueError):
        field.coerce(None, 'x', value)


def test_text_when_it_is_empty_then_is_no_document_and_fine():
    assert fields.JsonTextField().coerce(None, 'x', '') == ''
