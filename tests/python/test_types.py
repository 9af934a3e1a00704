# SPDX-License-Identifier: MIT
"""Types: of annotations by mypy, of structs by the C compiler."""
import ctypes
import importlib.util
import inspect
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import mlpipe
import sample
from mlpipe import _raw

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_sample_runs(tmp_path):
    assert 0 < sample.main(tmp_path) < 1


def checked(cache, *args, **named):
    """What mypy says. Without PYTHONPATH: it takes what lies there for
    installed, of which it tells no error."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    env = {key: value for key, value in os.environ.items()
           if key != "PYTHONPATH"}
    env["MYPYPATH"] = os.pathsep.join([
        os.path.dirname(os.path.dirname(mlpipe.__file__)),
        os.path.dirname(os.path.abspath(__file__))])
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports",
         "--cache-dir", str(cache), *args], capture_output=True, text=True,
        env=env, **named)


def test_the_sample_and_the_module_type_check(tmp_path):
    """What is Any where it need not be is a defect as well."""
    said = checked(tmp_path, "-m", "mlpipe", "-m", "mlpipe.sklearn",
                   "-m", "sample")
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_examples_type_check(tmp_path):
    for path in sorted((ROOT / "examples").glob("*.py")):
        said = checked(tmp_path, str(path))
        assert said.returncode == 0, said.stdout + said.stderr


def test_a_wrong_type_is_found(tmp_path):
    (tmp_path / "wrong.py").write_text(
        "import mlpipe\nmlpipe.dataset({'a': [1]}).head('x')\n"
        "n: str = mlpipe.load('m').evaluate({})['r2']\n"
        "mlpipe.dataset({'a': [1]})[3]\n")
    said = checked(tmp_path, "-m", "wrong", cwd=tmp_path)
    assert said.stdout.count("error:") == 3, said.stdout


def test_everything_public_is_annotated_and_told():
    assert os.path.exists(os.path.join(os.path.dirname(mlpipe.__file__),
                                       "py.typed"))
    for name in mlpipe.__all__:
        thing = getattr(mlpipe, name)
        assert thing.__doc__, name
        functions = [(name, thing)]
        if isinstance(thing, type):
            functions = [(f"{name}.{key}", value) for key, value in
                         vars(thing).items() if not key.startswith("_")]
        for key, function in functions:
            function = getattr(function, "__func__", function)
            function = getattr(function, "fget", function)
            if inspect.isfunction(function):
                assert function.__doc__, key
                assert "return" in function.__annotations__, key


def test_structs_are_those_of_c(tmp_path):
    """sizeof and offsetof of every struct, as the compiler says."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    lines, wanted = [], []
    for name in _raw.SIZES:
        struct = getattr(_raw, name)
        tag = f"struct {name}" if name.startswith("Arrow") else name
        lines.append(f'    printf("%zu\\n", sizeof({tag}));')
        wanted.append(ctypes.sizeof(struct))
        for field, *_ in struct._fields_:
            lines.append(f'    printf("%zu %zu\\n", offsetof({tag}, {field}),'
                         f" sizeof((({tag} *)0)->{field}));")
            place = getattr(struct, field)
            wanted += [place.offset, place.size]
    structs = {key for key, value in vars(_raw).items()
               if isinstance(value, type) and issubclass(
                   value, ctypes.Structure) and hasattr(value, "_fields_")}
    assert structs - set(_raw.SIZES) == {"Structure"} - {"Structure"}
    (tmp_path / "sizes.c").write_text(
        "#include <stddef.h>\n#include <stdio.h>\n#include <mlpipe/mlpipe.h>\n"
        "int main(void)\n{\n" + "\n".join(lines) + "\n    return 0;\n}\n")
    subprocess.run([compiler, f"-I{ROOT}/include", "-o", tmp_path / "sizes",
                    tmp_path / "sizes.c"], check=True)
    said = subprocess.run([tmp_path / "sizes"], check=True,
                          capture_output=True, text=True).stdout
    assert list(map(int, said.split())) == wanted
