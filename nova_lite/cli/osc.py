# SPDX-License-Identifier: Apache-2.0
"""The plugin of python-openstackclient: with it, ``openstack`` has what only nova-lite can do.

Which commands, and under which names there, stands in setup.cfg under ``openstack.nova_lite.v1``.
"""
import argparse
from typing import Any

from nova_lite.cli import auth, client

API_NAME = 'nova_lite'
API_VERSION_OPTION = 'os_nova_lite_api_version'
API_VERSIONS = ('1',)
DEFAULT_API_VERSION = '1'


def make_client(instance: Any) -> client.Client:
    """Over the session that ``openstack`` has; ``instance`` is its ClientManager."""
    where = {'region_name': instance.region_name, 'interface': instance.interface}
    asked = instance.get_configuration().get('compute_api_version')
    return client.Client(auth.connection_over(
        instance.session, instance.get_endpoint_for_service_type('compute', **where), where,
        asked))


def build_option_parser(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """No options: the version of the compute API is the one that counts."""
    return parser
