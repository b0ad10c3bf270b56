# SPDX-License-Identifier: Apache-2.0
import os

import pytest
from oslo_policy import policy as oslo_policy

from nova_lite import context, exception, policies, policy
from nova_lite.policies import migrate_server, servers
from tests.fixtures.conf import options  # noqa: F401


@pytest.fixture
def rules(tmp_path, options):     # noqa: F811
    """The policy file, which does not exist yet."""
    options.set('oslo_policy', policy_file=str(tmp_path / 'policy.yaml'),
                policy_dirs=[str(tmp_path / 'policy.d')])
    policy.reset()
    yield tmp_path / 'policy.yaml'
    policy.reset()


def caller(*roles, project='p1', user='u1'):
    return context.RequestContext(user_id=user, project_id=project, roles=list(roles),
                                  overwrite=False)


def allowed(ctxt, rule, project='p1'):
    return ctxt.can(rule, {'project_id': project, 'user_id': 'u1'}, fatal=False)


def write(path, text):
    """A change that a file system with coarse times shows too."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(before + 10 ** 9, before + 10 ** 9))


def test_every_rule_is_documented():
    bases = {rule.name for rule in policies.base.RULES}
    for rule in policies.list_rules():
        assert rule.description, rule.name
        if rule.name not in bases:
            assert isinstance(rule, oslo_policy.DocumentedRuleDefault), rule.name
            assert rule.operations, rule.name


def test_rule_names_are_unique():
    names = [rule.name for rule in policies.list_rules()]
    assert len(names) == len(set(names))


def test_enforcer_for_the_sample_generator_knows_all_rules(rules):
    assert set(policy.get_enforcer().registered_rules) == {
        rule.name for rule in policies.list_rules()}


# nova.md 6: rule -> least role that may, in the own project
DEFAULTS = {
    'os_compute_api:os-migrate-server:migrate_live': 'manager',
    'os_compute_api:os-migrate-server:migrate_live:host': 'admin',
    'os_compute_api:servers:migrations:index': 'manager',
    'os_compute_api:servers:migrations:index:host': 'admin',
    'os_compute_api:servers:migrations:show': 'admin',
    'os_compute_api:servers:migrations:force_complete': 'manager',
    'os_compute_api:servers:migrations:delete': 'manager',
    'os_compute_api:os-migrations:index': 'manager',
    'os_compute_api:os-migrations:index:all_projects': 'admin',
    'os_compute_api:os-migrations:index:host': 'admin',
    'os_compute_api:os-services:list': 'admin',
    'os_compute_api:os-services:update': 'admin',
    'os_compute_api:os-services:delete': 'admin',
    'os_compute_api:os-hypervisors:list': 'admin',
    'os_compute_api:os-hypervisors:list-detail': 'admin',
    'os_compute_api:os-hypervisors:show': 'admin',
    'os_compute_api:os-hypervisors:statistics': 'admin',
    'os_compute_api:os-hypervisors:uptime': 'admin',
    'os_compute_api:os-hypervisors:search': 'admin',
    'os_compute_api:os-hypervisors:servers': 'admin',
    'os_compute_api:os-instance-actions:list': 'reader',
    'os_compute_api:os-instance-actions:show': 'reader',
    'os_compute_api:os-instance-actions:events': 'admin',
    'os_compute_api:os-instance-actions:events:details': 'admin',
    'os_compute_api:servers:index': 'reader',
    'os_compute_api:servers:detail': 'reader',
    'os_compute_api:servers:show': 'reader',
    'os_compute_api:servers:index:get_all_tenants': 'admin',
    'os_compute_api:servers:detail:get_all_tenants': 'admin',
    'os_compute_api:servers:allow_all_filters': 'admin',
    'os_compute_api:servers:show:host_status': 'admin',
    'os_compute_api:servers:create': 'member',
    'os_compute_api:servers:create:forced_host': 'admin',
    'os_compute_api:servers:update': 'member',
    'os_compute_api:servers:delete': 'member',
    'os_compute_api:servers:start': 'member',
    'os_compute_api:servers:stop': 'member',
    'os_compute_api:servers:reboot': 'member',
    'os_compute_api:os-pause-server:pause': 'member',
    'os_compute_api:os-pause-server:unpause': 'member',
    'os_compute_api:os-suspend-server:suspend': 'member',
    'os_compute_api:os-suspend-server:resume': 'member',
    'os_compute_api:os-lock-server:lock': 'member',
    'os_compute_api:os-lock-server:unlock': 'member',
    'os_compute_api:os-lock-server:unlock:unlock_override': 'admin',
    'os_compute_api:os-admin-actions:reset_state': 'admin',
    'os_compute_api:os-extended-server-attributes': 'admin',
}
CHAIN = ['reader', 'member', 'manager', 'admin']


@pytest.mark.parametrize('rule', DEFAULTS)
def test_default_is_novas(rules, rule):
    """Each role alone, without the ones it implies."""
    least = DEFAULTS[rule]
    for role in CHAIN:
        assert allowed(caller(role), rule) is (role in (least, 'admin')), role
        # only an administrator may reach into another project
        assert allowed(caller(role, project='p2'), rule) is (role == 'admin'), role


def test_authorize_names_the_rule_in_the_error(rules):
    with pytest.raises(exception.PolicyNotAuthorized) as caught:
        policy.authorize(caller('reader'), servers.DELETE)
    assert servers.DELETE in caught.value.format_message()


def test_authorize_without_target_means_the_own_project(rules):
    assert policy.authorize(caller('reader'), servers.INDEX)


def test_authorize_an_unknown_rule_is_an_error_of_ours(rules):
    with pytest.raises(oslo_policy.PolicyNotRegistered):
        policy.authorize(caller('admin'), 'os_compute_api:nothing')


def test_system_scoped_token_is_refused(rules):
    ctxt = context.RequestContext(user_id='u1', system_scope='all', roles=['admin'],
                                  overwrite=False)
    with pytest.raises(exception.PolicyNotAuthorized):
        policy.authorize(ctxt, servers.INDEX)


def test_policy_file_that_appears_takes_effect(rules):
    assert not allowed(caller('reader'), servers.DELETE)
    write(rules, f'"{servers.DELETE}": "role:reader"\n')
    assert allowed(caller('reader'), servers.DELETE)


def test_policy_file_that_changes_takes_effect(rules):
    write(rules, f'"{servers.DELETE}": "role:reader"\n')
    assert allowed(caller('reader'), servers.DELETE)
    write(rules, f'"{servers.DELETE}": "role:gardener"\n')
    assert not allowed(caller('reader'), servers.DELETE)
    assert allowed(caller('gardener'), servers.DELETE)


def test_policy_file_that_goes_leaves_the_defaults(rules):
    write(rules, f'"{servers.DELETE}": "role:reader"\n')
    assert allowed(caller('reader'), servers.DELETE)
    rules.unlink()
    assert not allowed(caller('reader'), servers.DELETE)


def test_policy_directory_is_read_again_too(rules):
    directory = rules.parent / 'policy.d'
    directory.mkdir()
    assert not allowed(caller('reader'), servers.DELETE)
    write(directory / 'own.yaml', f'"{servers.DELETE}": "role:reader"\n')
    assert allowed(caller('reader'), servers.DELETE)


@pytest.mark.parametrize('broken', [
    'no: [yaml', '- a list', f'"{servers.DELETE}": "rule:nowhere"',
    f'"{servers.DELETE}": "rule:{servers.DELETE}"'])
def test_broken_policy_file_leaves_what_was_in_force(rules, broken, caplog):
    write(rules, f'"{servers.DELETE}": "role:reader"\n')
    assert allowed(caller('reader'), servers.DELETE)
    write(rules, broken)
    for _ in range(3):
        assert allowed(caller('reader'), servers.DELETE)
    said = [record for record in caplog.records if 'stay in force' in record.getMessage()]
    assert len(said) == 1
    write(rules, f'"{servers.DELETE}": "role:gardener"\n')
    assert not allowed(caller('reader'), servers.DELETE)


def test_broken_policy_file_at_start_is_refused(rules):
    write(rules, 'no: [yaml')
    with pytest.raises(exception.ConfigInvalid, match='policy file'):
        policy.load()


def test_rule_for_a_given_host_follows_an_overridden_one_for_any_host(rules):
    """As in Nova: who opened migrate_live to members before the rules were split keeps that."""
    write(rules, f'"{migrate_server.MIGRATE_LIVE}": "role:member"\n')
    assert allowed(caller('member'), migrate_server.MIGRATE_LIVE_HOST)
    write(rules, f'"{migrate_server.MIGRATE_LIVE}": "role:member"\n'
                 f'"{migrate_server.MIGRATE_LIVE_HOST}": "role:admin"\n')
    assert not allowed(caller('member'), migrate_server.MIGRATE_LIVE_HOST)


def test_who_is_an_administrator_is_a_rule_too(rules):
    write(rules, '"context_is_admin": "role:cloud_admin"\n')
    assert policy.check_is_admin(caller('cloud_admin'))
    assert not policy.check_is_admin(caller('admin'))


# -- the older names -----------------------------------------------------------------------------
ARTICLE = ('{"admin_api": "is_admin:True", '
           '"os_compute_api:os-migrate-server:migrate_live": "rule:admin_api"}')


def test_rule_of_is_admin_lets_an_administrator_migrate_and_nobody_else(rules):
    write(rules, ARTICLE)
    assert allowed(caller('admin'), migrate_server.MIGRATE_LIVE)
    assert allowed(caller('admin', project='p2'), migrate_server.MIGRATE_LIVE)
    for role in ('manager', 'member', 'reader'):
        assert not allowed(caller(role), migrate_server.MIGRATE_LIVE), role


def test_admin_api_and_admin_or_owner_are_defined_for_a_policy_file(rules):
    write(rules, f'"{migrate_server.MIGRATE_LIVE}": "rule:admin_api"\n'
                 f'"{servers.DELETE}": "rule:admin_or_owner"\n')
    assert allowed(caller('admin'), migrate_server.MIGRATE_LIVE)
    assert not allowed(caller('manager'), migrate_server.MIGRATE_LIVE)
    assert allowed(caller('reader'), servers.DELETE)
    assert allowed(caller('admin', project='p2'), servers.DELETE)
    assert not allowed(caller('member', project='p2'), servers.DELETE)


def test_unknown_rule_is_warned_of_by_name(rules, caplog):
    write(rules, '"os_compute_api:servers:explode": "role:admin"\n'
                 '"helpers": "role:helper"\n'
                 f'"{servers.DELETE}": "rule:helpers"\n')
    assert allowed(caller('helper'), servers.DELETE)
    said = [record.getMessage() for record in caplog.records
            if 'no rule of' in record.getMessage()]
    assert said == ['policy file: os_compute_api:servers:explode is no rule of nova-lite, and '
                    'none refers to it']
