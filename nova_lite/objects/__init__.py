# SPDX-License-Identifier: Apache-2.0
"""What the services talk about, in a form that travels by RPC and knows how to save itself.

In a compute, loading and saving goes through the conductor; elsewhere straight to the database.
The caller cannot tell the difference.
"""
from nova_lite.objects.base import NovaLiteObject
from nova_lite.objects.compute_node import Claim, ComputeNode, ComputeNodeList
from nova_lite.objects.flavor import Flavor, FlavorList
from nova_lite.objects.guest_sighting import GuestSighting, GuestSightingList
from nova_lite.objects.instance import Instance, InstanceList
from nova_lite.objects.instance_action import (
                                               InstanceAction,
                                               InstanceActionEvent,
                                               InstanceActionEventList,
                                               InstanceActionList,
)
from nova_lite.objects.instance_fault import InstanceFault, InstanceFaultList
from nova_lite.objects.migrate_data import LibvirtLiveMigrateData, LiveMigrateData
from nova_lite.objects.migration import Migration
from nova_lite.objects.migration_list import MigrationList
from nova_lite.objects.order import Order, OrderList
from nova_lite.objects.request_spec import RequestSpec, Selection
from nova_lite.objects.service import Service, ServiceList

__all__ = ['Claim', 'ComputeNode', 'ComputeNodeList', 'Flavor', 'FlavorList', 'GuestSighting',
           'GuestSightingList', 'Instance',
           'InstanceAction', 'InstanceActionEvent', 'InstanceActionEventList',
           'InstanceActionList', 'InstanceFault', 'InstanceFaultList', 'InstanceList',
           'LibvirtLiveMigrateData', 'LiveMigrateData', 'Migration', 'MigrationList',
           'NovaLiteObject', 'Order', 'OrderList', 'RequestSpec', 'Selection', 'Service',
           'ServiceList']
