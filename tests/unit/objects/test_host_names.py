# SPDX-License-Identifier: Apache-2.0
"""A host's name is one machine's and one process's: what the database says."""
import datetime
import subprocess
import sys

import pytest

from nova_lite import exception, faults, objects
from nova_lite.compute.host_identity import HostIdentity, HostNameInUse
from nova_lite.db import models, session

pytestmark = pytest.mark.usefixtures('way')
MINE, THEIRS = '11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'
NOW, BEFORE = 'boot-now', 'boot-before'


def claim(ctxt, identity=MINE, boot=NOW):
    return objects.Service.claim_host(ctxt, 'h1', identity, boot)


def register(ctxt, identity=MINE, boot=NOW):
    return objects.Service.register(ctxt, 'h1', 'nova-compute', 'compute', identity=identity,
                                    boot=boot)


def fall_silent():
    table = models.Service.__table__
    with session.writer() as s:
        s.execute(table.update().values(
            last_seen_up=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)))


def test_name_when_nobody_has_it_is_the_first_ones(ctxt):
    assert claim(ctxt) is None
    register(ctxt)
    assert claim(ctxt) is None      # the same process again, or the next one of this boot


def test_name_of_a_service_from_before_there_were_identities_is_the_first_ones(ctxt):
    objects.Service.register(ctxt, 'h1', 'nova-compute', 'compute')
    assert claim(ctxt) is None
    with pytest.raises(exception.HostNameTaken):
        claim(ctxt, THEIRS)


@pytest.mark.parametrize('silent', [False, True])
def test_second_machine_under_the_name_is_refused_with_the_remedy(ctxt, silent):
    register(ctxt)
    if silent:
        fall_silent()
    for refused in (claim, register):
        with pytest.raises(exception.HostNameTaken) as caught:
            refused(ctxt, THEIRS, 'boot-theirs')
        assert 'nova-lite-manage host-replace h1' in exception.message_of(caught.value)
        assert faults.is_lasting(caught.value) and faults.exit_code(caught.value) == 78
    objects.Service.report(ctxt, register(ctxt).id, identity=MINE)


def test_deleted_state_directory_is_told_apart_from_a_second_machine(ctxt):
    register(ctxt)
    with pytest.raises(exception.HostNameTaken, match='or was it deleted'):
        claim(ctxt, THEIRS, NOW)
    with pytest.raises(exception.HostNameTaken) as caught:
        claim(ctxt, THEIRS, 'boot-theirs')
    assert 'deleted' not in exception.message_of(caught.value)


def test_copy_of_the_identity_is_refused_while_the_other_one_lives(ctxt):
    service = register(ctxt, boot=BEFORE)
    copy = HostIdentity('h1')
    copy.identity, copy.boot = MINE, NOW
    with pytest.raises(HostNameInUse):
        copy.claim()
    with pytest.raises(HostNameInUse):
        copy.claim()        # nothing heard meanwhile
    objects.Service.report(ctxt, service.id, identity=MINE)
    with pytest.raises(exception.HostNameTaken, match='with a copy of'):
        copy.claim()


def test_machine_that_was_restarted_has_its_name_again_when_its_last_beats_are_old(ctxt):
    register(ctxt, boot=BEFORE)
    restarted = HostIdentity('h1')
    restarted.identity, restarted.boot = MINE, NOW
    with pytest.raises(HostNameInUse) as caught:
        restarted.claim()
    assert not faults.is_lasting(caught.value)
    fall_silent()
    restarted.claim()
    register(ctxt)


def test_name_when_replaced_is_the_next_ones_and_no_more_the_former_ones(ctxt, tmp_path, database):
    service = register(ctxt)
    file = tmp_path / 'nova-lite.conf'
    file.write_text(f'[database]\nconnection = {database}\n')

    def replace(host='h1'):
        return subprocess.run([sys.executable, '-W', 'ignore', '-m', 'nova_lite.cmd.manage',
                               'host-replace', host, f'--config-file={file}'],
                              capture_output=True, text=True, timeout=60)

    up = replace()
    assert up.returncode == 1 and 'is up: end it' in up.stderr
    assert replace('nowhere').returncode == 1
    fall_silent()
    assert replace().returncode == 0
    assert claim(ctxt, THEIRS) is None
    with pytest.raises(exception.HostNameTaken):
        objects.Service.report(ctxt, service.id, identity=MINE)
    with pytest.raises(exception.HostNameTaken):
        claim(ctxt, MINE)
