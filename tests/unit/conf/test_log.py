# SPDX-License-Identifier: Apache-2.0
"""Options of the log that it could not be begun with are faults like all others."""
import pytest

from nova_lite.conf import log

GOOD = dict.fromkeys(log.FORMATS, '%(asctime)s %(process)d %(message)s 100%%') | {
    'log_file': None, 'log_dir': None, 'log_config_append': None,
    'default_log_levels': ['amqp=WARN', 'oslo.messaging=INFO', 'x=TRACE']}


def faults(writes=True, **values):
    return log.faults(lambda _section, name: (GOOD | values)[name], writes)


def test_faults_when_there_is_none_then_none(tmp_path):
    assert faults() == []
    assert faults(log_file='x.log', log_dir=str(tmp_path)) == []
    assert faults(**dict.fromkeys(log.FORMATS)) == []


@pytest.mark.parametrize('name, value, why', [
    ('default_log_levels', ['amqp=WARN', 'foo'], 'foo: a logger and its level are needed'),
    ('default_log_levels', ['=WARN'], 'a logger and its level are needed'),
    ('default_log_levels', ['amqp=LOUD'], 'amqp=LOUD: a logger and its level are needed'),
    ('logging_context_format_string', '%(message)q', 'unsupported format character'),
    ('logging_default_format_string', '%(message)', 'incomplete format'),
    ('logging_exception_prefix', '%s %s', 'not enough arguments'),
    ('log_file', '/no/such/directory/x', 'cannot be written'),
    ('log_dir', '/no/such/directory', 'no directory in which'),
    ('log_config_append', '/no/such/file', 'No such file'),
    ('log_config_append', '/dev/zero/x', 'Not a directory')])
def test_faults_when_an_option_is_of_no_use_then_it_is_named(name, value, why):
    [line] = faults(**{name: value})
    assert line.startswith(f'[DEFAULT]{name} = {value}: ') and why in line


def test_faults_when_the_log_would_be_a_directory_or_is_described_by_nonsense_then_named(tmp_path):
    assert 'cannot be written' in faults(log_file=str(tmp_path))[0]
    (tmp_path / 'x').write_bytes(b'\xff\xfe')
    assert 'this is no description of loggers' in faults(log_config_append=str(tmp_path / 'x'))[0]
    (tmp_path / 'x').write_text('no section = 1')
    assert 'this is no description of loggers' in faults(log_config_append=str(tmp_path / 'x'))[0]


def test_faults_when_the_directory_is_only_others_to_write_then_one_for_who_writes(
        tmp_path, monkeypatch):
    monkeypatch.setattr('os.access', lambda *_: False)
    for values in ({'log_dir': str(tmp_path)}, {'log_file': str(tmp_path / 'x')}):
        assert len(faults(**values)) == 1
        assert faults(writes=False, **values) == []
    assert len(faults(writes=False, log_dir='/no/such/directory')) == 1
