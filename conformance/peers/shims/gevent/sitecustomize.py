"""Every process of this interpreter is one of gevent's."""
# SPDX-License-Identifier: MIT
from gevent import monkey

monkey.patch_all()
