# SPDX-License-Identifier: Apache-2.0
"""Every rule of the API, by resource: who may ask for a migration, and who may see it."""
import itertools

from oslo_policy import policy

from nova_lite.policies import (
    aggregates,
    availability_zones,
    base,
    extensions,
    flavors,
    hypervisors,
    images,
    instance_actions,
    keypairs,
    limits,
    migrate_server,
    migrations,
    server_actions,
    server_location,
    server_metadata,
    server_migrations,
    servers,
    services,
)

MODULES = (base, servers, server_actions, server_location, server_metadata, migrate_server,
           server_migrations, migrations, instance_actions, services, hypervisors, flavors, images,
           availability_zones, aggregates, limits, keypairs, extensions)

# rule: the one that decides in its place when a policy file sets that one and not this one
FALLBACKS = {migrate_server.MIGRATE_LIVE_HOST: migrate_server.MIGRATE_LIVE}


def list_rules() -> list[policy.RuleDefault]:
    """All rules; oslopolicy-sample-generator writes the sample from them."""
    return list(itertools.chain.from_iterable(module.RULES for module in MODULES))
