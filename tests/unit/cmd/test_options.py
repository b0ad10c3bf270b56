# SPDX-License-Identifier: Apache-2.0
"""What a wrong configuration does to the processes, as an operator sees it."""
import os
import subprocess
import sys

import pytest

KINDS = ('api', 'conductor', 'scheduler', 'compute')
BAD = '[DEFAULT]\nreport_interval = 0\n[libvirt]\nlive_migration_downtime = 50\n[api]\nport=abc\n'


def run(kind, *arguments, **environment):
    return subprocess.run([sys.executable, '-W', 'ignore', '-m', f'nova_lite.cmd.{kind}',
                           *arguments], capture_output=True, text=True, timeout=100,
                          env={**os.environ, **environment})


@pytest.fixture
def file(tmp_path):
    path = tmp_path / 'nova-lite.conf'
    path.write_text('[DEFAULT]\ntransport_url = fake://\n'
                    '[libvirt]\nconnection_uri = simulated:///\n'
                    f'[database]\nconnection = sqlite:///{tmp_path}/nova-lite.sqlite\n'
                    f'[oslo_policy]\npolicy_file = {tmp_path}/policy.yaml\n')
    return path


@pytest.mark.parametrize('kind', KINDS)
def test_process_when_options_are_bad_then_it_ends_with_78_and_a_line_for_each(tmp_path, kind):
    path = tmp_path / 'nova-lite.conf'
    path.write_text(BAD)
    done = run(kind, '--config-file', str(path))
    assert done.returncode == os.EX_CONFIG == 78, done.stderr
    lines = done.stderr.splitlines()
    assert [line.removeprefix(f'nova-lite-{kind}: {path}: ').partition(' = ')[0]
            for line in sorted(lines)] == ['[DEFAULT]report_interval', '[api]port',
                                           '[libvirt]live_migration_downtime']


@pytest.mark.parametrize('argument, named', [
    ('--log-file=/no/such/file', '[DEFAULT]log_file'),
    ('--log-dir=/no/such/directory', '[DEFAULT]log_dir'),
    ('--log-config-append=/no/such/file', '[DEFAULT]log_config_append')])
def test_process_when_its_log_cannot_be_written_then_one_line_and_78(file, argument, named):
    done = run('conductor', f'--config-file={file}', argument)
    assert done.returncode == os.EX_CONFIG
    [line] = done.stderr.splitlines()
    assert line.startswith(f'nova-lite-conductor: {named} = /no/such/')


def test_process_when_the_file_for_its_log_is_no_description_of_one_then_one_line_and_78(
        file, tmp_path):
    (tmp_path / 'log.conf').write_text('[loggers]\nkeys = root\n')
    done = run('conductor', f'--config-file={file}', f'--log-config-append={tmp_path}/log.conf')
    assert done.returncode == os.EX_CONFIG
    [line] = done.stderr.splitlines()
    assert 'the log cannot be begun' in line and 'log.conf' in line


def test_all_in_one_when_an_option_of_the_users_own_is_bad_then_it_ends_with_78(tmp_path):
    path = tmp_path / 'own.conf'
    path.write_text('[DEFAULT]\nmax_concurrent_live_migrations = -1\n')
    done = run('all_in_one', '--state-dir', str(tmp_path / 'state'), '--port', '0',
               '--config-file', str(path))
    assert done.returncode == os.EX_CONFIG
    assert done.stderr.splitlines() == [
        f'nova-lite-all-in-one: {path}: [DEFAULT]max_concurrent_live_migrations = -1: Should be '
        'greater than or equal to 0']


def test_process_when_its_file_is_missing_then_one_line_and_78():
    done = run('compute', '--config-file', '/no/such/file.conf')
    assert (done.returncode, done.stderr.splitlines()) == (
        os.EX_CONFIG, ['nova-lite-compute: /no/such/file.conf: No such file or directory'])


@pytest.mark.parametrize('url', ['rabbit://u:hidden@h:port/', 'nothing://u:hidden@h/'])
def test_process_when_the_address_of_the_broker_makes_no_sense_then_one_line_and_78(
        file, url):
    file.write_text(file.read_text().replace('fake://', url))
    done = run('compute', '--config-file', str(file))
    assert done.returncode == os.EX_CONFIG, done.stderr
    [line] = done.stderr.splitlines()
    assert '[DEFAULT]transport_url' in line and 'hidden' not in line


def test_compute_when_the_bindings_of_libvirt_are_missing_then_one_line_and_69(file, tmp_path):
    (tmp_path / 'libvirt.py').write_text('raise ImportError("not installed")\n')
    file.write_text(file.read_text().replace('simulated:///', 'qemu:///system')
                    + f'[DEFAULT]\nstate_path = {tmp_path}\n')
    done = run('compute', '--config-file', str(file), PYTHONPATH=f'{tmp_path}:{os.getcwd()}')
    assert done.returncode == os.EX_UNAVAILABLE == 69, done.stderr
    [line] = done.stderr.splitlines()
    assert 'install libvirt-python' in line and 'Traceback' not in done.stdout + done.stderr


def test_api_when_the_database_is_empty_then_it_does_not_start(file):
    done = run('api', '--config-file', str(file))
    assert done.returncode == os.EX_CONFIG, done.stderr
    [line] = [line for line in done.stdout.splitlines() if 'CRITICAL' in line]
    assert 'nova-lite-manage db sync' in line
    assert 'ready' not in done.stdout and 'Traceback' not in done.stdout + done.stderr


# -- nova-lite-manage check-config ---------------------------------------------------------------
@pytest.mark.parametrize('arguments', [('check-config', '--config-file'),
                                       ('--config-file', 'check-config')])
def test_check_config_when_all_is_good_then_0(file, arguments):
    words = [word for argument in arguments for word in (
        [argument, str(file)] if argument == '--config-file' else [argument])]
    done = run('manage', *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, 'configuration: good\n', '')


def test_check_config_when_options_are_bad_then_78_and_a_line_for_each(file):
    file.write_text(BAD + '[nonsense]\na = b\n')
    done = run('manage', 'check-config', f'--config-file={file}')
    assert done.returncode == os.EX_CONFIG
    assert len(done.stderr.splitlines()) == 4
    assert f'warning: {file}: [nonsense] is no section of nova-lite' in done.stderr


@pytest.mark.parametrize('rules, code, named', [
    ('"os_compute_api:os-migrate-server:migrate_lvie": "role:admin"\n', 0, 'migrate_lvie'),
    ('no: [yaml\n', 78, 'policy file'),
    ('"os_compute_api:servers:delete": "rule:nowhere"\n', 78, 'policy file')],
    ids=['unknown', 'broken', 'refers to nothing'])
def test_check_config_when_the_policy_file_has_a_fault_then_it_is_named(
        file, rules, code, named):
    (file.parent / 'policy.yaml').write_text(rules)
    done = run('manage', 'check-config', f'--config-file={file}')
    assert done.returncode == code and named in done.stderr, done.stderr


@pytest.mark.parametrize('old, new, named', [
    ('fake://', 'rabbit://u:hidden@h:port/', 'transport_url'),
    ('sqlite:///', 'mysql+nothing://u:hidden@h/', '[database]connection')])
def test_check_config_when_an_address_makes_no_sense_then_78(file, old, new, named):
    file.write_text(file.read_text().replace(old, new))
    done = run('manage', 'check-config', f'--config-file={file}')
    assert done.returncode == os.EX_CONFIG
    assert named in done.stderr and 'hidden' not in done.stderr
