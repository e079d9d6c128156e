"""Starts the Python adapter: a main module that holds as little as it can."""
# SPDX-License-Identifier: MIT
import os
import python


def of_main(path, text):
    python.note(path, text)


if os.environ.get("BROOD_UNGUARDED") and __name__ != "__main__":
    # What a program without the usual guard does in a spawned child.
    python.mp.Process(target=python.echo).start()

if __name__ == "__main__":
    python.main()
