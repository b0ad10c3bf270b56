# SPDX-License-Identifier: Apache-2.0
"""A simulated copy goes on when the process of its compute is killed, as QEMU's would."""
import signal
import subprocess
import sys
import threading

from nova_lite import objects
from nova_lite.virt import driver as virt_driver
from nova_lite.virt.simulation import faults, state
from tests.fixtures.conf import options  # noqa: F401
from tests.fixtures.hypervisors import SimulatedHypervisors

COMPUTE = '''
import pathlib
import sys
from tests.contract import moves
from tests.fixtures.conf import Options
from tests.fixtures.hypervisors import SimulatedHypervisors

directory, options = pathlib.Path(sys.argv[1]), Options()
options.read_file(directory)
pair = SimulatedHypervisors(options, directory)
instance = pair.new_instance()
instance.uuid = sys.argv[2]
pair.source.spawn(pair.ctxt, instance)
data = moves.prepare(pair, instance)
moves.move(pair, instance, data, lambda progress: print('copying', flush=True))
'''


def test_copy_when_its_process_is_killed_then_another_one_takes_it_up(
        options, tmp_path):     # noqa: F811
    pair = SimulatedHypervisors(options, tmp_path)
    instance = pair.new_instance()
    order = pair.world.script('live_migration@50', faults.HANG)
    compute = subprocess.Popen([sys.executable, '-W', 'ignore', '-c', COMPUTE, str(tmp_path),
                                instance.uuid], stdout=subprocess.PIPE, text=True)
    try:
        assert compute.stdout.readline() == 'copying\n'
        compute.send_signal(signal.SIGKILL)
    finally:
        compute.kill()
        compute.wait(10)
        compute.stdout.close()
    assert pair.world.job(instance.uuid).active
    before = pair.world.ticks('src', instance.uuid)
    watched, outcomes = threading.Event(), []
    adopted = threading.Thread(target=lambda: outcomes.append(
        pair.restarted_source().adopt_live_migration(
            pair.ctxt, instance, 'dst', objects.LibvirtLiveMigrateData(block_migration=False),
            lambda progress: watched.set())))
    adopted.start()
    assert watched.wait(20)
    pair.world.release(order)
    adopted.join(20)
    assert outcomes[0].status == virt_driver.COMPLETED
    assert pair.world.places(instance.uuid) == {'dst': state.RUNNING}
    assert pair.world.ticks('dst', instance.uuid) >= before
    assert pair.world.violations == []
    pair.close()
