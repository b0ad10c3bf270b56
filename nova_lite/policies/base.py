# SPDX-License-Identifier: Apache-2.0
"""The rules that all others stand on, and how a rule is written here.

Names and defaults are today's Nova's. Roles imply one another: admin > manager > member > reader;
Keystone does that for tokens, ``nova_lite.api.auth`` for the other strategies.
"""
from oslo_policy import policy

ADMIN = 'rule:context_is_admin'
PROJECT_MANAGER_OR_ADMIN = 'rule:project_manager_or_admin'
PROJECT_MEMBER_OR_ADMIN = 'rule:project_member_or_admin'
PROJECT_READER_OR_ADMIN = 'rule:project_reader_or_admin'
ANYBODY = '@'       # whoever is authenticated


def rule(name: str, check: str, description: str,
         *operations: str) -> policy.DocumentedRuleDefault:
    """A rule that guards ``operations``, each "METHOD /path"."""
    split = (operation.split(' ', 1) for operation in operations)
    return policy.DocumentedRuleDefault(
        name, check, description, [{'method': method, 'path': path} for method, path in split],
        scope_types=['project'])


RULES = [
    policy.RuleDefault('context_is_admin', 'role:admin', 'Who is an administrator.'),
    # not used by a rule of ours: policy files refer to them
    policy.RuleDefault('admin_api', 'is_admin:True', 'An administrator, by an older name.'),
    policy.RuleDefault('admin_or_owner', 'is_admin:True or project_id:%(project_id)s',
                       'An administrator, or anybody of the project, by an older name.'),
    policy.RuleDefault('project_manager_api', 'role:manager and project_id:%(project_id)s',
                       'Who manages the project that a resource belongs to.'),
    policy.RuleDefault('project_member_api', 'role:member and project_id:%(project_id)s',
                       'Who may change what belongs to the project.'),
    policy.RuleDefault('project_reader_api', 'role:reader and project_id:%(project_id)s',
                       'Who may look at what belongs to the project.'),
    policy.RuleDefault('project_manager_or_admin',
                       'rule:project_manager_api or rule:context_is_admin',
                       'A manager of the project, or an administrator.'),
    policy.RuleDefault('project_member_or_admin',
                       'rule:project_member_api or rule:context_is_admin',
                       'A member of the project, or an administrator.'),
    policy.RuleDefault('project_reader_or_admin',
                       'rule:project_reader_api or rule:context_is_admin',
                       'A reader of the project, or an administrator.'),
]
