# SPDX-License-Identifier: Apache-2.0
"""/extensions: the parts of the API by the names from before microversions, for old clients."""
from typing import Any

import webob.exc

from nova_lite.api import wsgi

# alias -> name; what Nova lists and is served here
EXTENSIONS = {
    'flavors': 'Flavors', 'limits': 'Limits',
    'images': 'Images', 'os-admin-actions': 'AdminActions', 'os-aggregates': 'Aggregates',
    'os-availability-zone': 'AvailabilityZone',
    'os-extended-availability-zone': 'ExtendedAvailabilityZone',
    'os-extended-server-attributes': 'ExtendedServerAttributes',
    'os-extended-status': 'ExtendedStatus', 'os-extended-volumes': 'ExtendedVolumes',
    'os-flavor-extra-specs': 'FlavorExtraSpecs', 'os-flavor-manage': 'FlavorManage',
    'os-flavor-rxtx': 'FlavorRxtx', 'os-hypervisors': 'Hypervisors',
    'os-instance-actions': 'InstanceActions', 'os-keypairs': 'Keypairs',
    'os-lock-server': 'LockServer', 'os-migrate-server': 'MigrateServer',
    'os-migrations': 'Migrations', 'os-multiple-create': 'MultipleCreate',
    'os-pause-server': 'PauseServer', 'os-server-usage': 'ServerUsage',
    'os-services': 'Services', 'os-suspend-server': 'SuspendServer',
    'os-used-limits': 'UsedLimits', 'server-metadata': 'ServerMetadata',
    'server-migrations': 'ServerMigrations', 'servers': 'Servers', 'versions': 'Versions',
}
# They never change any more; Nova gives all the same date too.
UPDATED = '2014-12-03T00:00:00Z'
NAMESPACE = 'https://docs.openstack.org/api-ref/compute/'


def index(request: wsgi.Request) -> dict[str, Any]:
    return {'extensions': [_view(alias) for alias in sorted(EXTENSIONS)]}


def show(request: wsgi.Request, alias: str) -> dict[str, Any]:
    if alias not in EXTENSIONS:
        raise webob.exc.HTTPNotFound(f'There is no extension {alias}')
    return {'extension': _view(alias)}


def _view(alias: str) -> dict[str, Any]:
    name = EXTENSIONS[alias]
    return {'alias': alias, 'name': name, 'description': f'{name} of this API.', 'links': [],
            'updated': UPDATED, 'namespace': NAMESPACE}
