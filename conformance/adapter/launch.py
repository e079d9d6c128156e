"""Starts the Python adapter: a main module that holds as little as it can."""
# SPDX-License-Identifier: MIT
import os
import python
import python_functions
from python_module import mp


def of_main(path, text):
    python_functions.note(path, text)


if os.environ.get("BROOD_UNGUARDED") and __name__ != "__main__":
    # What a program without the usual guard does in a spawned child.
    mp.Process(target=python_functions.echo).start()

if __name__ == "__main__":
    python.main()
