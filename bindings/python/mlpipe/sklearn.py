# SPDX-License-Identifier: MIT
"""scikit-learn estimators over the library.

    from mlpipe.sklearn import Classifier, Regressor, Step, Transformer

    model = Classifier(Step("gbt", trees=300),
                       steps=[Step("impute", indicator=True), "onehot"])
    model.fit(X, y).predict_proba(X_new)
    GridSearchCV(model, {"learner__trees": [100, 300]}).fit(X, y)
    model.model_.save("model.mlpipe")  # and C serves it

X is a NumPy array or a frame of pandas, polars or pyarrow, and becomes what
mlpipe.dataset(X) is; times are brought to microseconds, since frames of one
source may differ in their unit. Every row given to fit teaches, as
scikit-learn has it: holdout= keeps a share from the learner, by which gbt stops
early and a monitor knows what losses are normal. Errors of what was given are
ValueError or TypeError, and a fit that fails leaves an estimator unfitted.
"""
from __future__ import annotations

import contextlib
import functools
import inspect
import re
import warnings
from typing import (Any, Callable, Iterable, Iterator, Optional, Sequence,
                    TypeVar, Union, cast)

import numpy as np
from sklearn.base import (BaseEstimator, ClassifierMixin, RegressorMixin,
                          TransformerMixin)
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (_check_feature_names_in,
                                      _check_sample_weight, _check_y,
                                      check_consistent_length,
                                      check_is_fitted, validate_data)

from . import Dataset, Error, Pipeline, _raw, dataset
from ._base import _names
from ._dataset import _again

__all__ = ["Classifier", "Regressor", "Step", "Transformer",
           "expected_failed_checks"]

_TARGET = re.compile(r"(^|\s)target\s*=")
_MANY = 100  # classes of whole numbers, which look like a regression
# Learners that take missing values as they are; others need impute.
_TAKE_NULLS = ("gbt", "naive_bayes")
# Steps that learn from the target, and steps that refuse missing values.
_NEED_TARGET = ("target_encode",)
_NEED_VALUES = ("pca", "kmeans")
_Function = TypeVar("_Function", bound=Callable[..., Any])
_BROKEN = (_raw.MLPIPE_E_NOMEM, _raw.MLPIPE_E_CANCELLED, _raw.MLPIPE_E_IO,
           _raw.MLPIPE_E_HOST, _raw.MLPIPE_E_INTERNAL)


def expected_failed_checks(estimator: Any) -> dict[str, str]:
    """What check_estimator finds that is meant so: {check: reason}."""
    equal = "check_sample_weight_equivalence_on_dense_data"
    if isinstance(estimator, Transformer):
        return {}
    learner = _step(estimator.learner)
    if _steps(estimator.steps):
        return {equal: "what steps learn, such as means, counts rows, as "
                "scikit-learn's do in a pipeline"}
    if estimator.holdout:
        return {equal: "rows are held out, not weights"}
    if learner.named("gbt"):
        return {equal: "min_rows= and the bins of features count rows, and "
                "not what they weigh"}
    if learner.named("knn"):
        return {equal: "k counts rows; a weight makes an answer count more"}
    if learner.named("lasso", "elastic_net"):
        return {equal: "without lambda= it is found by folds, into which "
                "repeated rows are dealt"}
    return {}


class Step:
    """A step of mlpipe.steps() with its parameters: Step("gbt", trees=300).
    A parameter that is None has its default; searches reach the others as
    learner__trees."""

    def __init__(self, step: str, **params: Any) -> None:
        self.step = step
        self.params = params

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"step": self.step, **self.params}

    def set_params(self, **params: Any) -> Step:
        self.step = params.pop("step", self.step)
        self.params.update(params)
        return self

    def named(self, *names: str) -> bool:
        return self.step.partition(" ")[0] in names

    def add_to(self, recipe: Pipeline) -> None:
        name, _, text = self.step.partition(" ")
        # What searches draw are NumPy's numbers, which print with a name.
        recipe.add(name, text, **{
            key: value.item() if isinstance(value, np.generic) else value
            for key, value in self.params.items() if value is not None})

    def __repr__(self) -> str:
        return "Step({})".format(", ".join(
            [repr(self.step)] + [f"{k}={v!r}"
                                 for k, v in self.params.items()]))


# A step, or its text; and one or more of them, in their order.
AnyStep = Union[str, Step]
AnySteps = Union[AnyStep, Sequence[AnyStep]]


def _step(step: AnyStep) -> Step:
    if not isinstance(step, (str, Step)):
        raise TypeError("a step is a text, such as 'gbt trees=300', or a "
                        f"Step, not {type(step).__name__}")
    return Step(step) if isinstance(step, str) else step


