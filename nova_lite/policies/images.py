# SPDX-License-Identifier: Apache-2.0
"""Who may see the images. The names of the rules are Glance's."""
from nova_lite.policies import base

INDEX = 'get_images'
SHOW = 'get_image'

RULES = [
    base.rule(INDEX, base.ANYBODY, 'List the images.', 'GET /v2/images', 'GET /images',
              'GET /images/detail'),
    base.rule(SHOW, base.ANYBODY, 'Show an image.', 'GET /v2/images/{image_id}',
              'GET /images/{image_id}'),
]
