# SPDX-License-Identifier: Apache-2.0
"""Who asks: what goes along with a call, and what does not."""
import datetime

import pytest

from nova_lite import context, exception


def test_context_when_sent_and_received_then_is_the_same_without_its_token():
    ctxt = context.RequestContext(user_id='u', project_id='p', roles=['member'],
                                  auth_token='secret')
    received = context.RequestContext.from_dict(ctxt.to_dict())
    assert 'secret' not in str(ctxt.to_dict())
    assert (received.user_id, received.project_id, received.request_id, received.timestamp,
            received.is_admin) == ('u', 'p', ctxt.request_id, ctxt.timestamp, False)


def test_context_when_nothing_of_it_can_be_read_then_is_nobodys():
    ctxt = context.RequestContext.from_dict(None)
    assert (ctxt.user_id, ctxt.is_admin) == (None, False)
    assert ctxt.timestamp.tzinfo == datetime.UTC


def test_admin_when_it_is_not_said_then_follows_from_the_role():
    assert context.RequestContext(roles=['admin']).is_admin
    assert not context.RequestContext(roles=['admin'], is_admin=False).is_admin


def test_elevated_when_used_then_the_users_own_stays_as_it_is():
    ctxt = context.RequestContext(user_id='u', roles=['member'])
    elevated = ctxt.elevated()
    assert elevated.is_admin and elevated.roles == ['member', 'admin']
    assert (elevated.user_id, elevated.request_id) == ('u', ctxt.request_id)
    assert not ctxt.is_admin and ctxt.roles == ['member']


def test_can_when_policy_refuses_then_raises_or_says_no(monkeypatch):
    def refuse(ctxt, action, target):
        raise exception.PolicyNotAuthorized(action=action)

    monkeypatch.setattr('nova_lite.policy.authorize', refuse)
    ctxt = context.RequestContext()
    assert ctxt.can('x', fatal=False) is False
    with pytest.raises(exception.PolicyNotAuthorized):
        ctxt.can('x')


def test_admin_context_when_made_then_is_not_the_threads():
    before = context.oslo_context.get_current()
    assert context.get_admin_context().is_admin
    assert context.oslo_context.get_current() is before