def _steps(steps: AnySteps) -> list[Step]:
    if isinstance(steps, (str, Step)):
        steps = [steps]
    return [_step(step) for step in steps]


def _named(steps: Iterable[Step], names: Iterable[str]) -> bool:
    return any(step.named(*names) for step in steps)


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """What the library refuses as the ValueError that scikit-learn knows."""
    try:
        yield
    except Error as error:
        if isinstance(error, ValueError) or error.status in _BROKEN:
            raise
        raise ValueError(str(error)) from error


def _anew(fit: _Function) -> _Function:
    """A fit that leaves an estimator fitted by it, or not fitted."""
    def forget(estimator: Any) -> None:
        for name in [name for name in vars(estimator)
                     if name.endswith("_") and not name.startswith("__")]:
            delattr(estimator, name)

    @functools.wraps(fit)
    def wrapped(self: Any, *args: Any, **named: Any) -> Any:
        forget(self)
        try:
            return fit(self, *args, **named)
        except BaseException:
            forget(self)
            raise
    return cast(_Function, wrapped)


def _microseconds(form: str, buffers: Any) -> tuple[str, Any]:
    """A kept column's format and buffers, its times as microseconds."""
    unit = {"s": "s", "m": "ms", "n": "ns"}.get(form[2:3])
    if form[:2] not in ("ts", "tD") or unit is None:
        return form, buffers
    times = np.frombuffer(buffers[1], f"M8[{unit}]").astype("M8[us]")
    return form[:2] + "u" + form[3:], [buffers[0], times.tobytes()]


def _beside(parts: Sequence[Dataset], names: Sequence[str]) -> Dataset:
    """A Dataset of the columns of others, under these names."""
    columns: list[Any] = []
    for part in parts:
        for _, form, rows, nulls, buffers, words in part.__reduce__()[1][1]:
            form, buffers = _microseconds(form, buffers)
            columns.append((names[len(columns)], form, rows, nulls, buffers,
                            words))
    return _again(len(parts[0]), columns)


def _matrix(features: Dataset) -> Any:
    """A Dataset as rows x columns of float64, of objects where texts are
    among them; null is NaN, of a text None."""
    texts = [kind in ("text", "category") for kind in features.types.values()]
    if not any(texts):
        return features.to_numpy()
    out = np.empty((len(features), len(texts)), order="F", dtype=object)
    for i, (name, text) in enumerate(zip(features.columns, texts)):
        out[:, i] = features.values(name) if text else features.to_numpy(name)
    return out


class _Recipe(BaseEstimator):  # type: ignore[misc]
    """What the three have in common: X, and the recipe."""

    recipe: str
    random_state: Any
    n_features_in_: int

    def _recipe(self, parts: Iterable[Step], **roles: Any) -> Pipeline:
        if self.random_state is not None:
            state = self.random_state
            roles["seed"] = (int(state) if isinstance(state, (int, np.integer))
                             else check_random_state(state).randint(2 ** 31))
        recipe = Pipeline(self.recipe, **roles)
        for step in parts:
            step.add_to(recipe)
        return recipe

    def _dataset(self, X: Any, reset: bool,
                 more: Iterable[tuple[str, Any]] = ()) -> Any:
        """X as a Dataset with more columns, pairs of a name and values,
        behind it; and the names that those were given."""
        if isinstance(X, Dataset):
            raise TypeError("X is an array or a frame, such as to_pandas() "
                            "gives; a Dataset is for mlpipe.Pipeline")
        if hasattr(X, "columns") and hasattr(X, "__len__"):
            validate_data(self, X, reset=reset, skip_check_array=True)
            if len(X) < 1 + reset or not len(X.columns):
                validate_data(self, np.empty((len(X), len(X.columns))),
                              reset=False, ensure_min_samples=1 + reset)
        else:
            if isinstance(X, (list, tuple)) and np.asarray(
                    X).dtype.kind in "SU":
                X = np.asarray(X, dtype=object)  # numbers stay numbers
            X = validate_data(self, X, reset=reset, dtype=None,
                              ensure_all_finite=False,
                              ensure_min_samples=1 + reset)
        names = list(getattr(self, "feature_names_in_",
                             [f"x{i}" for i in range(self.n_features_in_)]))
        data = dataset(X)
        self._check_finite(data, names)
        parts, inputs = [data], len(names)
        for wanted, values in more:
            while wanted in names:
                wanted += "_"
            names.append(wanted)
            parts.append(dataset({wanted: values}))
        return _beside(parts, names), *names[inputs:]

    def _check_finite(self, data: Dataset, names: Iterable[str]) -> None:
        nan = self.__sklearn_tags__().input_tags.allow_nan
        for name, (column, kind) in zip(names, data.types.items()):
            if kind in ("text", "category"):
                continue
            values = data.to_numpy(column)
            if np.isinf(values).any():
                raise ValueError(
                    f"Input X contains infinity: column {name!r}")
            if not nan and np.isnan(values).any():
                raise ValueError(
                    f"Input X contains NaN: column {name!r}. This learner "
                    'takes no missing values: "impute" among the steps fills '
                    "them")

    def _data(self, X: Any) -> Dataset:
        """X to be answered for."""
        check_is_fitted(self)
        with _refusals():
            return cast(Dataset, self._dataset(X, False)[0])


