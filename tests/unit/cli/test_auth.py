# SPDX-License-Identifier: Apache-2.0
"""What is configured is looked at before anything is asked of a server."""
import sys
import types

import pytest

from nova_lite.cli import auth, errors

NONE = types.SimpleNamespace()


@pytest.mark.parametrize('name', auth.URLS)
@pytest.mark.parametrize('url', ['foo', 'http://', 'http://[::1/', 'http://h:99999/', 'http://h:0',
                                 'ftp://h/', 'file:///etc/passwd', 'http://a\nb/', 'http://a b'])
def test_url_that_is_none_is_refused_by_name(monkeypatch, name, url):
    monkeypatch.setenv(f'OS_{name.upper()}', url)
    with pytest.raises(errors.CommandError, match=f'OS_{name.upper()}=.* is no URL'):
        auth.Settings(NONE).get(name)


@pytest.mark.parametrize('url', ['http://h', 'https://h.example.org:8774/v2.1', 'http://[::1]:1/'])
def test_url_that_is_one_is_taken(monkeypatch, url):
    monkeypatch.setenv('OS_ENDPOINT', url)
    assert auth.Settings(NONE).get('endpoint') == url


@pytest.mark.parametrize('cloud, words', [('mine', 'clouds.yaml is read by openstacksdk'),
                                          (None, 'It is not known which cloud to talk to')])
def test_connect_when_openstacksdk_is_not_installed_then_the_error_names_what_to_do(
        monkeypatch, cloud, words):
    for name in ('OS_CLOUD', 'OS_AUTH_TYPE', 'OS_AUTH_URL', 'OS_ENDPOINT'):
        monkeypatch.delenv(name, raising=False)
    if cloud:
        monkeypatch.setenv('OS_CLOUD', cloud)
    monkeypatch.setitem(sys.modules, 'openstack', None)
    with pytest.raises(errors.CommandError, match=words):
        auth.connect(NONE)
