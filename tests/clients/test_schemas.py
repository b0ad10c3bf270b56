# SPDX-License-Identifier: Apache-2.0
"""Every answer, at every microversion, by Tempest's clients: their schemas allow nothing else.

Each check is what the clients do; they raise where status, body or version header are not Nova's.
"""
import pytest
from tempest.lib import auth, exceptions
from tempest.lib.services import compute
from tempest.lib.services.compute import base_compute_client

from tests.clients import clouds
from tests.clients.all_in_one import RESTLESS
from tests.fixtures.keystone import PASSWORD

MINORS = range(1, 81)
ISSUED = (1, 23, 25, 30, 34, 53, 59, 65, 68, 73, 80)     # where a shape of live migration changes
# Tempest's schema of these versions does not know of the uuid that came with 2.59
NO_UUID_YET = range(59, 62)


class Clients:
    """Tempest's clients of one user; ``self(NAME)`` makes the one whose class is NAMEClient."""

    def __init__(self, keystone, user='admin', project='admin'):
        credentials = auth.KeystoneV3Credentials(
            username=user, password=PASSWORD, project_name=project,
            user_domain_name='Default', project_domain_name='Default')
        self._provider = auth.KeystoneV3AuthProvider(credentials, keystone.url)
        self._made = {}

    def __call__(self, name):
        if name not in self._made:
            self._made[name] = getattr(compute, f'{name}Client')(
                self._provider, 'compute', clouds.EMBEDDED_REGION)
        return self._made[name]


@pytest.fixture(scope='module')
def cloud(keystone, tmp_path_factory):
    """A shape does not depend on what runs the guests, and simulated ones do not slow it down."""
    with clouds.embedded(tmp_path_factory.mktemp('embedded'), keystone) as cloud:
        yield cloud


@pytest.fixture(scope='module')
def admin(cloud, keystone):
    return Clients(keystone)


@pytest.fixture(scope='module')
def reader(cloud, keystone):
    """Another user of the administrator's project."""
    keystone.add_user('looker', 'admin', 'reader')
    return Clients(keystone, 'looker')


@pytest.fixture(scope='module')
def fleet(cloud):
    """By kind: a server that runs, one that has moved, one that moves, one that went wrong."""
    made = {'running': cloud.boot('running', purpose='schemas'), 'moved': cloud.boot('moved'),
            'moving': cloud.boot('moving', flavor='m1.tiny', **RESTLESS)}
    for kind in ('moved', 'moving'):
        cloud.sdk.compute.live_migrate_server(made[kind])
    assert cloud.wait_migrated(made['moved'])['status'] == 'completed'
    cloud.wait_running(made['moving'])
    huge = cloud.sdk.compute.create_flavor(name='huge', ram=2 ** 30, vcpus=1, disk=0).id
    made['broken'] = cloud.sdk.compute.create_server(
        name='broken', image_id=cloud.server(made['running'])['image']['id'], flavor_id=huge,
        networks='none').id
    cloud.wait(lambda: cloud.server(made['broken'])['status'] == 'ERROR', 'broken')
    yield made
    number = cloud.migrations(made['moving'])[0]['id']
    cloud.sdk.compute.abort_server_migration(number, made['moving'])
    for server in made.values():
        cloud.delete(server)
    cloud.sdk.compute.delete_flavor(huge)


@pytest.fixture
def at_each(monkeypatch):
    """``at_each(minors, check, *arguments)``; says at which version a check did not pass."""
    def walk(minors, check, *arguments):
        for minor in minors:
            monkeypatch.setattr(base_compute_client, 'COMPUTE_MICROVERSION', f'2.{minor}')
            try:
                check(minor, *arguments)
            except (AssertionError, exceptions.TempestException) as error:
                raise AssertionError(f'at 2.{minor}: {error}') from error
    return walk


def look_at_servers(minor, clients, fleet):
    servers = clients('Servers')
    servers.list_servers()
    servers.list_servers(limit=1)
    servers.list_servers(detail=True)
    for server in fleet.values():
        servers.show_server(server)
    servers.list_server_metadata(fleet['running'])
    servers.show_server_metadata_item(fleet['running'], 'purpose')


def look_at_actions(minor, clients, fleet):
    servers = clients('Servers')
    for server in fleet.values():
        actions = servers.list_instance_actions(server)['instanceActions']
        servers.show_instance_action(server, actions[0]['request_id'])


def look_at_surroundings(minor, clients):
    flavors = clients('Flavors')
    flavors.list_flavors()
    listed = flavors.list_flavors(detail=True)['flavors']
    flavors.show_flavor(listed[0]['id'])
    flavors.list_flavor_extra_specs(listed[0]['id'])
    clients('Limits').show_limits()
    clients('Extensions').list_extensions()
    clients('KeyPairs').list_keypairs()
    clients('AvailabilityZone').list_availability_zones()
    if minor <= 35:
        images = clients('Images')
        images.list_images()
        images.show_image(images.list_images(detail=True)['images'][0]['id'])


