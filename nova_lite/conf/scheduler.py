# SPDX-License-Identifier: Apache-2.0
"""[filter_scheduler]: which hosts may take a guest, and which is best."""
from oslo_config import cfg

FILTERS = ['ComputeFilter', 'CoreFilter', 'RamFilter', 'DiskFilter', 'ComputeCapabilitiesFilter',
           'ImagePropertiesFilter']

OPTS = [
    cfg.IntOpt('host_subset_size', default=1, min=1, help="""
A host is picked at random among this many best ones, so that many requests at once spread out.
"""),
    cfg.ListOpt('enabled_filters', default=FILTERS, help="""
Filters in the order in which they are asked; a host must pass all.
"""),
    cfg.ListOpt('weight_classes',
                default=['RAMWeigher', 'CPUWeigher', 'DiskWeigher', 'HypervisorVersionWeigher',
                         'NumInstancesWeigher'],
                help='Weighers whose normalised weights, times their multiplier, are added up.'),
    cfg.FloatOpt('ram_weight_multiplier', default=1.0, help="""
Multiplier of free memory; negative fills hosts up one by one.
"""),
    cfg.FloatOpt('cpu_weight_multiplier', default=1.0, help='Multiplier of free vCPUs.'),
    cfg.FloatOpt('disk_weight_multiplier', default=1.0, help='Multiplier of free disk.'),
    cfg.FloatOpt('hypervisor_version_weight_multiplier', default=1.0, help="""
Multiplier of the hypervisor's version; positive prefers newer ones.
"""),
    cfg.FloatOpt('num_instances_weight_multiplier', default=0.0, help="""
Multiplier of the number of guests; negative spreads them.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(OPTS, group='filter_scheduler')


def list_opts() -> dict[str, list]:
    return {'filter_scheduler': OPTS}
