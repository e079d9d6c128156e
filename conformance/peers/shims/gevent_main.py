"""A program that uses gevent: it patches all, and then is the adapter."""
# SPDX-License-Identifier: MIT
from gevent import monkey

monkey.patch_all()

from launch import of_main  # noqa: F401,E402
import python  # noqa: E402

if __name__ == "__main__":
    python.main()
