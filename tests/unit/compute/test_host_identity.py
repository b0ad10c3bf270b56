# SPDX-License-Identifier: Apache-2.0
"""A host's name is one machine's and one process's: what is kept in the state directory."""
import shutil
import subprocess
import sys
import uuid

import pytest

from nova_lite import exception
from nova_lite.compute import host_identity
from nova_lite.compute.host_identity import HostIdentity
from tests.fixtures.conf import options  # noqa: F401


@pytest.fixture
def state(tmp_path, options):   # noqa: F811
    options.set(state_path=str(tmp_path / 'state'))
    return tmp_path / 'state'


def taken(host='h1'):
    identity = HostIdentity(host)
    identity.take()
    return identity


def test_identity_when_taken_again_is_the_same(state):
    first = taken()
    first.release()
    again = taken()
    assert again.identity == first.identity == str(uuid.UUID(first.identity))
    assert again.boot == first.boot != ''
    again.release()


def test_identity_when_the_state_directory_was_deleted_is_another(state):
    first = taken()
    first.release()
    for file in state.iterdir():
        file.unlink()
    second = taken()
    assert second.identity != first.identity
    second.release()


def test_identity_when_one_machine_has_several_hosts_is_each_ones_own(state):
    first, second = taken('h1'), taken('h2')
    assert first.identity != second.identity
    first.release()
    second.release()


def test_identity_when_its_state_directory_was_copied_has_one_process(
        state, options, tmp_path):      # noqa: F811
    first = taken()
    shutil.copytree(state, tmp_path / 'copy')
    options.set(state_path=str(tmp_path / 'copy'))
    with pytest.raises(exception.ConfigInvalid, match='moved, not copied') as caught:
        taken()
    assert str(tmp_path / 'copy') in caught.value.format_message()
    first.release()
    again = taken()
    assert again.identity == first.identity
    again.release()


def test_boot_when_in_a_network_of_its_own_is_another(state, monkeypatch):
    """Containers of one machine, each with a copy of the state directory, are told apart."""
    first = taken()
    first.release()
    monkeypatch.setattr(host_identity, 'NETWORK', str(state))
    other = taken()
    assert other.identity == first.identity and other.boot != first.boot
    other.release()


def test_name_when_another_process_has_it_is_refused_until_that_one_dies(state):
    state.mkdir()
    code = ('import sys, time\n'
            'from nova_lite.conf import CONF\n'
            'from nova_lite.compute.host_identity import HostIdentity\n'
            'CONF([], default_config_files=[], default_config_dirs=[])\n'
            'CONF.set_override("state_path", sys.argv[1])\n'
            'identity = HostIdentity("h1")\nidentity.take()\n'
            'print("taken", flush=True)\ntime.sleep(100)\n')
    other = subprocess.Popen([sys.executable, '-W', 'ignore', '-c', code, str(state)],
                             stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == 'taken\n'
        with pytest.raises(exception.ConfigInvalid, match=f'pid {other.pid}') as caught:
            taken()
        assert 'end it first' in caught.value.format_message()
    finally:
        other.kill()
        other.communicate()
    taken().release()       # a dead process holds nothing


@pytest.mark.parametrize('content', [b'', b'not an identity\n', b'\xff\xfe'])
def test_identity_when_its_file_holds_none_is_refused_with_the_remedy(state, content):
    state.mkdir()
    (state / 'compute_id.h1').write_bytes(content)
    with pytest.raises(exception.ConfigInvalid, match='host-replace h1'):
        taken()


def test_identity_when_the_state_directory_cannot_be_made_is_refused(state):
    state.write_text('a file')
    with pytest.raises(exception.ConfigInvalid, match='state_path'):
        taken()
