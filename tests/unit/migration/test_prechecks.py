# SPDX-License-Identifier: Apache-2.0
"""The table of checks, walked: what each lets pass, what it refuses, and with which words."""
import collections
import types
from pathlib import Path

import pytest

from nova_lite.migration import power_state, prechecks
from nova_lite.migration.precheck_facts import Cpu
from nova_lite.migration.prechecks import PRECHECKS

GIB = 1024 ** 3


def domain(**values):
    return types.SimpleNamespace(**{'active': True, 'departing': False, 'incoming': False,
                                    'half': False, 'words': 'running', **values})


def node(**values):
    return types.SimpleNamespace(**{
        'memory_mb': 1000, 'memory_mb_used': 100, 'ram_allocation_ratio': 1.0,
        'hypervisor_type': 'QEMU', 'hypervisor_version': 10_000_000, **values})


# by place: facts that no check of it refuses
GOOD = {
    prechecks.SERVER: {'power_state': power_state.RUNNING, 'has_flavor': True},
    prechecks.SOURCE_HOST: {'is_up': lambda host: True},
    prechecks.NAMED_HOST: {},
    prechecks.FORCED_HOST: {'is_up': lambda host: True, 'memory_mb': 899, 'dest_node': node()},
    prechecks.ANY_HOST: {'source_node': node(), 'dest_node': node(), 'skip_version_check': False},
    prechecks.DESTINATION: {'domain': None, 'missing_image': '', 'cpu': Cpu('EPYC', 'a', True),
                            'not_writable': '', 'instances_path': '/i'},
    prechecks.SOURCE: {'domain': domain(), 'wanted': None, 'is_shared_path': False,
                       'has_disks': True, 'path': '/i/u', 'is_tunnelled': False,
                       'over_commit': False, 'available_mb': 2048,
                       'sizes': [{'virt_disk_size': 2 * GIB, 'disk_size': GIB}]},
    prechecks.SOURCE_DISK: {'path': '/i/u/disk', 'backing': '/images/base', 'is_image': True,
                            'images_path': '/images', 'recorded': 'a' * 64, 'found': 'a' * 64},
    prechecks.PREPARATION: {'domain': None, 'is_shared_path': True, 'has_directory': True,
                            'path': '/i/u'},
    prechecks.PREPARATION_DISK: {'path': '/i/u/disk', 'backing': '/images/base', 'is_image': True,
                                 'images_path': '/images', 'recorded': 'a' * 64,
                                 'found': 'a' * 64},
}
DOWN = {'is_up': lambda host: False}
# by check: what makes it refuse, and a word of the refusal
REFUSED = {
    'server_is_active': [({'power_state': power_state.SHUTDOWN}, 'shutdown')],
    'flavor': [({'has_flavor': False}, 'the flavor of instance u cannot be read')],
    'source_is_up': [(DOWN, 'a')],
    'not_the_source': [({'host': 'a'}, 'u')],
    'destination_is_up': [(DOWN, 'b')],
    'memory': [({'memory_mb': 900}, 'Lack of memory.host:900 <= instance:900')],
    'hypervisor_type': [({'dest_node': node(hypervisor_type='Xen')}, 'Xen')],
    'hypervisor_version': [({'dest_node': node(hypervisor_version=9_000_000)}, '9000000')],
    'no_leftover': [({'domain': domain(words='has migrated')}, 'virsh undefine u')],
    'boot_images': [({'missing_image': 'Image vmlinuz'}, 'on host b: Image vmlinuz')],
    'cpu': [({'cpu': Cpu('EPYC', 'a', False)},
             'Unacceptable CPU info: the CPU of host b lacks something of EPYC of host a')],
    'instances_path': [({'not_writable': 'Read-only'}, 'cannot write to /i on host b: Read-only')],
    'guest_is_here': [({'domain': None}, 'does not run on host b: it is not defined'),
                      ({'domain': domain(active=False, words='crashed')}, 'it crashed')],
    'guest_is_whole': [({'domain': domain(**{name: True})}, 'on the move already')
                       for name in ('departing', 'incoming', 'half')],
    'storage': [({'wanted': True, 'is_shared_path': True}, '/i/u is not on local storage'),
                ({'wanted': False}, '/i/u is not on shared storage')],
    'tunnel': [({'is_tunnelled': True}, 'unset live_migration_tunnelled')],
    'disk_space': [({'available_mb': 2047}, 'Disk of instance u is too large'),
                   ({'available_mb': None, 'over_commit': True}, 'too large')],
    'image_directory': [({'is_image': False}, 'not in the image directory /images')],
    'backing_is_unchanged': [({'found': 'b' * 64}, 'was replaced or changed')],
    'still_no_leftover': [({'domain': domain()}, 'already has a guest')],
    'shared_directory': [({'has_directory': False}, '/i/u is not seen on host b')],
    'backing_is_the_same': [({'found': 'b' * 64}, 'the image directories differ')],
}
# by check: what it lets pass although it looks like a refusal
PASSED = {
    'server_is_active': [{'power_state': power_state.PAUSED}],
    'hypervisor_version': [{'dest_node': node(hypervisor_version=9), 'skip_version_check': True},
                           {'source_node': node(hypervisor_version=9)}],
    'cpu': [{'cpu': None}],
    'tunnel': [{'is_tunnelled': True, 'has_disks': False},
               {'is_tunnelled': True, 'is_shared_path': True}],
    'disk_space': [{'available_mb': 0, 'has_disks': False},
                   {'available_mb': 0, 'is_shared_path': True},
                   {'available_mb': 1024, 'over_commit': True}],
    'image_directory': [{'is_image': False, 'backing': ''}],
    'backing_is_unchanged': [{'recorded': ''}, {'found': 'b', 'backing': ''}],
    'shared_directory': [{'is_shared_path': False, 'has_directory': False}],
    'backing_is_the_same': [{'recorded': ''}],
}


