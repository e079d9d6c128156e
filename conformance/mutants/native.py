# SPDX-License-Identifier: MIT
"""Builds the library and its adapter by hand, with one file of the library
changed: Bazel would take an action for each step, and a mutant is two.

The changed file is compiled alone and linked before the library's archive,
whose own member is then never asked for.
"""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess

FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-w"]
# A third quicker, where it is there, and there are hundreds to link.
LINKER = ["-fuse-ld=gold"] if shutil.which("ld.gold") else []
LIBRARIES = ["-lcjson", "-lsodium", "-lpthread", "-lm"]
# Nobody asks for lib/net by name: this file of it has a constructor.
CONSTRUCTED = "lib/net/net.c"
INCLUDE = re.compile(r'^#include "(lib/[^"]+)"', re.MULTILINE)


class Failed(Exception):
    """The compiler or the linker refused."""


def run(words):
    done = subprocess.run(words, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(words)}\n{done.stdout}")


class Native:
    """What every mutant shares lies in `base`; fill_base makes it."""

    def __init__(self, root, base, compiler="cc"):
        self.root = pathlib.Path(root)
        self.base = pathlib.Path(base)
        self.compiler = compiler

    def sources(self, pattern):
        return sorted(path for path in self.root.glob(pattern)
                      if "examples" not in path.parts and
                      "test" not in path.parts)

    def compile(self, source, out, overlay=None):
        folders = ["-iquote", str(overlay)] if overlay else []
        folders += ["-iquote", str(self.root), "-I", str(self.base / "include")]
        run([self.compiler, *FLAGS, *folders, "-c", str(source), "-o",
             str(out)])

    def compile_all(self, sources, folder, jobs):
        folder.mkdir()
        outs = [folder / ("_".join(path.relative_to(self.root).parts) + ".o")
                for path in sources]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            list(pool.map(self.compile, sources, outs))
        return [str(out) for out in outs]

    def fill_base(self, jobs=2):
        """Compiles everything as it is."""
        made = self.base / "include/lib"
        made.mkdir(parents=True)
        shutil.copy(self.root / "lib/brood.h", made.parent)
        run(["sh", "-c", 'sh "$@" > "$0"', str(made / "names.h"),
             str(self.root / "lib/names.sh"),
             *map(str, self.sources("lib/*/*.h"))])
        library = self.compile_all(self.sources("lib/*/*.c"),
                                   self.base / "library", jobs)
        adapter = self.compile_all(self.sources("conformance/adapter/*.c"),
                                   self.base / "adapter", jobs)
        run(["ar", "rcs", str(self.base / "lib.a"), *library])
        shutil.copy(self.base / "library/lib_net_net.c.o", self.base / "net.o")
        run(["ld", "-r", "-o", str(self.base / "adapter.o"), *adapter])
        shutil.rmtree(self.base / "library")
        shutil.rmtree(self.base / "adapter")

    def includers(self, file):
        """The library's sources that include a header, by whatever way."""
        texts = {str(path.relative_to(self.root)): path.read_text()
                 for path in self.sources("lib/*/*.[ch]")}
        reached, more = set(), {file}
        while more:
            reached |= more
            more = {name for name, text in texts.items()
                    if reached & set(INCLUDE.findall(text))} - reached
        return sorted(name for name in reached if name.endswith(".c"))

    def build(self, file, text, program, scratch):
        """Makes the adapter with another text in place of a file; file None:
        as it is. `scratch` is a folder of its own, which it empties."""
        scratch = pathlib.Path(scratch)
        scratch.mkdir()
        objects, names = [], []
        if file is not None:
            changed = scratch / file
            changed.parent.mkdir(parents=True)
            changed.write_text(text, encoding="utf-8")
            names = [file] if file.endswith(".c") else self.includers(file)
            for name in names:
                source = changed if name == file else self.root / name
                objects.append(scratch / f"{len(objects)}.o")
                self.compile(source, objects[-1], scratch)
        if CONSTRUCTED not in names:
            objects.append(self.base / "net.o")
        run([self.compiler, *LINKER, "-s", "-o", str(program),
             str(self.base / "adapter.o"), *map(str, objects),
             str(self.base / "lib.a"), *LIBRARIES])
        shutil.rmtree(scratch)
