# SPDX-License-Identifier: Apache-2.0
"""Small files stand for the disks of simulated hosts: sizes, backing files and contents."""
import os

import pytest

from nova_lite.virt.simulation import files
from nova_lite.virt.simulation.files import GIB, SimulatedStorage
from tests.unit.virt.simulation.acts import UUID, boot, make_disks


@pytest.fixture
def images(options, tmp_path):
    """The directory of images, with one of them."""
    (tmp_path / 'images').mkdir()
    (tmp_path / 'images' / 'base').write_bytes(b'image')
    options.set('images', path=str(tmp_path / 'images'))
    options.set(instances_path='/instances')
    return str(tmp_path / 'images')


def test_files_when_removed_under_a_guest_then_that_is_written_down(world):
    for host in ('src', 'dst'):
        world.configure(host, storage='shared')
    boot(world, disks=['disk'])
    world.remove_files('dst', UUID)
    assert world.violations == [f'the files of guest {UUID} were removed under it on src']


def test_disk_when_written_then_is_as_large_as_it_says_and_lies_on_its_backing(tmp_path):
    path = str(tmp_path / 'disk')
    files.write_disk(path, 3 * GIB, '/images/base')
    facts = files.facts_of(path)
    assert (facts.virtual_size, facts.backing_file) == (3 * GIB, '/images/base')
    assert facts.allocated == 3 * GIB // files.ALLOCATED_SHARE
    assert os.path.getsize(path) < 8192


def test_content_when_disks_are_made_then_each_has_its_own_and_none_has_none(world):
    for host in ('src', 'dst'):
        make_disks(world, host)
    contents = [files.content(world.path, host, UUID) for host in ('src', 'dst')]
    assert len(set(contents)) == 2 and all(contents)
    assert files.content(world.path, 'src', UUID, 'disk.swap') == ''


def test_storage_when_two_hosts_name_the_same_path_then_each_has_its_own_directory(
        world, images):
    here, there = SimulatedStorage(world, 'src'), SimulatedStorage(world, 'dst')
    assert here.real(f'/instances/{UUID}') != there.real(f'/instances/{UUID}')
    world.configure('dst', storage='src')
    assert here.real(f'/instances/{UUID}') == there.real(f'/instances/{UUID}')
    assert here.real('/elsewhere') == '/elsewhere'


def test_capacity_when_there_are_disks_then_they_take_of_it(world, images):
    world.configure('src', local_gb=10)
    make_disks(world, 'src', disks=('disk', 'disk.eph0'))
    assert SimulatedStorage(world, 'src').capacity() == (
        10 * GIB, 10 * GIB - 2 * GIB // files.ALLOCATED_SHARE)


def test_image_when_replaced_on_a_host_then_only_that_host_sees_the_other(world, images):
    path = f'{images}/base'
    with world.replaced_image('src', 'base'):
        other = SimulatedStorage(world, 'src').real(path)
        assert other != path and os.path.getsize(other) == os.path.getsize(path)
        assert SimulatedStorage(world, 'dst').real(path) == path
    assert SimulatedStorage(world, 'src').real(path) == path


def test_missing_when_a_disk_is_gone_then_names_it(world):
    boot(world, disks=['disk'])
    with world.look('src') as now:
        guest = now.guests[UUID]['src']
        assert files.missing(now, guest) == ''
        os.unlink(os.path.join(files.of_guest(now, guest), 'disk'))
        assert files.missing(now, guest).endswith(f'{UUID}/disk')


def test_create_beside_when_files_are_there_then_they_stay(world):
    make_disks(world, 'src')
    assert world.create_disks('src', 'dst', UUID)
    content = files.content(world.path, 'dst', UUID)
    assert not world.create_disks('src', 'dst', UUID)
    assert files.content(world.path, 'dst', UUID) == content


def test_probes_when_a_check_has_left_one_then_is_found(world):
    (name,) = ['.probe-1']
    open(os.path.join(files.directory(world.path, 'dst'), name), 'w').close()
    assert world.probes() == [name]
