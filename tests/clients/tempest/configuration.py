# SPDX-License-Identifier: Apache-2.0
"""tempest.conf for a nova-lite with Keystone: what there is, and what there is not."""
import configparser
from pathlib import Path

from tests.clients.cloud import Cloud
from tests.fixtures import keystone as keystones

# Nova's features that nova-lite has no part of. Tempest skips their tests.
ABSENT = (
    'attach_encrypted_volume', 'change_password', 'cold_migration', 'config_drive',
    'console_output', 'disk_config', 'interface_attach', 'metadata_service', 'personality',
    'rescue', 'resize', 'serial_console', 'shelve', 'snapshot', 'spice_console',
    'stable_rescue', 'swap_volume', 'vnc_console', 'volume_backed_live_migration',
    'volume_multiattach')
PRESENT = ('block_migration_for_live_migration', 'live_migrate_back_and_forth', 'live_migration',
           'pause', 'suspend')
# There is no Neutron. The classes of live migration are skipped without one, though they ask it
# for nothing where create_isolated_networks is off; what Tempest asks at their end finds nothing.
SERVICES = {'nova': True, 'glance': True, 'neutron': True, 'cinder': False, 'swift': False,
            'horizon': False}
ROLES = 'admin,manager,member,reader'


def write(directory: Path, keystone: keystones.Keystone, cloud: Cloud, image: str,
          flavors: tuple[str, str]) -> Path:
    """Write tempest.conf into ``directory`` and return its path. Image and flavors by name."""
    account = keystone.credentials()
    image = cloud.sdk.image.find_image(image, ignore_missing=False).id
    flavors = [cloud.sdk.compute.find_flavor(name, ignore_missing=False).id for name in flavors]
    hosts = len(cloud.get('/os-hypervisors')['hypervisors'])
    sections = {
        'DEFAULT': {'log_file': directory / 'tempest.log', 'use_stderr': False},
        'oslo_concurrency': {'lock_path': directory / 'locks'},
        'identity': {'uri_v3': keystone.url, 'auth_version': 'v3', 'region': keystones.REGION,
                     'v3_endpoint_type': 'public'},
        'auth': {'use_dynamic_credentials': True, 'create_isolated_networks': False,
                 'admin_username': account['username'], 'admin_password': account['password'],
                 'admin_project_name': account['project_name'],
                 'admin_domain_name': account['user_domain_name']},
        'compute': {'image_ref': image, 'image_ref_alt': image, 'flavor_ref': flavors[0],
                    'flavor_ref_alt': flavors[1], 'min_compute_nodes': hosts,
                    'max_microversion': 'latest', 'build_interval': 1, 'build_timeout': 120,
                    'ready_wait': 0},
        'compute-feature-enabled': {**dict.fromkeys(ABSENT, False), **dict.fromkeys(PRESENT, True),
                                    'api_extensions': 'all', 'nova_policy_roles': ROLES},
        'enforce_scope': {'nova': True},
        'service_available': SERVICES,
        'network': {'catalog_type': 'compute'},
        'validation': {'run_validation': False},
    }
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict({name: {key: str(value) for key, value in options.items()}
                      for name, options in sections.items()})
    path = directory / 'tempest.conf'
    with open(path, 'w', encoding='utf-8') as file:
        parser.write(file)
    return path
