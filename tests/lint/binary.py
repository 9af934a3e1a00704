# SPDX-License-Identifier: MIT
"""Lint of the built libraries, on release builds.

    binary.py main|serve SHARED STATIC ROOT

Exports are the functions of the map and nothing else; there is no writable
data, no thread-local data, no constructor; each object file imports what its
topic allows. An allow list, so that a new import is a decision.
"""
import os
import re
import subprocess
import sys

# What gcc and clang themselves ask for.
COMPILER = {"_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail", "memcpy", "memmove",
            "memset", "memcmp", "memchr", "strlen", "strcmp",
            "__stack_chk_guard"}
# More of string.h that libmlpipe may use, but not libmlpipe-serve.
STRINGS = {"strchr", "strrchr", "strncmp", "strstr"}
# What one object file may import on top of that.
OWNERS = {
    "os_posix": {"malloc", "realloc", "free", "posix_memalign",
                 "clock_gettime", "getpid", "nanosleep"},
    "io_posix": {"__errno_location", "open", "open64", "close", "pread",
                 "pread64", "write", "ftruncate", "ftruncate64", "fsync",
                 "fallocate", "fallocate64",
                 "fstat", "fstat64", "stat", "stat64", "rename", "unlink",
                 "rmdir", "mkdir", "opendir", "readdir", "readdir64",
                 "closedir", "fcntl", "fcntl64", "flock"},
    "pool_posix": {"pthread_create", "pthread_join", "pthread_mutex_init",
                   "pthread_mutex_lock", "pthread_mutex_unlock",
                   "pthread_mutex_destroy", "pthread_cond_init",
                   "pthread_cond_wait", "pthread_cond_signal",
                   "pthread_cond_broadcast", "pthread_cond_destroy",
                   "pthread_sigmask", "sigfillset"},
    "json": re.compile(r"cJSON_(?!Parse|InitHooks|Print)\w+$"),
    "blas": re.compile(r"(cblas_[sd]\w+|LAPACKE_d\w+_work|"
                       r"openblas_get_corename)$"),
    "input_gzip": {"inflate", "inflateEnd", "inflateInit2_",
                   "inflateReset"},
    "input_zstd": {"ZSTD_createDCtx_advanced", "ZSTD_DCtx_reset",
                   "ZSTD_decompressStream", "ZSTD_freeDCtx",
                   "ZSTD_getErrorCode", "ZSTD_getErrorName"},
    "exact": {"__udivmodti4"},
}
# Weak references of the start-up files that the linker puts in.
STARTUP = {"__cxa_finalize", "__gmon_start__", "_ITM_deregisterTMCloneTable",
           "_ITM_registerTMCloneTable"}
NEEDED = {"main": re.compile(r"lib(cjson|openblas|lapacke|z|zstd|c)\.so"),
          "serve": re.compile(r"libc\.so\.6$")}
SERVE_BYTES_MAX = 256 * 1024

findings = []


def run(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


def map_names(path):
    with open(path, encoding="utf-8") as f:
        return set(re.findall(r"^\s+(mlpipe_\w+);", f.read(), re.M))


def check_exports(shared, wanted):
    """Nothing but the functions of the map; returns those not there yet."""
    got = set()
    for line in run("nm", "-D", "--defined-only", shared).splitlines():
        kind, name = line.split()[-2:]
        name = name.split("@")[0]
        if kind == "A":
            continue
        if kind != "T":
            findings.append(f"exports {name}, which is no function ({kind})")
        got.add(name)
    for name in sorted(got - wanted):
        findings.append(f"exports {name}, which the map does not name")
    return wanted - got


def check_sections(shared):
    limits = {".data": 8, ".bss": 8, ".tdata": 0, ".tbss": 0,
              ".init_array": 8, ".fini_array": 8, ".ctors": 0}
    for line in run("size", "-A", shared).splitlines():
        parts = line.split()
        if (len(parts) == 3 and parts[1].isdigit() and
                int(parts[1]) > limits.get(parts[0], 1 << 62)):
            findings.append(f"{parts[0]} has {parts[1]} bytes, at most "
                            f"{limits[parts[0]]} are allowed")


def check_objects(static):
    """Each object: no writable data, and only the imports of its topic."""
    full = ""
    for line in run("nm", static).splitlines():
        if line.endswith(":"):
            full = line[:-1]
            continue
        parts = line.split()
        if len(parts) < 2:
            continue
        kind, name = parts[-2:]
        if kind in "BbCSs":
            findings.append(f"{full}: {name} is a writable variable")
        if kind not in "Uwv" or name.startswith("mlpipe_"):
            continue
        if not allowed_import(full, name):
            findings.append(f"{full}: imports {name}")
    check_writable(static)


def allowed_import(full, name):
    if name in COMPILER | STRINGS:
        return True
    for topic, names in OWNERS.items():
        if not re.search(rf"(^|_){topic}\.c\.o$", full):
            continue
        if names.match(name) if hasattr(names, "match") else name in names:
            return True
    return False


def check_writable(static):
    """Variables in .data; constants with pointers are in .data.rel.ro."""
    full = ""
    for line in run("objdump", "-t", static).splitlines():
        got = re.match(r"(\S+\.o):", line)
        if got:
            full = got.group(1)
        got = re.match(r"\S+ .{7} (\S+)\s+(\S+)\s+(.*)$", line)
        if not got or got.group(2) == "0" * len(got.group(2)):
            continue
        if re.match(r"\.(data|bss|tdata|tbss)(?!\.rel\.ro)", got.group(1)):
            if not got.group(3).startswith("."):
                findings.append(f"{full}: {got.group(3)} is writable")


def check_dynamic(which, shared):
    soname = {"main": "libmlpipe.so.0", "serve": "libmlpipe-serve.so.0"}
    text = run("readelf", "-d", shared)
    if f"[{soname[which]}]" not in text:
        findings.append(f"SONAME is not {soname[which]}")
    for name in re.findall(r"\(NEEDED\).*\[(.*)\]", text):
        if not NEEDED[which].match(name):
            findings.append(f"needs {name}")
    if "(TEXTREL)" in text:
        findings.append("has text relocations")


def check_serve(shared):
    for line in run("nm", "-D", "-u", shared).splitlines():
        name = line.split()[-1].split("@")[0]
        if name not in COMPILER | STARTUP:
            findings.append(f"libmlpipe-serve imports {name}")
    last = run("size", shared).splitlines()[-1].split()
    total = sum(int(n) for n in last[:3])
    if total > SERVE_BYTES_MAX:
        findings.append(f"libmlpipe-serve has {total} bytes, at most "
                        f"{SERVE_BYTES_MAX} are allowed")
    print(f"libmlpipe-serve: {total} bytes")


def main():
    which, shared, static, root = sys.argv[1:5]
    name = {"main": "mlpipe", "serve": "mlpipe-serve"}[which]
    missing = check_exports(
        shared, map_names(os.path.join(root, "lib", name + ".map")))
    check_sections(shared)
    check_objects(static)
    check_dynamic(which, shared)
    if which == "serve":
        check_serve(shared)
    print("\n".join(findings))
    print(f"{len(findings)} findings")
    if missing:
        print(f"not defined yet: {len(missing)}: {' '.join(sorted(missing))}")
    sys.exit(bool(findings or missing))


main()
