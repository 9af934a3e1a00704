# SPDX-License-Identifier: MIT
"""Clusters and components as scikit-learn has them: writes cluster.h.

Run from the top of the tree with NumPy and scikit-learn:
    python3 tests/golden/make_cluster.py
"""
import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

N, D, K, MANY = 400, 5, 6, 20


def array(name, values):
    flat = np.asarray(values, dtype=float).ravel()
    body = ",\n    ".join(
        ", ".join(float(v).hex() for v in flat[i:i + 3])
        for i in range(0, len(flat), 3))
    return f"static const double {name}[{len(flat)}] = {{\n    {body}}};\n"


def signed(rows):
    """The largest loading of each is positive."""
    at = abs(rows).argmax(1)
    return rows * np.sign(rows[np.arange(len(rows)), at])[:, None]


rng = np.random.default_rng(7)
group = rng.integers(0, 8, N)
x = (rng.normal(size=(8, D)) * 3)[group] + rng.normal(size=(N, D))
x = x @ rng.normal(size=(D, D)) + [0, 100, -5, 1e4, 3]
w = rng.integers(0, 4, N) / 2
# the last start is far from all rows, and none is nearest to it
away = np.vstack([x[:K - 1], x[:1] + 1e5])
out = ["/* SPDX-License-Identifier: MIT */\n"
       "/* Made by make_cluster.py; not edited. */\n"
       f"enum {{ CLUSTER_N = {N}, CLUSTER_D = {D}, CLUSTER_K = {K},\n"
       f"       CLUSTER_MANY = {MANY} }};\n",
       array("cluster_x", x), array("cluster_w", w),
       array("cluster_away", away)]
for name, start, weight in (("plain", x[:K], None), ("weighted", x[:K], w),
                            ("away", away, None)):
    m = KMeans(K, init=start, n_init=1, algorithm="lloyd").fit(
        x, sample_weight=weight)
    out += [array(f"cluster_{name}_centres", m.cluster_centers_),
            array(f"cluster_{name}_figures", [m.inertia_, m.n_iter_])]
inertia = [KMeans(MANY, n_init=1, random_state=s).fit(x).inertia_
           for s in range(100)]
out.append(array("cluster_many_inertia", [np.mean(inertia)]))
for name, z in (("plain", x), ("scaled", StandardScaler().fit_transform(x))):
    m = PCA(svd_solver="full").fit(z)
    v = signed(m.components_)
    sign = (v * m.components_).sum(1)
    out += [array(f"pca_{name}_variance", m.explained_variance_),
            array(f"pca_{name}_share", m.explained_variance_ratio_),
            array(f"pca_{name}_loadings", v),
            array(f"pca_{name}_rows", m.transform(z) * sign)]
with open("tests/golden/cluster.h", "w", encoding="utf-8") as f:
    f.write("\n".join(out))
