# SPDX-License-Identifier: Apache-2.0
"""Options are checked whole when they are read: at start, and at SIGHUP before any is taken."""
import os

import pytest
from oslo_config import cfg
from oslo_config import types as oslo_types

from nova_lite import conf as nova_conf
from nova_lite.conf import CONF, check, libraries, relations, types
from nova_lite.scheduler import filters, weights
from tests.fixtures.conf import forget_file

PROCESS = 'nova-lite-compute'
OURS = [(section, opt) for module in nova_conf.SECTIONS
        for section, opts in module.list_opts().items() for opt in opts]
# kind: values that it must refuse, besides what its bounds and choices say
BAD = {
    oslo_types.Integer: ['two', '1.5', ''],
    oslo_types.Port: ['abc', '', '-1', '65536'],
    oslo_types.Boolean: ['maybe', ''],
    oslo_types.String: ['nonsense', ''],
    oslo_types.List: ['Nonsense'],
    oslo_types.HostAddress: ['not a host', '[::1]', ''],
    oslo_types.IPAddress: ['compute1', '256.1.1.1', '[::1]', ''],
    types.Float: ['much', 'nan', 'inf', '-inf', ''],
    types.Path: ['relative/path', ''],
    types.Name: ['two words', 'zone:host', ''],
    types.HttpUrl: ['cloud.example.org', 'ftp://cloud.example.org', 'http://', 'http://a:b',
                    'http://a:99999', ''],
    types.LibvirtUri: ['qemuu:///system', 'qemu', 'xen:///system', 'qemu:///a b', ''],
    types.LibvirtUriTemplate: [
        'qemu+tls://dest/system', 'qemu+tls://%s.%s/system', 'qemu+tls://host/system?a=%s',
        'qemu+tls://%s', 'qemu+unix://%s/system', '%s', 'qemu+tcp://[%s/system',
        'qemu+tcp://%s:port/system', ''],
}


def bad_values(opt):
    values = list(BAD[type(opt.type)])
    if isinstance(opt.type, oslo_types.Number) and not isinstance(opt.type, oslo_types.Port):
        values += [str(opt.type.min - 1), str(opt.type.max + 1)]
    return values


WALK = [pytest.param(section, opt, value, id=f'{section}.{opt.name}={value}')
        for section, opt in OURS for value in bad_values(opt)]


@pytest.fixture
def file(tmp_path):
    yield tmp_path / 'nova-lite.conf'
    CONF.reset()
    forget_file()


def write(file, section='DEFAULT', **values):
    lines = ''.join(f'{name} = {value}\n' for name, value in values.items())
    file.write_text(f'[{section}]\n{lines}')


def options(*files, process=PROCESS):
    return check.Options(process, [f'--config-file={path}' for path in files])


def in_force():
    """Every value of ours."""
    return {(section, opt.dest): (CONF if section == 'DEFAULT' else CONF[section])[opt.dest]
            for section, opt in OURS}


@pytest.mark.parametrize('section, opt, value', WALK)
def test_start_when_an_option_is_bad_then_it_is_refused_by_name(file, section, opt, value):
    write(file, section, **{opt.dest: value})
    [fault] = options(file).start().faults
    assert fault.startswith(f'{file}: [{section}]{opt.dest} = {value}'.rstrip()), fault


@pytest.mark.parametrize('section, opt, value', WALK)
def test_sighup_when_an_option_is_bad_then_nothing_of_the_file_is_taken(
        file, section, opt, value):
    write(file, max_concurrent_live_migrations=2)
    started = options(file)
    assert started.start().faults == []
    before = in_force()
    file.write_text('[DEFAULT]\nmax_concurrent_live_migrations = 7\ndebug = true\n'
                    f'[{section}]\n{opt.dest} = {value}\n')
    reading, changed = started.reread()
    assert changed == []
    assert any(fault.startswith(f'{file}: [{section}]{opt.dest} = {value}'.rstrip())
               for fault in reading.faults), reading.faults
    assert in_force() == before


def test_number_of_ours_has_two_bounds():
    assert [f'{section}.{opt.name}' for section, opt in OURS
            if isinstance(opt.type, oslo_types.Number)
            and None in (opt.type.min, opt.type.max)] == []


def test_text_of_ours_has_a_kind_or_choices():
    assert [f'{section}.{opt.name}' for section, opt in OURS
            if type(opt.type) is oslo_types.String and not opt.type.choices] == []


def test_filters_and_weighers_that_may_be_named_are_those_that_there_are():
    from nova_lite.conf import scheduler
    assert set(scheduler.FILTERS) == set(filters.FILTERS)
    assert set(scheduler.WEIGHERS) == set(weights.WEIGHERS)


