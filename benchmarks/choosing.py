# SPDX-License-Identifier: Apache-2.0
"""Asks the scheduler for destinations: ``python -m benchmarks.choosing COUNT [OPTIONS]``.

Prints the milliseconds of each answer as JSON. The question is the conductor's own for a live
migration without a host, made for servers all over the cloud; the claim is given back before the
next one.
"""
import json
import random
import sys
import time

from oslo_utils import uuidutils

from nova_lite import context, objects, rpc, service
from nova_lite.cmd import common
from nova_lite.conf import CONF, database
from nova_lite.scheduler.rpcapi import SchedulerAPI

WARM_UP = 20


def one(ctxt: context.RequestContext, scheduler: SchedulerAPI, uuid: str) -> float:
    """Milliseconds from the question to the answer."""
    instance = objects.Instance.get_by_uuid(ctxt, uuid)
    source = objects.ComputeNode.get_by_host(ctxt, instance.host)
    consumer = uuidutils.generate_uuid()
    spec = objects.RequestSpec.for_instance(ctxt, instance, consumer_uuid=consumer,
                                            ignore_hosts=[instance.host])
    spec.hypervisor_type = source.hypervisor_type
    spec.source_hypervisor_version = source.hypervisor_version
    began = time.perf_counter()
    chosen = scheduler.select_destinations(ctxt, spec=spec)
    taken = (time.perf_counter() - began) * 1000
    assert chosen.service_host != instance.host
    objects.Claim.drop(ctxt, consumer)
    return taken


def main() -> None:
    count, sys.argv[1:] = int(sys.argv[1]), sys.argv[2:]
    database.register_opts(CONF)
    common.prepare('nova-lite-bench')
    service.connect()
    import sqlalchemy as sa

    from nova_lite.db import models, session
    with session.reader() as s:
        uuids = list(s.scalars(sa.select(models.Instance.uuid).where(
            models.Instance.deleted == 0)))
    ctxt, scheduler = context.get_admin_context(), SchedulerAPI()
    chosen = random.Random(1).choices(uuids, k=WARM_UP + count)
    print(json.dumps([one(ctxt, scheduler, uuid) for uuid in chosen][WARM_UP:]))
    rpc.cleanup()


if __name__ == '__main__':
    main()
