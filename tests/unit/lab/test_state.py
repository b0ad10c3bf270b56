# SPDX-License-Identifier: Apache-2.0
"""The lab's directory: its secrets, its lock, and that no other one is ever deleted."""
import json
import stat
import threading
from pathlib import Path

import bcrypt
import pytest
import yaml

from nova_lite.lab.command import LabError
from nova_lite.lab.state import USERS, Settings, State


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setattr('nova_lite.lab.state.MAX_PATH', 4096)
    made = State(tmp_path / 'lab')
    made.create()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_create_when_done_twice_keeps_what_is_there(state):
    state.save(Settings(hosts=5, port=1234))
    passwords = state.passwords()
    state.create()
    assert state.settings() == Settings(hosts=5, port=1234)
    assert state.passwords() == passwords


def test_create_when_the_directory_is_somebody_elses_refuses(state, tmp_path):
    (tmp_path / 'theirs').mkdir()
    (tmp_path / 'theirs' / 'file').touch()
    with pytest.raises(LabError, match='not empty and not a lab'):
        State(tmp_path / 'theirs').create()


def test_create_when_a_killed_one_left_half_a_directory_goes_on(state, tmp_path):
    (tmp_path / 'half').mkdir()
    (tmp_path / 'half' / '.lab.json.new').touch()
    State(tmp_path / 'half').create()
    assert State(tmp_path / 'half').settings() == Settings()


def test_create_when_sockets_would_not_fit_below_names_the_limit(tmp_path):
    with pytest.raises(LabError, match='too long a path'):
        State(tmp_path / ('x' * 60)).create()


def test_settings_when_there_is_no_lab_say_how_to_get_one(tmp_path):
    with pytest.raises(LabError, match='nova-lite-lab up'):
        State(tmp_path).settings()


@pytest.mark.parametrize('text', ['', '{"hosts": ', '{"unknown": 1}', '[]'])
def test_settings_when_damaged_say_how_to_get_rid_of_it(state, text):
    (state.path / 'lab.json').write_text(text)
    with pytest.raises(LabError, match='nova-lite-lab down'):
        state.settings()


def test_secrets_when_written_are_for_root_alone(state):
    state.write_users()
    for file in ('secrets.json', 'htpasswd', 'users.yaml'):
        assert mode(state.etc / file) == 0o600
    assert mode(state.etc) == 0o700
    assert mode(state.path) == 0o711
    assert len(set(state.passwords().values())) == len(state.passwords())


def test_users_when_written_can_log_in_with_their_roles(state):
    htpasswd, users = state.write_users()
    hashes = dict(line.split(':') for line in htpasswd.read_text().split())
    assert set(hashes) == set(USERS)
    for name, password in state.passwords().items():
        if name in USERS:
            assert bcrypt.checkpw(password.encode(), hashes[name].encode())
    known = yaml.safe_load(users.read_text())
    assert known['admin'] == {'user_id': 'admin', 'project_id': 'admin', 'roles': ['admin']}
    assert known['demo']['project_id'] == known['reader']['project_id'] == 'demo'


def test_users_when_written_again_keep_their_hashes(state):
    htpasswd, _ = state.write_users()
    before = htpasswd.read_text()
    state.write_users()
    assert htpasswd.read_text() == before


def test_locked_when_another_is_at_work_gives_up_in_time(state):
    with state.locked():
        with pytest.raises(LabError, match='another nova-lite-lab'), state.locked(timeout=0.2):
            pass
    with state.locked(timeout=0):
        pass


def test_locked_when_the_directory_was_removed_and_made_again_takes_the_new_one(state):
    entered = threading.Event()

    def enter() -> None:
        with state.locked(timeout=10):
            entered.set()

    with state.locked():
        waiter = threading.Thread(target=enter)
        waiter.start()
        assert not entered.wait(0.3)
        state.path.rename(state.path.with_name('old'))
        state.create()
    waiter.join(10)
    assert entered.is_set()


def test_locked_when_the_directory_was_removed_for_good_locks_a_new_one(state):
    state.path.rename(state.path.with_name('old'))
    with state.locked(timeout=0):
        with pytest.raises(LabError, match='another'), state.locked(timeout=0):
            pass
    state.create()
    assert state.exists()


def test_remove_when_it_is_a_lab_leaves_nothing(state, tmp_path):
    (state.path / 'hosts' / 'a').mkdir(parents=True)
    (state.path / 'hosts' / 'a' / 'file').touch()
    state.remove()
    assert list(tmp_path.iterdir()) == []


def test_remove_when_it_is_not_a_lab_leaves_everything(tmp_path):
    (tmp_path / 'precious').touch()
    with pytest.raises(LabError, match='not a lab'):
        State(tmp_path).remove()
    assert (tmp_path / 'precious').exists()


def test_prefix_when_directories_differ_differs_and_fits_a_namespace(state, tmp_path):
    other = State(tmp_path / 'other')
    assert state.prefix == State(state.path).prefix != other.prefix
    assert json.dumps(state.prefix).strip('"').isalnum()
