# SPDX-License-Identifier: Apache-2.0
"""The whole API as one table. A test walks it: every row has a rule, and refuses who lacks it."""
from nova_lite.api.controllers import (
    aggregates,
    availability_zones,
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
    server_create,
    server_location,
    server_metadata,
    server_migrations,
    servers,
    services,
)
from nova_lite.api.routing import IMAGE, Route
from nova_lite.api.schemas import flavors as flavor_schemas
from nova_lite.api.schemas import hypervisors as hypervisor_schemas
from nova_lite.api.schemas import images as image_schemas
from nova_lite.api.schemas import instance_actions as instance_action_schemas
from nova_lite.api.schemas import limits as limit_schemas
from nova_lite.api.schemas import migrate_server as migrate_schemas
from nova_lite.api.schemas import migrations as migration_schemas
from nova_lite.api.schemas import server_actions as action_schemas
from nova_lite.api.schemas import server_location as location_schemas
from nova_lite.api.schemas import server_metadata as metadata_schemas
from nova_lite.api.schemas import server_migrations as server_migration_schemas
from nova_lite.api.schemas import servers as server_schemas
from nova_lite.api.schemas import services as service_schemas
from nova_lite.api.schemas.answers import hosts as host_answers
from nova_lite.api.schemas.answers import migrations as migration_answers
from nova_lite.api.schemas.answers import servers as server_answers
from nova_lite.api.schemas.answers import surroundings as other_answers
from nova_lite.policies import aggregates as aggregate_rules
from nova_lite.policies import availability_zones as zone_rules
from nova_lite.policies import extensions as extension_rules
from nova_lite.policies import flavors as flavor_rules
from nova_lite.policies import hypervisors as hypervisor_rules
from nova_lite.policies import images as image_rules
from nova_lite.policies import instance_actions as instance_action_rules
from nova_lite.policies import keypairs as keypair_rules
from nova_lite.policies import limits as limit_rules
from nova_lite.policies import migrate_server as migrate_rules
from nova_lite.policies import migrations as migration_rules
from nova_lite.policies import server_actions as action_rules
from nova_lite.policies import server_location as location_rules
from nova_lite.policies import server_metadata as metadata_rules
from nova_lite.policies import server_migrations as server_migration_rules
from nova_lite.policies import servers as server_rules
from nova_lite.policies import services as service_rules

SERVER = '/servers/{server_id}'
ACTION = SERVER + '/action'
METADATA = SERVER + '/metadata'
LOCATION = SERVER + '/location'
MIGRATIONS = SERVER + '/migrations'
MIGRATION = MIGRATIONS + '/{migration_id}'
ACTIONS = SERVER + '/os-instance-actions'
FLAVOR = '/flavors/{flavor_id}'

SERVERS = (
    Route('GET', '/servers', servers.index, server_rules.INDEX, query=server_schemas.LIST,
          answer=server_answers.LIST),
    Route('POST', '/servers', server_create.create, server_rules.CREATE, 202,
          body=server_schemas.CREATE, answer=server_answers.CREATE),
    Route('GET', '/servers/detail', servers.detail, server_rules.DETAIL,
          query=server_schemas.LIST, answer=server_answers.DETAIL),
    Route('GET', SERVER, servers.show, server_rules.SHOW, answer=server_answers.SHOW),
    Route('PUT', SERVER, servers.update, server_rules.UPDATE, body=server_schemas.UPDATE,
          answer=server_answers.UPDATE),
    Route('DELETE', SERVER, servers.delete, server_rules.DELETE, 204),
    Route('GET', LOCATION, server_location.show, location_rules.SHOW, own=True,
          answer=server_answers.LOCATION),
    Route('POST', LOCATION, server_location.accept, location_rules.ACCEPT, own=True,
          body=location_schemas.ACCEPT, answer=server_answers.LOCATION),
    Route('GET', METADATA, server_metadata.index, metadata_rules.INDEX,
          answer=server_answers.METADATA),
    Route('POST', METADATA, server_metadata.create, metadata_rules.CREATE,
          body=metadata_schemas.ALL, answer=server_answers.METADATA),
    Route('PUT', METADATA, server_metadata.update_all, metadata_rules.UPDATE_ALL,
          body=metadata_schemas.ALL, answer=server_answers.METADATA),
    Route('GET', METADATA + '/{key}', server_metadata.show, metadata_rules.SHOW,
          answer=server_answers.META),
    Route('PUT', METADATA + '/{key}', server_metadata.update, metadata_rules.UPDATE,
          body=metadata_schemas.ONE, answer=server_answers.META),
    Route('DELETE', METADATA + '/{key}', server_metadata.delete, metadata_rules.DELETE, 204),
)