def look_at_hosts(minor, clients):
    hypervisors = clients('Hypervisor')
    brief = hypervisors.list_hypervisors()['hypervisors']
    hypervisors.list_hypervisors(detail=True)
    hypervisors.show_hypervisor(brief[0]['id'])
    hypervisors.show_hypervisor_statistics()
    if minor < 53:
        hypervisors.search_hypervisor('compute')
        hypervisors.list_servers_on_hypervisor('compute1')
    clients('Services').list_services()
    clients('AvailabilityZone').list_availability_zones(detail=True)


def look_at_migrations(minor, clients, fleet):
    statuses = {each['status'] for each in clients('Migrations').list_migrations()['migrations']}
    assert statuses >= {'completed', 'running'}
    if minor >= 23 and minor not in NO_UUID_YET:
        [migration] = clients('Servers').list_in_progress_live_migration(
            fleet['moving'])['migrations']
        assert migration['status'] == 'running'


def change_services(minor, clients):
    services = clients('Services')
    [service] = services.list_services(host='compute3', binary='nova-compute')['services']
    if minor >= 53:
        services.update_service(service['id'], status='disabled', disabled_reason='why')
        services.update_service(service['id'], status='enabled', forced_down=False)
        return
    target = {'host': 'compute3', 'binary': 'nova-compute'}
    services.disable_service(**target)
    services.disable_log_reason(**target, disabled_reason='why')
    if minor >= 11:
        services.update_forced_down(**target, forced_down=False)
    services.enable_service(**target)


def change_servers(minor, clients, fleet):
    servers, server = clients('Servers'), fleet['running']
    for each in (server, fleet['broken']):
        servers.update_server(each, name=f'at-2.{minor}')
    servers.update_server_metadata(server, {'version': str(minor)})
    servers.set_server_metadata_item(server, 'purpose', {'purpose': 'schemas'})
    servers.delete_server_metadata_item(server, 'version')


def make_and_act(minor, clients, cloud, fleet):
    """Servers are made, act, and are deleted at some versions only: they take a moment each."""
    flavors, servers = clients('Flavors'), clients('Servers')
    flavor = flavors.create_flavor(name=f'at-2.{minor}', ram=128, vcpus=1, disk=0)['flavor']['id']
    image = cloud.server(fleet['running'])['image']['id']
    networks = {'networks': 'none'} if minor >= 37 else {}
    server = servers.create_server(name='made', imageRef=image, flavorRef=flavor,
                                   **networks)['server']['id']
    cloud.wait(lambda: cloud.server(server)['status'] == 'ACTIVE', 'made')
    for act, status in ((servers.pause_server, 'PAUSED'), (servers.unpause_server, 'ACTIVE'),
                        (servers.stop_server, 'SHUTOFF'), (servers.start_server, 'ACTIVE')):
        act(server)
        cloud.wait(lambda: cloud.server(server)['status'] == status, status)
    servers.lock_server(server)
    servers.unlock_server(server)
    disk = {'disk_over_commit': False} if minor < 25 else {}
    servers.live_migrate_server(server, host=None, block_migration=False, **disk)
    assert cloud.wait_migrated(server)['status'] == 'completed'
    servers.delete_server(server)
    cloud.wait(lambda: cloud.sdk.compute.get(f'/servers/{server}').status_code == 404, 'deleted')
    flavors.delete_flavor(flavor)


@pytest.mark.parametrize('look', [look_at_servers, look_at_actions, look_at_migrations])
def test_answer_about_servers_when_looked_at_then_is_of_the_schema(at_each, admin, fleet, look):
    at_each(MINORS, look, admin, fleet)


@pytest.mark.parametrize('look', [look_at_hosts, look_at_surroundings])
def test_answer_about_hosts_when_looked_at_then_is_of_the_schema(at_each, admin, look):
    at_each(MINORS, look, admin)


def test_answer_when_a_reader_looks_then_is_of_the_schema(at_each, reader, fleet):
    at_each(ISSUED, look_at_servers, reader, fleet)
    at_each(ISSUED, look_at_actions, reader, fleet)
    at_each(ISSUED, look_at_surroundings, reader)


def test_answer_when_things_change_then_is_of_the_schema(at_each, admin, fleet):
    at_each(MINORS, change_services, admin)
    at_each(MINORS, change_servers, admin, fleet)


def test_answer_when_servers_are_made_and_act_then_is_of_the_schema(at_each, admin, cloud, fleet):
    at_each((1, 23, 34, 53, 68, 80), make_and_act, admin, cloud, fleet)


def test_versions_when_listed_then_are_of_the_schema(admin):
    versions = admin('Versions')
    [version] = versions.list_versions()['versions']
    shown = versions.get_version_by_url(version['links'][0]['href'])['version']
    assert (shown['min_version'], shown['version']) == ('2.1', '2.80')
