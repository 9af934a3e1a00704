# SPDX-License-Identifier: MIT
"""House sales through the whole loop, as 04_houses.c goes it: collect, look,
clean, augment, train, validate, test, version, then sale by sale monitor,
retrain, gate and swap.

    python3 09_houses.py            with sales that it invents
    python3 09_houses.py sales.csv  with yours: id, date, price, sqft_living,
                                    sqft_lot, grade (text), yr_built

Files are written where it is run. Serving rows of the host's own structs is
C's (deploy.h); here the same loop runs over the rows of a dataset.
"""
import datetime
import json
import math
import random
import sys

import mlpipe

GRADES = ["5 Fair", "6 Low Average", "7 Average", "8 Good", "9 Better",
          "10 Very Good"]


def invent(path: str, sales: int = 24000, days: int = 730,
           drift_day: int = 490) -> None:
    """Sales of two years; late in the second, prices rise by grade."""
    dice = random.Random(2023)
    start = datetime.date(2023, 1, 1)
    with open(path, "w", encoding="utf-8") as file:
        file.write("id,date,price,sqft_living,sqft_lot,grade,yr_built\n")
        for i in range(sales):
            day = i * days // sales
            late = day >= drift_day
            grade = int(dice.random() * dice.random() * 6)
            living = math.exp(7.5 + 0.4 * dice.gauss(0, 1) + 0.1 * grade
                              + 0.15 * late)
            lot = living * math.exp(1.2 + 0.7 * dice.gauss(0, 1))
            built = 1900 + int(125 * math.sqrt(dice.random()))
            price = math.exp(
                5.6 + 0.85 * math.log(living) + 0.16 * grade
                + (0.25 + 0.06 * grade) * late
                + 0.0015 * (built - 1900) * (built > 1960)
                + 0.03 * math.log(lot) + 0.15 * dice.gauss(0, 1))
            date = start + datetime.timedelta(day)
            area = f"{living:.0f}" if dice.random() > 0.03 else dice.choice(
                ["?", ""])
            text = GRADES[grade] if dice.random() > 0.02 else ""
            line = (f"{100000 + i},{date:%m/%d/%Y},{price:.0f},{area},"
                    f"{lot:.0f},{text},{built}\n")
            file.write(line * (2 if i % 97 == 0 else 1))  # entered twice


def note(stage: str, text: str) -> None:
    print(f"  {stage:10} {text}", flush=True)


def recipe() -> mlpipe.Pipeline:
    return (mlpipe.Pipeline("target=log(price) id=id time=date "
                            "features=sqft_living,sqft_lot,grade,yr_built")
            .add("dedupe", on=["id", "date"], keep="last")
            .add("impute", numeric="median", text="mode", indicator=True)
            .derive("lot_ratio = sqft_living / max(sqft_lot, 1);"
                    "age = year(as_of) - yr_built")
            .add("jitter", columns=["sqft_living", "sqft_lot"], sd=0.01,
                 copies=1)
            .add("gbt", trees=300))


def learn(path: str) -> tuple[mlpipe.Pipeline, mlpipe.Model,
                              mlpipe.Dataset, mlpipe.Dataset]:
    """From a file to a tested, saved and versioned model."""
    sales = mlpipe.read_csv(path)
    note("collect", f"{len(sales)} sales, {len(sales.columns)} columns")
    profile = sales.profile(target="price")
    with open("houses.html", "w", encoding="utf-8") as file:
        file.write(profile.to_html())
    findings = profile.table("findings")
    note("look", f"{len(findings)} findings: houses.html")
    train, valid, test, live = sales.split(
        "order=date parts=0.3,0.1,0.1,0.5")
    tuned, trials = recipe().search(
        train, valid, "gbt.leaves=15..63 gbt.rate=0.03..0.2:log", trials=4)
    model = tuned.fit(train, valid)
    note("train", f"gbt on {len(train)} sales; rmse {trials['best']:.0f} in "
         f"the best of {trials['trials_tried']:.0f} trials on {len(valid)} "
         f"later sales, {trials['default']:.0f} as it was")
    score = model.evaluate(test, metrics="rmse,r2")
    note("test", f"R2 {score['r2']:.4f}, rmse {score['rmse']:.0f} (baseline "
         f"{score['rmse_baseline']:.0f}) on {len(test)} later sales")
    model = model.note("intended_use", "Prices of houses, for sellers.")
    model.save("houses.mlpipe")
    store = mlpipe.Store("houses.store")
    store.commit("sales-train", train, note="the first model's")
    version = store.commit("houses", model)
    lineage = store.lineage("houses")
    note("version", f"model {version[:12]}, made from data "
         f"{lineage.text('train'):.12} ({lineage.text('train_name')})")
    return tuned, model, train, live


def live_on(tuned: mlpipe.Pipeline, model: mlpipe.Model,
            train: mlpipe.Dataset, live: mlpipe.Dataset) -> None:
    """The monitored loop over the later sales, each price known a week
    behind its sale."""
    drift = train.drift(live)
    table = drift.table("drift")
    note("drift", ", ".join(
        name for name, verdict in zip(table.values("column"),
                                      table.values("verdict"))
        if verdict == "drift"))
    report, log = tuned.replay(
        live, first=model, tick=33, label_delay="7 d",
        # What is captured is what a challenger learns from: recent sales.
        monitor="pane=1000 capture=1500",
        cycle="when='performance or age > 365 d' volume=1500 gate=rmse "
              "probation=500")
    said = {"retrain": "a challenger is fitted",
            "swapped": "the challenger serves",
            "rejected": "the challenger was not better",
            "confirmed": "the challenger has proved itself",
            "rolled_back": "rolled back"}
    for line in map(json.loads, log.splitlines()):
        if line.get("action") in said:
            note(line["action"], said[line["action"]])
    note("audit", f"{mlpipe.audit(log)} decisions follow from their figures")
    note("loop", f"rmse {report['rmse']:.0f} over {report['rows']:.0f} "
         f"sales, {report['rmse.frozen']:.0f} with the first model alone; "
         f"{report['retrains']:.0f} retrains, {report['swaps']:.0f} swaps")


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else "houses.csv"
    if len(sys.argv) < 2:
        invent(path)
    live_on(*learn(path))


if __name__ == "__main__":
    main()
