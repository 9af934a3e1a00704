# SPDX-License-Identifier: MIT
"""The whole library as one translation unit still compiles.

    unity.py ROOT NAME COMPILER [ARGUMENT ...] -- SOURCE ...
"""
import os
import subprocess
import sys
import tempfile

root, name = sys.argv[1:3]
split = sys.argv.index("--")
command, sources = sys.argv[3:split], sys.argv[split + 1:]
for package in ("libcjson", "libxxhash", "openblas", "lapacke",
                "zlib", "libzstd"):
    flags = subprocess.run(["pkg-config", "--cflags", package],
                           capture_output=True, text=True)
    if flags.returncode == 0:
        command += flags.stdout.split()
with tempfile.TemporaryDirectory() as folder:
    assert sources
    unit = os.path.join(folder, name + ".c")
    with open(unit, "w", encoding="utf-8") as f:
        for source in sources:
            f.write(f'#include "{source}"\n')
    sys.exit(subprocess.run(
        command + ["-std=c11", "-D_GNU_SOURCE", "-DMLPIPE_BUILDING",
                   "-fsyntax-only", "-Werror", "-I",
                   os.path.join(root, "include"), "-I",
                   os.path.join(root, "lib"), unit]).returncode)
