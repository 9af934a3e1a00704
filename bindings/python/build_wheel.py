# SPDX-License-Identifier: MIT
"""What pip calls to build the wheel: the library by meson and ninja from the
sources two folders up, beside the modules that speak to it. It needs what the
quickstart needs, and nothing from an index."""
import base64
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sysconfig
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def _project():
    """Name and version, of which pyproject.toml is the only place."""
    text = (HERE / "pyproject.toml").read_text()
    return [re.search(rf'^{key} = "(.+)"$', text, re.M).group(1)
            for key in ("name", "version")]


def _run(*command):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}")


def _library(folder):
    """The library without debug information, for this machine; or one that
    was built already, which MLPIPE_LIBRARY names."""
    if os.environ.get("MLPIPE_LIBRARY"):
        library = pathlib.Path(os.environ["MLPIPE_LIBRARY"])
        if not library.is_file():
            raise SystemExit(f"MLPIPE_LIBRARY={library} is no file, seen from "
                             f"{os.getcwd()}; give the whole path of a "
                             "libmlpipe.so.0, or unset it to build one")
        return library
    if not (ROOT / "lib" / "meson.build").exists():
        raise SystemExit(f"{ROOT} has no lib/meson.build: install from a "
                         "clone, as pip install ./bindings/python")
    for tool in ("meson", "ninja", "pkg-config"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is needed to build the library; "
                             "./examples/quickstart.sh installs all that is")
    blas = "openblas"
    if any(subprocess.run(["pkg-config", "--exists", package]).returncode
           for package in ("openblas", "lapacke")):
        blas = "none"
    _run("meson", "setup", folder, ROOT, "--buildtype=release",
         "--wrap-mode=nofallback", "-Ddefault_library=shared",
         "-Dexamples=false", "-Dtests=false", f"-Dblas={blas}", "-Dstrip=true")
    _run("ninja", "-C", folder)
    return folder / "lib" / "libmlpipe.so.0"


def _digest(data):
    raw = hashlib.sha256(data).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _metadata(name, version):
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    text = (HERE / "pyproject.toml").read_text()
    lines.append("Summary: "
                 + re.search(r'^description = "(.+)"$', text, re.M).group(1))
    lines += ["License: MIT", "Requires-Python: >=3.9"]
    extras = text.split("[project.optional-dependencies]")[1]
    for extra, listed in re.findall(r"^(\w+) = \[(.+)\]$", extras, re.M):
        lines.append(f"Provides-Extra: {extra}")
        lines += [f'Requires-Dist: {package}; extra == "{extra}"'
                  for package in re.findall(r'"(.+?)"', listed)]
    return "\n".join(lines) + "\n"


def build_wheel(wheel_directory, config_settings=None,
                metadata_directory=None):
    name, version = _project()
    platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
    wheel = f"{name}-{version}-py3-none-{platform}.whl"
    info = f"{name}-{version}.dist-info"
    with tempfile.TemporaryDirectory() as folder:
        files = {f"{name}/{path.name}": path.read_bytes()
                 for path in sorted((HERE / name).iterdir())
                 if path.suffix in (".py", ".pyi", ".typed")}
        library = _library(pathlib.Path(folder) / "build")
        files[f"{name}/libmlpipe.so.0"] = library.read_bytes()
    files[f"{info}/METADATA"] = _metadata(name, version).encode()
    files[f"{info}/WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: build_wheel\nRoot-Is-Purelib: false\n"
        f"Tag: py3-none-{platform}\n").encode()
    files[f"{info}/LICENSE"] = (ROOT / "COPYING").read_bytes()
    record = [f"{path},sha256={_digest(data)},{len(data)}"
              for path, data in files.items()]
    record.append(f"{info}/RECORD,,")
    files[f"{info}/RECORD"] = ("\n".join(record) + "\n").encode()
    with zipfile.ZipFile(os.path.join(wheel_directory, wheel), "w",
                         zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return wheel


def prepare_metadata_for_build_wheel(metadata_directory,
                                     config_settings=None):
    name, version = _project()
    info = f"{name}-{version}.dist-info"
    folder = pathlib.Path(metadata_directory) / info
    folder.mkdir()
    (folder / "METADATA").write_text(_metadata(name, version))
    return info


def build_sdist(sdist_directory, config_settings=None):
    raise SystemExit("mlpipe is installed from a clone: its sources lie two "
                     "folders above pyproject.toml")
