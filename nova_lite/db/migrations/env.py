# SPDX-License-Identifier: Apache-2.0
"""Run by alembic for each command; :mod:`nova_lite.db.schema` hands over the open connection."""
from alembic import context

from nova_lite.db import models

context.configure(connection=context.config.attributes['connection'],
                  target_metadata=models.Base.metadata)
context.run_migrations()