def test_start_when_several_values_are_bad_then_all_are_named_at_once(file):
    file.write_text('[DEFAULT]\nreport_interval = 0\ndebug = maybe\nrpc_response_timeout = x\n'
                    '[libvirt]\nlive_migration_downtime = 50\n')
    faults = options(file).start().faults
    assert sorted(fault.removeprefix(f'{file}: ').partition(' = ')[0] for fault in faults) == [
        '[DEFAULT]debug', '[DEFAULT]report_interval', '[DEFAULT]rpc_response_timeout',
        '[libvirt]live_migration_downtime']


def test_fault_when_two_files_have_the_option_names_the_one_that_counts(tmp_path, file):
    first, second = tmp_path / 'first.conf', tmp_path / 'second.conf'
    write(first, report_interval='none')
    write(second, host='compute1')
    [fault] = options(first, second).start().faults
    assert fault.startswith(f'{first}: [DEFAULT]report_interval = none')
    write(second, report_interval=5)
    assert options(first, second).start().faults == []


def test_fault_of_a_secret_does_not_show_it(file, monkeypatch):
    opt = cfg.IntOpt('pin', secret=True)
    monkeypatch.setattr(nova_conf.base, 'OPTS', [*nova_conf.base.OPTS, opt])
    write(file, pin='hidden')
    assert options(file).start().faults == [
        f'{file}: [DEFAULT]pin is not valid (its value is not shown)']
    file.write_text('[database]\nhidden\n')
    [fault] = options(file).start().faults
    assert fault.startswith(f'{file}, line 2: ') and 'hidden' not in fault


@pytest.mark.parametrize('make, words', [
    (lambda path: None, 'No such file or directory'),
    (lambda path: path.mkdir(), 'Is a directory'),
    (lambda path: path.write_bytes(b'[DEFAULT]\nhost = \xff\xfe\n'), 'no text in UTF-8'),
    (lambda path: path.write_text('host = compute1\n'), 'line 1'),
    (lambda path: path.write_text('[DEFAULT\nhost = compute1\n'), 'line 1')],
    ids=['missing', 'directory', 'binary', 'no section', 'half a section'])
def test_file_when_it_cannot_be_read_then_one_line_says_why(file, make, words):
    make(file)
    [fault] = options(file).start().faults
    assert fault.startswith(str(file)) and words in fault and '\n' not in fault


def test_sighup_when_the_file_is_gone_then_everything_stays(file):
    write(file, max_concurrent_live_migrations=2)
    started = options(file)
    started.start()
    file.unlink()
    reading, changed = started.reread()
    assert len(reading.faults) == 1 and changed == []
    assert CONF.max_concurrent_live_migrations == 2


def test_sighup_when_the_file_is_good_then_what_may_change_has_changed(file):
    write(file, max_concurrent_live_migrations=2, report_interval=7)
    started = options(file)
    started.start()
    write(file, max_concurrent_live_migrations=3, report_interval=9)
    reading, changed = started.reread()
    assert (reading.faults, changed) == ([], ['[DEFAULT]max_concurrent_live_migrations'])
    assert (CONF.max_concurrent_live_migrations, CONF.report_interval) == (3, 7)
    write(file, report_interval=9)
    assert started.reread()[1] == ['[DEFAULT]max_concurrent_live_migrations']
    assert CONF.max_concurrent_live_migrations == 1


def test_sighup_when_the_file_changes_after_it_was_checked_then_what_was_checked_is_taken(
        file, monkeypatch):
    write(file, max_concurrent_live_migrations=2)
    started = options(file)
    started.start()
    write(file, max_concurrent_live_migrations=3)
    read = started.read

    def and_then_somebody_writes():
        reading = read()
        write(file, max_concurrent_live_migrations='two')
        return reading

    monkeypatch.setattr(started, 'read', and_then_somebody_writes)
    assert started.reread()[1] == ['[DEFAULT]max_concurrent_live_migrations']
    assert CONF.max_concurrent_live_migrations == 3


def test_environment_when_its_value_is_bad_then_the_variable_is_named(file, monkeypatch):
    write(file, host='compute1')
    monkeypatch.setenv('OS_LIBVIRT__LIVE_MIGRATION_DOWNTIME', '50')
    [fault] = options(file).start().faults
    assert fault.startswith('environment variable OS_LIBVIRT__LIVE_MIGRATION_DOWNTIME: ')


@pytest.mark.parametrize('section, good', [
    ('DEFAULT', {'my_ip': '2001:db8::1', 'host': '2001:db8::1'}),
    ('api', {'listen': '::1', 'endpoint': 'https://[2001:db8::1]:8774/compute'}),
    ('libvirt', {'live_migration_inbound_addr': '2001:db8::1',
                 'live_migration_uri': 'qemu+ssh://nova@%s:2222/system?keyfile=/etc/key',
                 'connection_uri': 'qemu+unix:///system?socket=/run/libvirt/sock'}),
    ('libvirt', {'live_migration_uri': 'qemu+tls://%s/system?pkipath=/etc/libvirt/pki'}),
    ('DEFAULT', {'report_interval': 10, 'service_down_time': 5})])