def _own_parameters(init: _Function) -> _Function:
    """A parameter of the learner's is told where it belongs."""
    known = inspect.signature(init).parameters

    @functools.wraps(init)
    def wrapped(self: Any, *args: Any, **named: Any) -> None:
        for name, value in named.items():
            if name not in known:
                kind = type(self).__name__
                raise TypeError(
                    f"{kind} has no parameter {name!r}; one of the learner "
                    f'goes into it: {kind}(Step("gbt", {name}={value!r}))')
        init(self, *args, **named)
    return cast(_Function, wrapped)


class _Learner(_Recipe):
    """A recipe with a learner; its model_ is a mlpipe.Model."""

    @_own_parameters
    def __init__(self, learner: AnyStep = "gbt", *, steps: AnySteps = (),
                 behind: AnySteps = (), recipe: str = "",
                 holdout: float = 0.0, random_state: Any = None) -> None:
        self.learner = learner
        self.steps = steps
        self.behind = behind
        self.recipe = recipe
        self.holdout = holdout
        self.random_state = random_state

    def _fit(self, X: Any, y: Any, sample_weight: Any, label: str,
             task: str) -> None:
        """y as a column: numbers, or texts of classes."""
        check_consistent_length(X, y)
        parts = [*_steps(self.steps), _step(self.learner),
                 *_steps(self.behind)]
        if _TARGET.search(self.recipe):
            raise ValueError(
                f"recipe={self.recipe!r} names a target, which is y here; for "
                "log(y) use sklearn.compose.TransformedTargetRegressor, or "
                "mlpipe.Pipeline")
        with _refusals():
            self._recipe(parts)  # what is misspelt is told before the data's
            more = [(label, y)]
            if sample_weight is not None:
                more.append(("sample_weight", sample_weight))
            data, target, *weight = self._dataset(X, True, more)
            roles = {"target": _names([target]), "task": task,
                     "weight": _names(weight) or None,
                     "holdout": float(self.holdout)}
            if sample_weight is not None and not sample_weight.all():
                # As good as absent, also to what counts rows.
                data = data.filter(f"{weight[0]} > 0")
            self.model_ = self._recipe(parts, **roles).fit(data)

    def _answers(self, X: Any) -> Any:
        """rows x outputs of the model."""
        data = self._data(X)
        with _refusals():
            return self.model_.predict(data).reshape(len(data), -1)

    @property
    def feature_importances_(self) -> Any:
        """What each column of X is worth to gbt: its share of the gain."""
        check_is_fitted(self)
        card = self.model_.card()
        if "fit.importance" not in card.tables:
            raise AttributeError("there are importances of gbt alone; "
                                 "model_.importance() asks any model")
        found = card.table("fit.importance")
        names = list(getattr(self, "feature_names_in_",
                             [f"x{i}" for i in range(self.n_features_in_)]))
        shares = dict(zip(found.values("feature"), found.values("share")))
        if not set(shares) <= set(names):
            raise AttributeError(
                "the steps made features that are no columns of X: "
                'model_.card().table("fit.importance") has theirs')
        return np.array([shares.get(name, 0.0) for name in names])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = (
            _step(self.learner).named(*_TAKE_NULLS)
            or _named(_steps(self.steps), ("impute",)))
        return tags


def _weights(sample_weight: Any, X: Any) -> Any:
    if sample_weight is None:
        return None
    return _check_sample_weight(sample_weight, X, dtype=np.float64,
                                ensure_non_negative=True)


def _target(estimator: Any, y: Any, **kind: Any) -> Any:
    if y is None:
        raise ValueError(f"{type(estimator).__name__} requires y to be "
                         "passed, but the target y is None")
    return _check_y(y, estimator=estimator, **kind)


def _texts(classes: Any) -> list[str]:
    """What the library calls classes: as they print, if that tells them."""
    texts = [str(c) for c in classes]
    if len(set(texts)) < len(texts) or any("\0" in t for t in texts):
        return [str(i) for i in range(len(texts))]
    return texts


def _label(y: Any) -> str:
    name = getattr(y, "name", None)
    return name if isinstance(name, str) and name else "target"


