# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite.virt.libvirt import abi

PREFIXES = {
    abi.Migrate: 'VIR_MIGRATE_', abi.Error: 'VIR_ERR_', abi.State: 'VIR_DOMAIN_',
    abi.Running: 'VIR_DOMAIN_RUNNING_', abi.Paused: 'VIR_DOMAIN_PAUSED_',
    abi.Shutoff: 'VIR_DOMAIN_SHUTOFF_', abi.Job: 'VIR_DOMAIN_JOB_',
    abi.Operation: 'VIR_DOMAIN_JOB_OPERATION_', abi.Compare: 'VIR_CPU_COMPARE_',
    abi.Xml: 'VIR_DOMAIN_XML_', abi.Undefine: 'VIR_DOMAIN_UNDEFINE_',
    abi.Lifecycle: 'VIR_DOMAIN_EVENT_', abi.EventId: 'VIR_DOMAIN_EVENT_ID_',
}


def test_numbers_when_libvirt_is_there_are_its_own():
    libvirt = pytest.importorskip(
        'libvirt', reason='libvirt-python is not installed', exc_type=ImportError)
    wrong = {f'{prefix}{member.name}': (int(member), getattr(libvirt, f'{prefix}{member.name}'))
             for kind, prefix in PREFIXES.items() for member in kind
             if member is not abi.Error.NONE
             and int(member) != getattr(libvirt, f'{prefix}{member.name}')}
    assert wrong == {}
    names = {key: value for key, value in vars(abi.Param).items() if key.isupper()}
    assert names == {key: getattr(libvirt, f'VIR_MIGRATE_PARAM_{key}') for key in names}
    single = {'VIR_CONNECT_LIST_DOMAINS_ACTIVE': abi.LIST_ACTIVE,
              'VIR_DOMAIN_START_FORCE_BOOT': abi.START_FORCE_BOOT,
              'VIR_NODE_MEMORY_STATS_ALL_CELLS': abi.MEMORY_STATS_ALL_CELLS}
    assert single == {key: getattr(libvirt, key) for key in single}
    details = {name: pair for name, pair in vars(abi).items()
               if name.partition('_')[0] in abi.Lifecycle.__members__}
    assert len(details) == 6
    assert details == {name: (getattr(libvirt, f"VIR_DOMAIN_EVENT_{name.partition('_')[0]}"),
                              getattr(libvirt, f'VIR_DOMAIN_EVENT_{name}')) for name in details}
