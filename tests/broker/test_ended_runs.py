# SPDX-License-Identifier: Apache-2.0
"""A test run that is ended takes down its broker, its databases and the services on them."""
import signal

import pytest

from tests import guardian
from tests.fixtures import runs

HANGING = '''
import os, threading
from tests.broker.conftest import *
from tests.broker.conftest import _mariadb, _postgresql, _rabbitmq
from tests.fixtures.processes import Deployment

def test_that_hangs(tmp_path, rabbitmq, mariadb, postgresql):
    Deployment(tmp_path, rabbitmq.url, mariadb.url, hosts=('src',)).start_all()
    print('hangs in', os.environ['TMPDIR'], flush=True)
    threading.Event().wait()
'''


@pytest.mark.timeout(300)       # it starts two servers and four services, each by itself
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_run_when_it_is_ended_takes_down_its_servers_and_services(tmp_path, number):
    """They stayed behind."""
    run = runs.Run(tmp_path, HANGING)
    ours = guardian.of(run.directory)
    assert len(ours) > 8
    run.end(number)
    assert [process.pid for process in ours if process.alive()] == []
    assert not run.directory.exists()
