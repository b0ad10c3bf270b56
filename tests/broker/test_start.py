# SPDX-License-Identifier: Apache-2.0
"""Processes whose start cannot succeed end with one line and a code, over a real broker: a wrong
password, and a host's name that is another's."""
import subprocess
import sys

import pytest

from tests.fixtures.servers import running

ENDS_WITHIN = 100
CONFIG, UNAVAILABLE = 78, 69        # sysexits.h


@pytest.fixture(scope='module')
def deployment(_rabbitmq, _mariadb, tmp_path_factory):
    directory = tmp_path_factory.mktemp('start')
    with running(_rabbitmq, _mariadb, directory, hosts=('src',)) as deployed:
        yield deployed


def run(deployment, kind, **options):
    """A process of its own with these options of [DEFAULT], which is expected to end by itself."""
    own = deployment.directory / 'refused.conf'
    deployment._write_conf(own.name, {'DEFAULT': options})
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-m', f'nova_lite.cmd.{kind}', *deployment._config(kind),
         f'--config-file={own}'], capture_output=True, text=True, timeout=ENDS_WITHIN)


def critical(done):
    [line] = [line for line in (done.stdout + done.stderr).splitlines() if 'CRITICAL' in line]
    assert 'Traceback' not in done.stdout + done.stderr
    return line


@pytest.mark.parametrize('kind', ['conductor', 'compute'])
def test_process_when_the_broker_refuses_its_password_then_it_ends_with_one_line(
        deployment, kind):
    text = (deployment.directory / 'common.conf').read_text()
    [url] = [line.partition(' = ')[2] for line in text.splitlines() if 'transport_url' in line]
    scheme, _, rest = url.partition('://')
    wrong = f'{scheme}://{rest.partition(":")[0]}:hidden@{rest.partition("@")[2]}'
    done = run(deployment, kind, transport_url=wrong, host='another')
    assert done.returncode == UNAVAILABLE, done.stdout + done.stderr
    assert 'broker refuses' in critical(done) and 'hidden' not in done.stdout + done.stderr


def test_compute_when_another_process_here_has_its_name_then_it_does_not_start(deployment):
    done = run(deployment, 'compute', host='src')
    assert done.returncode == CONFIG, done.stdout + done.stderr
    assert f'pid {deployment.processes["compute-src"].pid}' in done.stderr


def test_compute_when_another_machine_has_its_name_then_it_does_not_start(deployment, tmp_path):
    done = run(deployment, 'compute', host='src', state_path=tmp_path)
    assert done.returncode == CONFIG, done.stdout + done.stderr
    assert 'nova-lite-manage host-replace src' in critical(done)
    assert deployment.everything_is_up()


def test_compute_when_killed_and_started_again_then_it_has_its_name_again(deployment):
    deployment.signal('compute-src', 9)
    deployment.start('compute-src')
    deployment.wait_for(lambda: deployment.is_ready('compute-src'), 'compute-src to be ready')
