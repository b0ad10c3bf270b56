# SPDX-License-Identifier: Apache-2.0
"""What works where libvirt-python is not installed, and whose errors are whose."""
import subprocess
import sys

import pytest

from nova_lite import driver_errors
from nova_lite.virt.libvirt import abi, binding

WITHOUT = '''
import sys
sys.modules['libvirt'] = None
from nova_lite import driver_errors
from nova_lite.virt import simulation
from nova_lite.virt.libvirt import abi, binding, driver
assert binding.libvirt is None
connection = simulation.open_connection('simulated:///here', '')
assert connection.getHostname() == 'here'
try:
    connection.lookupByUUIDString('00000000-0000-4000-8000-000000000001')
except binding.libvirtError as error:
    assert error.get_error_code() == abi.Error.NO_DOMAIN
    assert driver_errors.code_of(error) == abi.Error.NO_DOMAIN
    print('refused')
'''


def test_simulation_when_libvirt_python_is_missing_then_works_and_its_errors_are_known():
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', WITHOUT], capture_output=True,
                          text=True, timeout=100)
    assert done.stdout == 'refused\n', done.stderr


@pytest.mark.parametrize(('uri', 'simulated'), [
    ('simulated:///', True), ('simulated:///src?world=/w', True), ('qemu:///system', False),
    ('qemu+tcp://simulated/system', False)])
def test_uri_when_its_scheme_is_simulated_then_so_is_the_hypervisor(uri, simulated):
    assert binding.is_simulated(uri) == simulated


def test_error_when_made_then_says_what_one_of_libvirts_would():
    error = binding.make_error(abi.Error.SYSTEM_ERROR, 'it is down')
    assert (error.get_error_code(), error.get_error_message(), str(error)) == (
        38, 'it is down', 'it is down')
    assert driver_errors.meaning_of(error) is driver_errors.Meaning.PASSING
