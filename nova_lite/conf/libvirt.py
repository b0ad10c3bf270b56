# SPDX-License-Identifier: Apache-2.0
"""[libvirt]: the hypervisor and how its guests move. Names and defaults are Nova's."""
from oslo_config import cfg

from nova_lite.conf import types

GUEST_OPTS = [
    cfg.Opt('connection_uri', type=types.LibvirtUri(), default='qemu:///system',
            help="""
libvirt of this host; simulated:/// for the simulated hypervisor, of which no guest is real.
"""),
    cfg.StrOpt('virt_type', default='kvm', choices=['kvm', 'qemu'], help="""
kvm, or qemu for emulation where the host has no hardware virtualisation.
"""),
    cfg.StrOpt('cpu_mode', choices=['host-model', 'maximum', 'custom', 'none'], help="""
CPU that guests see. By default host-model for kvm and none (the emulator's default) for qemu.
"""),
    cfg.Opt('cpu_model', type=types.Name(), help="""
Named model of libvirt, for cpu_mode=custom, which needs one.
"""),
    cfg.Opt('machine_type', type=types.Name(), help="""
Machine type of new guests, which must exist on every host; by default libvirt's.
"""),
    cfg.IntOpt('wait_soft_reboot_seconds', default=120, min=0, max=types.LONGEST, help="""
Seconds a guest may take to shut down for a soft reboot before it is rebooted hard.
"""),
]

MIGRATION_OPTS = [
    cfg.Opt('live_migration_uri', type=types.LibvirtUriTemplate(), help="""
URI of the destination's libvirt, with %s for its host name; overrides live_migration_scheme.
"""),
    cfg.StrOpt('live_migration_scheme', choices=types.TRANSPORTS, help="""
Transport to the destination's libvirt: qemu+SCHEME://HOST/system. By default tcp.
"""),
    cfg.HostAddressOpt('live_migration_inbound_addr', help="""
Address of this host that guests are copied to; by default what the source resolves.
"""),
    cfg.BoolOpt('live_migration_tunnelled', default=False, help="""
Copy through libvirt's own connection. Cannot be combined with live_migration_with_native_tls.
"""),
    cfg.BoolOpt('live_migration_with_native_tls', default=False, help="""
Encrypt the copy with QEMU's own TLS, by the certificates of qemu.conf.
"""),
    cfg.IntOpt('live_migration_bandwidth', default=0, min=0, max=types.MOST, mutable=True, help="""
The most MiB/s a copy may use; 0: libvirt's default.
"""),
    cfg.IntOpt('live_migration_downtime', default=500, min=100, max=2_000_000,
               mutable=True, help="""
The longest pause of the guest in ms at the switch-over, reached after
live_migration_downtime_steps steps.
"""),
    cfg.IntOpt('live_migration_downtime_steps', default=10, min=3, max=1000,
               mutable=True, help="""
Steps in which the allowed pause grows to live_migration_downtime.
"""),
    cfg.IntOpt('live_migration_downtime_delay', default=75, min=3,
               max=types.LONGEST, mutable=True, help="""
Seconds between two steps for each GiB of the guest's data.
"""),
    cfg.IntOpt('live_migration_completion_timeout', default=800, min=0,
               max=types.LONGEST, mutable=True, help="""
Seconds a copy may take for each GiB of the guest's data; 0: no limit.
"""),
    cfg.StrOpt('live_migration_timeout_action', default='abort', mutable=True,
               choices=[('abort', 'the guest stays at the source'),
                        ('force_complete', 'the guest is paused, or switched to post-copy')],
               help='What happens when live_migration_completion_timeout is over.'),
    cfg.BoolOpt('live_migration_permit_post_copy', default=False, mutable=True, help="""
Let a copy switch to post-copy.
"""),
    cfg.StrOpt('live_migration_resume_post_copy', default='auto', mutable=True,
               choices=[('auto', "unless the destination's libvirt is known to crash at it"),
                        ('never', 'wait until QEMU goes on by itself'),
                        ('always', "for a libvirt whose builder has mended what auto avoids")],
               help='Whether a post-copy that lost its connection is connected again.'),
    cfg.BoolOpt('live_migration_permit_auto_converge', default=False, mutable=True, help="""
Let QEMU slow the guest's CPUs until the copy converges. Not used with post-copy.
"""),
    cfg.IntOpt('live_migration_parallel_connections', default=1, min=1, max=255,
               mutable=True, help="""
Connections of one copy. A copy that may switch to post-copy has one before QEMU 10.1.
"""),
    cfg.IntOpt('live_migration_monitor_interval', default=5, min=1,
               max=types.LONGEST, mutable=True, help="""
Seconds between two savings of a copy's progress.
"""),
]

WORKAROUND_OPTS = [
    cfg.BoolOpt('skip_cpu_compare_on_dest', default=False, help="""
Do not compare the guest's CPU with the destination's before a migration.
"""),
    cfg.BoolOpt('skip_hypervisor_version_check_on_lm', default=False, help="""
Let a guest move to a host with an older hypervisor.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(GUEST_OPTS + MIGRATION_OPTS, group='libvirt')
    conf.register_opts(WORKAROUND_OPTS, group='workarounds')


def list_opts() -> dict[str, list]:
    return {'libvirt': GUEST_OPTS + MIGRATION_OPTS, 'workarounds': WORKAROUND_OPTS}
