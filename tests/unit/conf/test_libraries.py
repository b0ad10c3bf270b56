# SPDX-License-Identifier: Apache-2.0
"""Options of the libraries that a process uses, and of those that are not installed."""
from nova_lite.conf import check, libraries


def test_read_when_the_library_of_an_extra_is_not_installed_then_its_section_is_let_be(
        tmp_path, monkeypatch):
    """One file may serve several hosts, and only some check tokens."""
    file = tmp_path / 'nova-lite.conf'
    file.write_text('[database]\nconnection = sqlite://\n[keystone_authtoken]\n'
                    'auth_type = password\n[databse]\nconnection = sqlite://\n')
    installed = libraries._of
    monkeypatch.setattr(libraries, '_of', lambda library: (
        [] if library in libraries.OPTIONAL else installed(library)))
    reading = check.Options('nova-lite-compute', ['--config-file', str(file)]).read()
    [warning] = reading.warnings
    assert '[databse] is no section of nova-lite' in warning and reading.faults == []


def test_absent_when_all_is_installed_then_no_section_is():
    assert libraries.absent() == set()


def test_options_when_a_process_opens_no_database_then_it_has_none_of_oslo_db():
    sections = {section for section, _ in libraries.options('nova-lite-compute')}
    assert 'database' not in sections and 'oslo_messaging_rabbit' in sections
