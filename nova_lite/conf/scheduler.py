# SPDX-License-Identifier: Apache-2.0
"""[filter_scheduler]: which hosts may take a guest, and which is best."""
from oslo_config import cfg
from oslo_config import types as oslo_types

from nova_lite.conf import types

FILTERS = ['ComputeFilter', 'CoreFilter', 'RamFilter', 'DiskFilter', 'ComputeCapabilitiesFilter',
           'ImagePropertiesFilter']
WEIGHERS = ['RAMWeigher', 'CPUWeigher', 'DiskWeigher', 'HypervisorVersionWeigher',
            'NumInstancesWeigher']
MULTIPLIER = types.Float(min=-1e6, max=1e6)

OPTS = [
    cfg.IntOpt('host_subset_size', default=1, min=1, max=types.MOST, help="""
A host is picked at random among this many best ones, so that many requests at once spread out.
"""),
    cfg.ListOpt('enabled_filters', default=FILTERS,
                item_type=oslo_types.String(choices=FILTERS), help="""
Filters in the order in which they are asked; a host must pass all.
"""),
    cfg.ListOpt('weight_classes', default=WEIGHERS, item_type=oslo_types.String(choices=WEIGHERS),
                help='Weighers whose normalised weights, times their multiplier, are added up.'),
    cfg.Opt('ram_weight_multiplier', type=MULTIPLIER, default=1.0, help="""
Multiplier of free memory; negative fills hosts up one by one.
"""),
    cfg.Opt('cpu_weight_multiplier', type=MULTIPLIER, default=1.0,
            help='Multiplier of free vCPUs.'),
    cfg.Opt('disk_weight_multiplier', type=MULTIPLIER, default=1.0,
            help='Multiplier of free disk.'),
    cfg.Opt('hypervisor_version_weight_multiplier', type=MULTIPLIER, default=1.0, help="""
Multiplier of the hypervisor's version; positive prefers newer ones.
"""),
    cfg.Opt('num_instances_weight_multiplier', type=MULTIPLIER, default=0.0, help="""
Multiplier of the number of guests; negative spreads them.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(OPTS, group='filter_scheduler')


def list_opts() -> dict[str, list]:
    return {'filter_scheduler': OPTS}
