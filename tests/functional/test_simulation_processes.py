# SPDX-License-Identifier: Apache-2.0
"""A simulated copy goes on when the process of its compute is killed, as QEMU's would."""
import signal
import subprocess
import sys

from nova_lite import objects
from nova_lite.virt import driver as virt_driver
from nova_lite.virt.simulation import state
from nova_lite.virt.simulation.store import DirectoryStore
from nova_lite.virt.simulation.world import World
from tests.contract import moves
from tests.fixtures.hypervisors import SimulatedHypervisors

COMPUTE = '''
import sys
from tests.contract import moves
from tests.fixtures.hypervisors import SimulatedHypervisors
from nova_lite.virt.simulation.store import DirectoryStore
from nova_lite.virt.simulation.world import World

pair = SimulatedHypervisors(World(DirectoryStore(sys.argv[1])))
instance = pair.new_instance()
instance.uuid = sys.argv[2]
pair.source.spawn(pair.ctxt, instance)
data = moves.prepare(pair, instance)
moves.move(pair, instance, data, lambda progress: print('copying', flush=True))
'''


def test_copy_when_its_process_is_killed_then_another_one_takes_it_up(tmp_path):
    pair = SimulatedHypervisors(World(DirectoryStore(str(tmp_path))))
    instance = pair.new_instance()
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
    outcome = moves.adopt(pair, instance, objects.LiveMigrateData(block_migration=False))
    assert outcome.status == virt_driver.COMPLETED
    assert pair.world.places(instance.uuid) == {'dst': state.RUNNING}
    assert pair.world.ticks('dst', instance.uuid) >= before
    assert pair.world.violations == []
