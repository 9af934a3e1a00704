# SPDX-License-Identifier: MIT
"""Makes tests/golden/clean.h: what peers do with missing and equal rows.

Run from the top of the tree with NumPy, pandas, scikit-learn, feature-engine:
    python3 tests/golden/make_clean.py
"""
import platform

import feature_engine
import numpy as np
import pandas as pd
import sklearn
from feature_engine.outliers import Winsorizer
from sklearn.impute import SimpleImputer

N = 40
WORDS = ["blue", "green", "red"]


def num(x):
    if np.isnan(x):
        return "NAN"
    if not x:
        return "-0.0" if np.signbit(x) else "0"
    return repr(float(x))


class File:
    def __init__(self, path):
        self.f = open(path, "w")
        self.f.write(
            "/* SPDX-License-Identifier: MIT */\n/*\n * Cleaning by peers. "
            "Made by tests/golden/make_clean.py with\n * Python %s, NumPy "
            "%s, pandas %s, scikit-learn %s,\n * feature-engine %s.\n */\n"
            "#ifndef MLPIPE_GOLDEN_CLEAN_H\n#define MLPIPE_GOLDEN_CLEAN_H\n\n"
            "#include <math.h>\n\nenum { CLEAN_ROWS = %d };\n"
            % (platform.python_version(), np.__version__, pd.__version__,
               sklearn.__version__, feature_engine.__version__, N))

    def wrap(self, words, indent):
        line = indent
        for w in words:
            if len(line) + len(w) > 78:
                self.f.write(line.rstrip() + "\n")
                line = indent
            line += w + " "
        self.f.write(line.rstrip())

    def array(self, name, values):
        values = np.asarray(values, dtype=float)
        dim = "[%d]" % values.shape[1] if values.ndim > 1 else ""
        self.f.write("\nstatic const double clean_%s[]%s = {\n" % (name, dim))
        if values.ndim == 1:
            self.wrap([num(x) + "," for x in values], "    ")
            self.f.write("\n")
        else:
            for row in values:
                self.f.write("    {\n")
                self.wrap([num(x) + "," for x in row], "     ")
                self.f.write("},\n")
        self.f.write("};\n")

    def mask(self, name, index):
        keep = np.zeros(N, dtype=int)
        keep[np.asarray(index)] = 1
        self.f.write("\nstatic const char clean_%s[] =\n    \"%s\";\n"
                     % (name, "".join(map(str, keep))))

    def close(self):
        self.f.write("\n#endif\n")
        self.f.close()


def frame(rng):
    x = np.column_stack([
        np.round(rng.normal(10, 3, N), 2), np.round(rng.lognormal(1, 1, N), 3),
        np.floor(rng.uniform(0, 4, N)), np.round(rng.normal(0, 1, N), 1)])
    for column, share in enumerate([0.1, 0.25, 0.5, 0.8]):
        x[rng.uniform(size=N) < share, column] = np.nan
    x[5] = np.nan
    return pd.DataFrame(x, columns=list("abcd"))


def main():
    rng = np.random.default_rng(11)
    out = File("tests/golden/clean.h")
    d = frame(rng)
    out.array("x", d.to_numpy().T)
    out.array("constant", SimpleImputer(
        strategy="constant", fill_value=-5.5,
        add_indicator=True).fit_transform(d.to_numpy()).T)
    text = np.array(WORDS, dtype=object)[rng.integers(0, 3, N)]
    text[rng.uniform(size=N) < 0.2] = None
    full = SimpleImputer(strategy="constant", fill_value="missing",
                         missing_values=None, add_indicator=True
                         ).fit_transform(text.reshape(-1, 1))
    codes = WORDS + ["missing"]
    out.array("code", [np.nan if t is None else WORDS.index(t)
                       for t in text])
    out.array("code_full", [codes.index(t) for t in full[:, 0]])
    out.array("code_missing", full[:, 1].astype(float))
    out.mask("drop_any", d.dropna(how="any").index)
    out.mask("drop_all", d.dropna(how="all").index)
    for least in [2, 3]:
        out.mask("drop_least_%d" % least, d.dropna(thresh=least).index)
    out.mask("drop_two", d.dropna(subset=["a", "b"]).index)
    share = d.isna().mean()
    fewer = d.loc[:, share <= 0.6]
    assert list(fewer.columns) == list("abc"), share
    out.mask("drop_share", fewer.dropna(how="any").index)
    same = pd.DataFrame({
        "a": rng.choice([0.0, -0.0, 1.5, np.nan, 3, 4, 5, 6, 7], N),
        "b": rng.choice([1.0, 2.0, np.nan], N),
        "label": rng.integers(0, 2, N).astype(float)})
    out.array("same", same.to_numpy().T)
    for keep in ["first", "last", False]:
        out.mask("same_%s" % (keep or "none"), same.drop_duplicates(
            subset=["a", "b"], keep=keep).index)
    groups = same.assign(a=same["a"] + 0.0).groupby(["a", "b"], dropna=False)
    size = groups.size()
    out.array("same_figures", [
        N, len(size), (size > 1).sum(), size.max(),
        (groups["label"].nunique() > 1).sum()])
    mad = [[], []]
    for fold in [3.29, 1.5]:
        for name in "abcd":
            w = Winsorizer(capping_method="mad", tail="both", fold=fold,
                           missing_values="ignore", variables=[name]).fit(d)
            # the peer divides by 0.67449, which is rounded
            middle = np.nanmedian(d[name])
            reach = (fold * np.nanmedian(np.abs(d[name] - middle))
                     / 0.6744897501960817)
            mad[0].append(middle - reach)
            mad[1].append(middle + reach)
            assert np.allclose([w.left_tail_caps_[name],
                                w.right_tail_caps_[name]],
                               [middle - reach, middle + reach], atol=1e-4)
    out.array("mad", mad)
    out.close()


main()
