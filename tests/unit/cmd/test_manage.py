# SPDX-License-Identifier: Apache-2.0
"""nova-lite-manage as an operator calls it."""
import os
import subprocess
import sys

import pytest

from nova_lite.db import schema


def manage(*arguments):
    return subprocess.run([sys.executable, '-W', 'ignore', '-m', 'nova_lite.cmd.manage',
                           *arguments], capture_output=True, text=True, timeout=60)


@pytest.fixture
def conf_file(tmp_path):
    path = tmp_path / 'nova-lite.conf'
    path.write_text(f'[database]\nconnection = sqlite:///{tmp_path}/nova-lite.sqlite\n')
    return path


def test_db_when_synced_twice_then_the_version_is_the_newest(conf_file):
    before = manage('--config-file', str(conf_file), 'db', 'version')
    assert (before.returncode, before.stdout) == (0, 'none\n')
    for was in ('empty', schema.head()):
        done = manage('db', 'sync', f'--config-file={conf_file}')
        assert (done.returncode, done.stderr) == (0, '')
        assert done.stdout == f'database: {was} -> {schema.head()}\n'
    after = manage('--config-file', str(conf_file), 'db', 'version')
    assert after.stdout == f'{schema.head()}\n'


@pytest.mark.parametrize('line, named', [
    ('', '[database]connection is not set'),
    ('connection = sqlite:////no/such/directory/x.sqlite\nmax_retries = 1\nretry_interval = 0',
     'unable to open database file'),
    ('connection = hidden', 'cannot be understood'),
    ('connection = hidden://u@h/d', 'cannot be understood'),
    ('connection = mysql+mysqldb://u:hidden@h/d', 'needs the Python package MySQLdb')],
    ids=['none', 'unreachable', 'malformed', 'unknown', 'no driver'])
def test_db_when_it_cannot_be_used_then_one_line_says_why(tmp_path, line, named):
    path = tmp_path / 'nova-lite.conf'
    path.write_text(f'[database]\n{line}\n')
    done = manage(f'--config-file={path}', 'db', 'sync')
    assert done.returncode == 1 and 'hidden' not in done.stderr
    assert named in done.stderr.splitlines()[-1].removeprefix('nova-lite-manage: ')
    assert 'Traceback' not in done.stderr


def test_commands_when_one_is_missing_or_unknown_then_usage(conf_file):
    for arguments in ((), ('db',), ('db', 'drop')):
        done = manage(f'--config-file={conf_file}', *arguments)
        assert done.returncode == 2 and 'usage: nova-lite-manage' in done.stderr


def test_db_when_the_server_is_away_then_one_line_soon(tmp_path):
    path = tmp_path / 'nova-lite.conf'
    path.write_text('[database]\nconnection = mysql+pymysql://u:hidden@127.0.0.1:1/x\n')
    done = manage(f'--config-file={path}', 'db', 'version')
    assert done.returncode == 1 and 'hidden' not in done.stderr
    assert 'Traceback' not in done.stderr and len(done.stderr.splitlines()) <= 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith('nova-lite-manage: The database ')


@pytest.mark.parametrize('behind', [True, False], ids=['behind', 'before'])
def test_check_config_when_a_directory_has_a_fault_then_78_and_its_line(tmp_path, behind):
    path = tmp_path / 'own.conf'
    path.write_text('[api]\nport = abc\n')
    words = ['check-config', f'--config-dir={tmp_path}']
    done = manage(*(words if behind else reversed(words)))
    assert done.returncode == os.EX_CONFIG
    assert done.stderr.startswith(f'nova-lite-manage: {path}: [api]port = abc')


def test_check_config_when_the_directory_is_missing_then_78_and_one_line():
    done = manage('--config-dir=/no/such/directory', 'check-config')
    assert done.returncode == os.EX_CONFIG
    [line] = done.stderr.splitlines()
    assert '/no/such/directory' in line
