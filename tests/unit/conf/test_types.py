# SPDX-License-Identifier: Apache-2.0
"""Kinds of values: what each takes, and what it makes of it; test_check.py has what is refused."""
import pytest

from nova_lite.conf import types


@pytest.mark.parametrize('kind, text, value', [
    (types.Float(), '1.5', 1.5), (types.Path(), '/var/lib/nova-lite', '/var/lib/nova-lite'),
    (types.Name(), 'zone-1', 'zone-1'),
    (types.HttpUrl(), 'https://cloud.example.org:8774', 'https://cloud.example.org:8774'),
    (types.LibvirtUri(), 'qemu:///system', 'qemu:///system'),
    (types.LibvirtUriTemplate(), 'qemu+tls://%s/system', 'qemu+tls://%s/system')],
    ids=lambda value: type(value).__name__)
def test_kind_when_the_value_is_good_then_it_is_taken_as_it_is(kind, text, value):
    assert kind(text) == value


@pytest.mark.parametrize('text, words', [('nan', 'finite'), ('inf', 'finite')])
def test_float_when_it_is_no_number_to_wait_for_then_it_is_refused_in_words(text, words):
    with pytest.raises(ValueError, match=words):
        types.Float()(text)