def _action(name, handler, rule, body=None):
    """An action on a server: 202 and nothing to say."""
    return Route('POST', ACTION, handler, rule, 202, action=name,
                 body=body or action_schemas.bare(name))


SERVER_ACTIONS = (
    _action(migrate_schemas.ACTION, migrate_server.migrate_live, migrate_rules.MIGRATE_LIVE,
            migrate_schemas.MIGRATE_LIVE),
    _action('os-start', server_actions.start, server_rules.START),
    _action('os-stop', server_actions.stop, server_rules.STOP),
    _action('pause', server_actions.pause, action_rules.PAUSE),
    _action('unpause', server_actions.unpause, action_rules.UNPAUSE),
    _action('suspend', server_actions.suspend, action_rules.SUSPEND),
    _action('resume', server_actions.resume, action_rules.RESUME),
    _action('reboot', server_actions.reboot, server_rules.REBOOT, action_schemas.REBOOT),
    _action('lock', server_actions.lock, action_rules.LOCK, action_schemas.LOCK),
    _action('unlock', server_actions.unlock, action_rules.UNLOCK),
    _action('os-resetState', server_actions.reset_state, action_rules.RESET_STATE,
            action_schemas.RESET_STATE),
)

LIVE_MIGRATIONS = (
    Route('GET', MIGRATIONS, server_migrations.index, server_migration_rules.INDEX, since=23,
          answer=migration_answers.SERVER_LIST),
    Route('GET', MIGRATION, server_migrations.show, server_migration_rules.SHOW, since=23,
          answer=migration_answers.SERVER_SHOW),
    Route('DELETE', MIGRATION, server_migrations.delete, server_migration_rules.DELETE, 202,
          since=24),
    Route('POST', MIGRATION + '/action', server_migrations.force_complete,
          server_migration_rules.FORCE_COMPLETE, 202, action='force_complete', since=22,
          body=server_migration_schemas.FORCE_COMPLETE),
    Route('PATCH', MIGRATION, server_migrations.update, server_migration_rules.UPDATE, 202,
          since=23, body=server_migration_schemas.TUNE, own=True),
    Route('GET', MIGRATION + '/events', server_migrations.events, server_migration_rules.SHOW,
          since=23, own=True, answer=migration_answers.EVENTS),
    Route('GET', '/os-migrations', migrations.index, migration_rules.INDEX,
          query=migration_schemas.LIST, answer=migration_answers.LIST),
    Route('GET', ACTIONS, instance_actions.index, instance_action_rules.LIST, deleted_since=21,
          query=instance_action_schemas.LIST, answer=server_answers.ACTIONS),
    Route('GET', ACTIONS + '/{request_id}', instance_actions.show, instance_action_rules.SHOW,
          deleted_since=21, answer=server_answers.ACTION),
)