class Regressor(RegressorMixin, _Learner):  # type: ignore[misc]
    """Steps and a learner of numbers.

    learner: a Step or its text, "ridge l2=1"; steps in front of it, behind it
    "conformal"; recipe: further parameters of mlpipe.Pipeline, such as
    "time=date", of columns of X; holdout: see above; random_state: the seed.
    """

    @_anew
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Regressor:
        label = _label(y)
        y = _target(self, y, y_numeric=True).astype(np.float64)
        self._fit(X, y, _weights(sample_weight, X), label, "regression")
        return self

    def predict(self, X: Any) -> Any:
        return np.ascontiguousarray(self._answers(X)[:, 0])

    def predict_interval(self, X: Any) -> Any:
        """rows x (low, high), with behind="conformal level=0.9"."""
        check_is_fitted(self)
        names = self.model_.outputs
        ends = [names[0] + "_low", names[0] + "_high"]
        if not set(ends) <= set(names):
            raise AttributeError('there are intervals with behind='
                                 '"conformal" alone')
        return self._answers(X)[:, [names.index(end) for end in ends]]


class Classifier(ClassifierMixin, _Learner):  # type: ignore[misc]
    """Steps and a learner of classes; parameters as Regressor's, behind it
    "calibrate" too. The class of a row is the likeliest one."""

    @_anew
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Classifier:
        label = _label(y)
        y = _target(self, y)
        check_classification_targets(y)
        classes, codes = np.unique(y, return_inverse=True)
        if len(classes) > _MANY and classes.dtype.kind in "iuf":
            warnings.warn(f"y has {len(classes)} classes of whole numbers; "
                          "if they are amounts, Regressor is meant",
                          UserWarning, stacklevel=2)
        weights = _weights(sample_weight, X)
        kept = np.unique(codes if weights is None else codes[
            :len(weights)][weights[:len(codes)] > 0])
        if len(kept) < 2:
            raise ValueError("a classifier needs two classes, here is one "
                             f"class in {len(codes)} rows")
        self._fit(X, np.array(_texts(classes), dtype=object)[codes], weights,
                  label, "binary" if len(kept) == 2 else "multiclass")
        self.classes_ = classes
        return self

    def predict_proba(self, X: Any) -> Any:
        out = self._answers(X)
        texts = _texts(self.classes_)
        found = [texts.index(name) for name in self.model_.classes]
        chances = np.zeros((len(out), len(texts)))
        if len(found) == 2:
            chances[:, found] = np.column_stack([1 - out[:, 0], out[:, 0]])
        else:
            chances[:, found] = out[:, :len(found)]
        return chances

    def predict(self, X: Any) -> Any:
        chances = self.predict_proba(X)
        none = np.flatnonzero(np.isnan(chances).any(axis=1))
        if len(none):
            raise ValueError(f"{len(none)} of {len(chances)} rows have no "
                             f"answer, the first is row {none[0]}; "
                             "predict_proba gives NaN for them")
        return self.classes_[chances.argmax(axis=1)]


class Transformer(TransformerMixin, _Recipe):  # type: ignore[misc]
    """Steps without a learner: features, numbers as float64.

    Where a step learns from the target (target_encode), fit_transform gives
    each training row a value that its own target is no part of, and transform
    refuses those rows but for leak="allow".
    """

    def __init__(self, steps: AnySteps = ("impute", "scale"), *,
                 recipe: str = "", leak: str = "refuse",
                 random_state: Any = None) -> None:
        self.steps = steps
        self.recipe = recipe
        self.leak = leak
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Transformer:
        self._fit(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        return _matrix(self._fit(X, y))

    @_anew
    def _fit(self, X: Any, y: Any) -> Dataset:
        steps = _steps(self.steps)
        more: list[tuple[str, Any]] = []
        if _named(steps, _NEED_TARGET):
            more.append((_label(y), _target(self, y)))
            check_consistent_length(X, y)
        with _refusals():
            self._recipe(steps)
            data, *target = self._dataset(X, True, more)
            self.transform_, features = self._recipe(
                steps, target=_names(target) or None).fit_transform(data)
        if len(features) != len(data):
            raise ValueError(
                f"the steps kept {len(features)} of {len(data)} rows: what "
                "drops rows belongs in front of a learner, in its steps=")
        return features

    def transform(self, X: Any) -> Any:
        data = self._data(X)
        with _refusals():
            return _matrix(self.transform_.apply(data, leak=self.leak))

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        return np.array(self.transform_.outputs, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        steps = _steps(self.steps)
        tags.input_tags.allow_nan = (_named(steps, ("impute",))
                                     or not _named(steps, _NEED_VALUES))
        tags.target_tags.required = _named(steps, _NEED_TARGET)
        return tags
