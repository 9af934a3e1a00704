# SPDX-License-Identifier: MIT
"""What parameters are made of, for help("span") and its like."""
from __future__ import annotations

_SPAN = """span: a length of time, as in label_delay="30 d" or gap="5 d".
  A number and a unit, "90 min": us, ms, s, min, h, d, w, or words such as
  day and days; without a unit seconds. Or a datetime.timedelta, a
  pandas.Timedelta, a numpy.timedelta64. gap=, purge= and embargo= take rows as
  well: 20 is 20 rows."""

_TIME = """time: a moment, as in at="2015-02-01", as_of= or now_us=.
  Of a parameter a text, "2015-02-01" or "2015-02-01T10:30:00Z"; or a
  datetime, a date, a pandas.Timestamp, a numpy.datetime64. now= of a row,
  now_us= and label_us= take those, or a whole number of microseconds since
  1970-01-01 UTC. What has no zone is UTC. Columns of times keep the unit that
  they came in: Dataset.types tells it, timestamp[us].
  In expressions as_of is the time of the row: the column that time= names,
  in a worker the time of the call, else as_of= of the recipe."""

_RULE = """rule: when to act, as in Cycle(when="performance or age > 30 d").
  Names of Monitor.report(), numbers with % or a unit of time, + - * /,
  comparisons, and, or, not, parentheses.
  performance, features, concept   a verdict alone: true at DRIFT
  rmse > 1.1 * reference           a metric against that of the reference
  features_drifted >= 2, errors > 0.1 %, age > 30 d
  `sqft_living.psi` > 0.2          odd names in backticks
  any(a, b), all(a, b), 2 of (a, b, c)
  a for 3 panes                    it holds, and did for the last three
  a until b                        on with a, off with b
  What depends on too few rows does not fire."""

_METRICS = """metrics: scores, as in evaluate(rows, metrics="rmse,r2") or
["rmse", "r2"]; "all" is all of the task but those by query; each comes with
<name>_baseline, and its interval by Report.figure(name).
  numbers: rmse, mse, mae, medae, max_error, r2, explained_variance, mape,
    smape, wape, rmsle, pinball, huber, mean_poisson_deviance,
    mean_gamma_deviance, mean_tweedie_deviance, d2_absolute_error, d2_poisson,
    d2_gamma, pearson, spearman, kendall (and, by a number, pinball@0.9,
    huber@5, mean_tweedie_deviance@1.2)
  classes: logloss, brier, d2_logloss, d2_brier, accuracy, balanced_accuracy,
    mcc, kappa, ece, ece_mass
  two classes: auc, gini, ap, ks, best_f1, precision, recall, specificity, npv,
    f1, jaccard
  more classes: auc_ovr, auc_ovr_weighted, auc_ovo, precision_macro,
    recall_macro, f1_macro, precision_micro, recall_micro, f1_micro,
    precision_weighted, recall_weighted, f1_weighted, top2_accuracy,
    top3_accuracy
  rankings, by query= or the recipe's group=: ndcg, dcg, ndcg_exp, dcg_exp,
    mrr, map, of the first k ranks as in ndcg@10, and precision@k, recall@k,
    hit_rate@k"""

TOPICS = {"span": _SPAN, "time": _TIME, "rule": _RULE, "metrics": _METRICS}
_SAME = {"spans": "span", "duration": "span", "timedelta": "span",
         "times": "time", "datetime": "time", "date": "time",
         "timestamp": "time", "now_us": "time", "label_us": "time",
         "rules": "rule", "when": "rule", "metric": "metrics"}


def topic(name: str) -> str:
    """The text about a name; "" where there is none."""
    low = name.lower()
    return TOPICS.get(_SAME.get(low, low), "")