HOSTS = (
    Route('GET', '/os-services', services.index, service_rules.LIST, query=service_schemas.LIST,
          answer=host_answers.SERVICES),
    Route('PUT', '/os-services/enable', services.enable, service_rules.UPDATE, until=52,
          body=service_schemas.ENABLE, answer=host_answers.SERVICE_STATUS),
    Route('PUT', '/os-services/disable', services.disable, service_rules.UPDATE, until=52,
          body=service_schemas.DISABLE, answer=host_answers.SERVICE_STATUS),
    Route('PUT', '/os-services/disable-log-reason', services.disable_log_reason,
          service_rules.UPDATE, until=52, body=service_schemas.DISABLE_LOG_REASON,
          answer=host_answers.SERVICE_REASON),
    Route('PUT', '/os-services/force-down', services.force_down, service_rules.UPDATE, since=11,
          until=52, body=service_schemas.FORCE_DOWN, answer=host_answers.SERVICE_FORCED),
    Route('PUT', '/os-services/{service_id}', services.update, service_rules.UPDATE, since=53,
          body=service_schemas.UPDATE, answer=host_answers.SERVICE),
    Route('DELETE', '/os-services/{service_id}', services.delete, service_rules.DELETE, 204),
    Route('GET', '/os-hypervisors', hypervisors.index, hypervisor_rules.LIST,
          query=hypervisor_schemas.LIST, answer=host_answers.HYPERVISORS),
    Route('GET', '/os-hypervisors/detail', hypervisors.detail, hypervisor_rules.LIST_DETAIL,
          query=hypervisor_schemas.LIST, answer=host_answers.HYPERVISORS_DETAIL),
    Route('GET', '/os-hypervisors/statistics', hypervisors.statistics,
          hypervisor_rules.STATISTICS, answer=host_answers.STATISTICS),
    Route('GET', '/os-hypervisors/{hypervisor_id}', hypervisors.show, hypervisor_rules.SHOW,
          query=hypervisor_schemas.SHOW, answer=host_answers.HYPERVISOR),
    Route('GET', '/os-hypervisors/{hypervisor_id}/uptime', hypervisors.uptime,
          hypervisor_rules.UPTIME, answer=host_answers.UPTIME),
    Route('GET', '/os-hypervisors/{pattern}/search', hypervisors.search, hypervisor_rules.SEARCH,
          until=52, answer=host_answers.HYPERVISOR_SEARCH),
    Route('GET', '/os-hypervisors/{pattern}/servers', hypervisors.servers,
          hypervisor_rules.SERVERS, until=52, answer=host_answers.HYPERVISOR_SERVERS),
    Route('GET', '/os-aggregates', aggregates.index, aggregate_rules.INDEX,
          answer=host_answers.AGGREGATES),
    Route('GET', '/os-aggregates/{aggregate_id}', aggregates.show, aggregate_rules.SHOW,
          answer=host_answers.AGGREGATE),
    Route('GET', '/os-availability-zone', availability_zones.index, zone_rules.LIST,
          answer=host_answers.ZONES),
    Route('GET', '/os-availability-zone/detail', availability_zones.detail, zone_rules.DETAIL,
          answer=host_answers.ZONES_DETAIL),
)

SURROUNDINGS = (
    Route('GET', '/flavors', flavors.index, flavor_rules.LOOK, query=flavor_schemas.LIST,
          answer=other_answers.FLAVORS),
    Route('POST', '/flavors', flavors.create, flavor_rules.CREATE, body=flavor_schemas.CREATE,
          answer=other_answers.FLAVOR),
    Route('GET', '/flavors/detail', flavors.detail, flavor_rules.LOOK,
          query=flavor_schemas.LIST, answer=other_answers.FLAVORS_DETAIL),
    Route('GET', FLAVOR, flavors.show, flavor_rules.LOOK, answer=other_answers.FLAVOR),
    Route('DELETE', FLAVOR, flavors.delete, flavor_rules.DELETE, 202),
    Route('GET', FLAVOR + '/os-extra_specs', flavors.extra_specs_index,
          flavor_rules.EXTRA_SPECS_INDEX, answer=other_answers.EXTRA_SPECS),
    Route('GET', FLAVOR + '/os-extra_specs/{key}', flavors.extra_specs_show,
          flavor_rules.EXTRA_SPECS_SHOW, answer=other_answers.EXTRA_SPEC),
    Route('GET', '/limits', limits.show, limit_rules.SHOW, query=limit_schemas.SHOW,
          answer=other_answers.LIMITS),
    Route('GET', '/extensions', extensions.index, extension_rules.LOOK,
          answer=other_answers.EXTENSIONS),
    Route('GET', '/extensions/{alias}', extensions.show, extension_rules.LOOK,
          answer=other_answers.EXTENSION),
    Route('GET', '/os-keypairs', keypairs.index, keypair_rules.INDEX,
          answer=other_answers.KEYPAIRS),
    Route('GET', '/os-keypairs/{keypair_name}', keypairs.show, keypair_rules.SHOW,
          answer=other_answers.KEYPAIR),
    Route('GET', '/images', images.proxy_index, image_rules.INDEX, until=35,
          query=image_schemas.PROXY_LIST, answer=other_answers.PROXY_IMAGES),
    Route('GET', '/images/detail', images.proxy_detail, image_rules.INDEX, until=35,
          query=image_schemas.PROXY_LIST, answer=other_answers.PROXY_IMAGES_DETAIL),
    Route('GET', '/images/{image_id}', images.proxy_show, image_rules.SHOW, until=35,
          answer=other_answers.PROXY_IMAGE),
    Route('GET', '/images', images.index, image_rules.INDEX, root=IMAGE,
          query=image_schemas.LIST, answer=other_answers.IMAGES),
    Route('GET', '/images/{image_id}', images.show, image_rules.SHOW, root=IMAGE,
          answer=other_answers.IMAGE),
)

ROUTES = SERVERS + SERVER_ACTIONS + LIVE_MIGRATIONS + HOSTS + SURROUNDINGS
