# SPDX-License-Identifier: Apache-2.0
"""Errors in words: for the log and administrators, and for everybody."""
import inspect
import re

import pytest

from nova_lite import exception

OURS = [one for _, one in inspect.getmembers(exception, inspect.isclass)
        if issubclass(one, exception.NovaLiteException)]


def test_error_when_it_is_ours_then_everybody_reads_its_words():
    error = exception.InstanceNotFound(instance_id='u1')
    assert 'u1' in error.format_message()
    assert exception.message_of(error) == exception.public_message(error) == error.format_message()


def test_error_when_nobody_expected_it_then_everybody_reads_its_class_alone():
    error = ValueError('password=secret')
    assert 'secret' in exception.message_of(error)
    assert 'secret' not in exception.public_message(error)
    assert 'ValueError' in exception.public_message(error)
    assert exception.class_of(error) == 'ValueError'


@pytest.mark.parametrize('kind', OURS, ids=lambda kind: kind.__name__)
def test_error_when_it_is_made_with_all_that_it_names_then_its_words_are_whole(kind):
    names = re.findall(r'%\((\w+)\)', kind.msg_fmt)
    words = kind(**dict.fromkeys(names, 7)).format_message()
    assert words and '%' not in words