def test_value_when_it_is_good_is_taken(file, section, good):
    write(file, section, **good)
    reading = options(file).start()
    assert (reading.faults, reading.warnings) == ([], [])


# -- values that are bad together ------------------------------------------------------------
TOGETHER = {
    'libvirt.live_migration_tunnelled': {
        'live_migration_tunnelled': 'true', 'live_migration_with_native_tls': 'true'},
    'libvirt.cpu_mode': {'cpu_mode': 'custom'},
    'DEFAULT.lost_host_timeout': {'lost_host_timeout': 30, 'service_down_time': 60},
    'DEFAULT.long_rpc_timeout': {'long_rpc_timeout': 10, 'rpc_response_timeout': 60},
    'api.wrong_passwords_forgiven_after': {
        'wrong_passwords_forgiven_after': 20, 'wrong_password_longest_wait': 60},
}


@pytest.mark.parametrize('relation', relations.RELATIONS, ids=lambda one: one.names[0])
def test_start_when_values_do_not_go_together_then_all_of_them_are_named(file, relation):
    section = relation.names[0].partition('.')[0]
    write(file, section, **TOGETHER[relation.names[0]])
    [fault] = options(file).start().faults
    for name in relation.names:
        assert '[{}]{} = '.format(*name.split('.')) in fault
    assert relation.remedy in fault


def test_sighup_when_a_value_does_not_go_with_one_that_cannot_change_then_it_is_refused(
        file, monkeypatch):
    """The file is good as a whole, and what would be in force is not."""
    relation = relations.Relation(
        ('DEFAULT.max_concurrent_live_migrations', 'DEFAULT.report_interval'),
        lambda most, interval: most <= interval, 'for this test')
    monkeypatch.setattr(relations, 'RELATIONS', (relation,))
    write(file, max_concurrent_live_migrations=2, report_interval=5)
    started = options(file)
    started.start()
    write(file, max_concurrent_live_migrations=9, report_interval=10)
    reading, changed = started.reread()
    assert len(reading.faults) == 1 and changed == []
    assert CONF.max_concurrent_live_migrations == 2


def test_option_that_refers_to_itself_is_a_fault_that_names_it(file):
    write(file, state_path='$state_path/x')
    assert options(file).read().faults == [
        f'{file}: [DEFAULT]state_path = $state_path/x: it refers to itself']


# -- what nobody reads -----------------------------------------------------------------------
def test_unknown_option_and_section_are_warned_of_by_name(file):
    file.write_text('[DEFAULT]\nreprot_interval = 3\n[libvrit]\nvirt_type = kvm\n'
                    '[scheduler]\nlimit = 2\n')
    assert options(file).start().warnings == [
        f'{file}: [DEFAULT]reprot_interval is no option of nova-lite; is report_interval meant?',
        f'{file}: [libvrit] is no section of nova-lite; is libvirt meant?',
        f'{file}: [scheduler] is no section of nova-lite']


@pytest.mark.parametrize('process', libraries.LIBRARIES)
def test_file_of_all_processes_is_warned_of_by_none(file, process):
    file.write_text(
        '[DEFAULT]\ntransport_url = rabbit://\ndebug = true\n[database]\nconnection = sqlite://\n'
        '[api]\nport = 0\n[oslo_messaging_rabbit]\nssl = true\n[oslo_policy]\npolicy_file = x\n'
        '[oslo_messaging_notifications]\ndriver = log\n[keystone_authtoken]\n'
        'auth_type = password\nusername = nova\npassword = hidden\nproject_name = service\n'
        '[filter_scheduler]\nhost_subset_size = 2\n[simulation]\nvcpus = 2\n')
    reading = options(file, process=process).read()
    assert (reading.faults, reading.warnings) == ([], [])


def test_sample_when_every_line_of_it_is_set_then_nothing_is_unknown(file):
    """Every option that the sample explains is one that a process reads."""
    root = os.path.join(os.path.dirname(nova_conf.__file__), '..', '..', 'etc', 'nova-lite')
    with open(os.path.join(root, 'nova-lite.conf.sample'), encoding='utf-8') as sample:
        lines = [line.removeprefix('#') for line in sample
                 if line.startswith('[') or line.startswith('#') and line[1:2].isalpha()
                 and ' = ' in line]
    file.write_text(''.join(lines))
    assert options(file, process='nova-lite-manage').read().warnings == []
