# SPDX-License-Identifier: Apache-2.0
"""What stands before the application while its database has not answered yet."""
import types

import pytest
import webob

from nova_lite import exception
from nova_lite.api import errors, wsgi_app


@pytest.fixture
def answers(monkeypatch):
    """What the database says to one who asks for its tables: errors, or None when all is well."""
    waiting = []

    def check():
        if answer := waiting.pop(0):
            raise answer

    monkeypatch.setattr(wsgi_app.objects_base, 'db', lambda: types.SimpleNamespace(check=check))
    return waiting


def test_check_database_when_it_is_away_then_says_so_and_when_it_refuses_then_raises(answers):
    answers += [None, exception.DatabaseUnavailable(), exception.DatabaseRefused(reason='who?'),
                exception.ConfigInvalid(reason='db sync')]
    assert wsgi_app.check_database() and not wsgi_app.check_database()
    with pytest.raises(exception.DatabaseRefused):
        wsgi_app.check_database()
    with pytest.raises(exception.ConfigInvalid):
        wsgi_app.check_database()


def test_application_when_the_database_is_back_with_other_tables_then_nothing_is_served(answers):
    answers += [exception.DatabaseUnavailable(), exception.ConfigInvalid(reason='db sync'), None]
    served = errors.ErrorMiddleware(wsgi_app.CheckedWhenBack(webob.Response(status=204)))
    codes = [webob.Request.blank('/').get_response(served).status_int for _ in range(4)]
    assert codes == [204, 500, 204, 204] and answers == []