def facts(where, **values):
    return types.SimpleNamespace(**{'instance_uuid': 'u', 'source': 'a', 'host': 'b',
                                    **GOOD[where], **values})


@pytest.mark.parametrize('row', PRECHECKS, ids=lambda row: row.name)
def test_check_when_all_is_well_or_only_looks_bad_then_passes(row):
    for values in ({}, *PASSED.get(row.name, ())):
        row.check(facts(row.where, **values))


@pytest.mark.parametrize('row', PRECHECKS, ids=lambda row: row.name)
def test_check_when_something_is_wrong_then_refuses_as_the_table_says(row):
    told = set()
    for values, words in REFUSED[row.name]:
        with pytest.raises(row.refusals, match=words) as caught:
            row.check(facts(row.where, **values))
        told.add(caught.type)
        with pytest.raises(row.refusals):       # also when the whole place is asked
            prechecks.run(row.where, facts(row.where, **values))
    assert told == set(row.refusals)


@pytest.mark.parametrize('where', prechecks.PLACES)
def test_place_when_all_is_well_then_asks_every_question_and_passes(where):
    asked = [row.name for row in PRECHECKS if row.where == where]
    assert asked
    prechecks.run(where, facts(where))


def test_place_when_an_early_check_refuses_then_later_facts_are_not_read():
    class Facts(types.SimpleNamespace):
        @property
        def sizes(self):
            raise AssertionError('read')

    values = vars(facts(prechecks.SOURCE, domain=None))
    del values['sizes']
    with pytest.raises(prechecks.exception.MigrationPreCheckError):
        prechecks.run(prechecks.SOURCE, Facts(**values))


def test_table_when_read_then_names_are_unique_and_nothing_is_left_over():
    names = collections.Counter(row.name for row in PRECHECKS)
    assert set(names.values()) == {1}
    assert set(REFUSED) == set(names) and set(PASSED) <= set(names)
    assert {row.where for row in PRECHECKS} == set(prechecks.PLACES) == set(GOOD)


def test_pformat_when_the_document_shows_it_is_this_one():
    document = Path(prechecks.__file__).parents[2] / 'doc' / 'prechecks.md'
    assert prechecks.pformat() in document.read_text()
