# SPDX-License-Identifier: Apache-2.0
import itertools

import pytest

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.virt.libvirt import migration
from nova_lite.virt.libvirt.abi import Migrate
from nova_lite.virt.libvirt.migration import Options

ALWAYS = (Migrate.LIVE | Migrate.PEER2PEER | Migrate.UNDEFINE_SOURCE | Migrate.PERSIST_DEST)
QEMU = Options(virt_type='qemu')


# -- flags ----------------------------------------------------------------------------------------
@pytest.mark.parametrize('values', itertools.product([False, True], repeat=7))
def test_flags_when_options_are_set_then_follow_the_table(values):
    post_copy, converge, tls, parallel, block, disks, paused = values
    options = Options(permit_post_copy=post_copy, permit_auto_converge=converge,
                      with_native_tls=tls, parallel_connections=4 if parallel else 1)
    flags = migration.make_flags(options, block, disks, paused)
    assert flags & ALWAYS == ALWAYS
    assert (Migrate.NON_SHARED_INC in flags) == (block and disks)
    assert (Migrate.POSTCOPY in flags) == (post_copy and not paused)
    assert (Migrate.AUTO_CONVERGE in flags) == (converge and not post_copy)
    assert (Migrate.TLS in flags) == tls
    assert (Migrate.PARALLEL in flags) == parallel
    assert Migrate.TUNNELLED not in flags


def test_flags_when_tunnelled_then_say_so():
    assert Migrate.TUNNELLED in migration.make_flags(Options(tunnelled=True), False, False, False)


def test_options_when_read_then_are_those_of_the_configuration(options):
    options.set('libvirt', virt_type='qemu', live_migration_bandwidth=7,
                live_migration_scheme='tls', live_migration_parallel_connections=3)
    assert Options.read(CONF.libvirt) == Options(
        virt_type='qemu', bandwidth=7, scheme='tls', parallel_connections=3)


# -- where to -------------------------------------------------------------------------------------
@pytest.mark.parametrize(('options', 'dest', 'uri'), [
    (QEMU, 'compute2', 'qemu+tcp://compute2/system'),
    (Options(), 'compute2.example.org', 'qemu+tcp://compute2.example.org/system'),
    (QEMU._replace(scheme='tls'), 'c', 'qemu+tls://c/system'),
    (QEMU, '192.0.2.7', 'qemu+tcp://192.0.2.7/system'),
    (QEMU, '2001:db8::7', 'qemu+tcp://[2001:db8::7]/system'),
    (QEMU._replace(uri='qemu+ssh://mig@%s/system', scheme='tls'), 'c', 'qemu+ssh://mig@c/system'),
])
def test_uri_when_host_is_named_then_is_its_libvirts(options, dest, uri):
    assert migration.make_uri(options, dest) == uri


@pytest.mark.parametrize('dest', [
    '', 'a b', 'c/system?socket=/x', 'c@d', 'c:22', '-c', 'c..d', 'c\n', '[::1]', 'x' * 254,
    'c%s'])
def test_uri_when_host_is_no_name_then_refused(dest):
    with pytest.raises(exception.InvalidHostname):
        migration.make_uri(QEMU, dest)


def test_uri_when_hypervisor_has_none_then_says_so():
    with pytest.raises(exception.LiveMigrationURINotAvailable):
        migration.make_uri(Options(virt_type='lxc'), 'c')


# -- parameters -----------------------------------------------------------------------------------
def test_params_when_nothing_is_set_then_both_definitions_only():
    assert migration.make_params(QEMU, '<a/>', '<b/>', [], None, ALWAYS) == {
        'destination_xml': '<a/>', 'persistent_xml': '<b/>'}


def test_params_when_disks_are_copied_then_names_them():
    params = migration.make_params(
        QEMU._replace(bandwidth=50, parallel_connections=2), '<a/>', '<b/>', ['vda', 'vdc'],
        '192.0.2.7', ALWAYS | Migrate.NON_SHARED_INC | Migrate.PARALLEL)
    assert params['migrate_disks'] == ['vda', 'vdc']
    assert params['bandwidth'] == 50
    assert params['parallel.connections'] == 2
    assert params['migrate_uri'] == 'tcp://192.0.2.7'


@pytest.mark.parametrize('flags', [ALWAYS, ALWAYS | Migrate.NON_SHARED_INC | Migrate.TUNNELLED])
def test_params_when_disks_are_not_libvirts_to_copy_then_no_list(flags):
    """An empty list, and one beside a tunnel, would not mean what they say."""
    assert 'migrate_disks' not in migration.make_params(QEMU, '', '', ['vda'], None, flags)


@pytest.mark.parametrize(('address', 'uri'), [
    ('compute2', 'tcp://compute2'), ('2001:db8::7', 'tcp://[2001:db8::7]')])
def test_params_when_destination_has_an_address_then_copies_there(address, uri):
    assert migration.make_params(QEMU, '', '', [], address, ALWAYS)['migrate_uri'] == uri
    tunnelled = migration.make_params(QEMU, '', '', [], address, ALWAYS | Migrate.TUNNELLED)
    assert 'migrate_uri' not in tunnelled


@pytest.mark.parametrize(('version', 'wish', 'word'), [
    (11_002_000, 'auto', ''), (11_004_000, 'auto', ''), (8_005_000, 'auto', ''),
    (8_004_000, 'auto', 'libvirt 8.4.0'), (11_003_000, 'auto', 'libvirt 11.3.0'),
    (11_003_002, 'auto', 'libvirt 11.3.2'), (None, 'auto', 'not known'),
    (11_003_000, 'always', ''), (None, 'always', ''), (11_004_000, 'never', 'never'),
])
def test_resume_when_libvirt_is_known_to_crash_then_is_not_asked_for(version, wish, word):
    reason = migration.why_not_resume(version, wish)
    assert word in reason and bool(reason) == bool(word)


@pytest.mark.parametrize('post_copy', [False, True])
def test_params_when_bandwidth_is_bounded_then_so_is_post_copy(post_copy):
    flags = Migrate.POSTCOPY if post_copy else Migrate.LIVE
    params = migration.make_params(Options(bandwidth=7), 'a', 'b', [], None, flags)
    assert params['bandwidth'] == 7
    assert params.get('bandwidth.postcopy') == (7 if post_copy else None)


@pytest.mark.parametrize(('post_copy', 'qemu', 'connections'), [
    (True, 10_000_002, 1), (True, 10_001_000, 4), (False, 7_002_000, 4)])
def test_one_connection_when_post_copy_is_permitted_then_until_qemu_can_do_more(
        post_copy, qemu, connections):
    options = migration.Options(permit_post_copy=post_copy, parallel_connections=4)
    assert migration.one_connection(options, qemu).parallel_connections == connections
