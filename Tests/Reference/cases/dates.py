# SPDX-License-Identifier: Apache-2.0
# What pandas reads in dates as people write them, and what fastai's add_datepart makes of them.

import math
import warnings

import numpy as np
import pandas as pd
from fastai.tabular.core import add_datepart

warnings.filterwarnings("ignore")

# Ends and beginnings of months, quarters, years, leap years; weeks of ISO 8601 that belong to another year.
DAYS = ["2020-01-01", "2020-02-28", "2020-02-29", "2020-03-01", "2019-12-30", "2021-01-03", "2020-12-31", "2023-02-28", "2023-03-31",
        "2023-04-01", "2023-06-30", "2023-09-30", "2024-12-29", "2024-12-30", "2016-01-03", "1999-12-31", "1970-01-01", "1969-12-31",
        "1900-02-28", "2000-02-29", "2100-03-01", "2023-10-31", "2027-01-01", "2032-12-31", "1901-07-04"]
TIMES = ["00:00:00", "23:59:59", "12:00:00", "00:30:05", "07:08:09"]
# Each form as strftime writes it, and whether the day stands before the month.
FORMS = {"iso": ("%Y-%m-%d", False), "slashes": ("%Y/%m/%d", False), "compact": ("%Y%m%d", False), "points": ("%d.%m.%Y", True),
         "dashes": ("%d-%m-%Y", True), "american": ("%m/%d/%Y", False), "names": ("%d %b %Y", True), "long": ("%B %d, %Y", False),
         "weekday": ("%a, %d %b %Y", True), "oracle": ("%d-%b-%Y", True)}


def parts(series, time=False):
    frame = add_datepart(pd.DataFrame({"saleDate": series}), "saleDate", time=time)
    return {name: [None if pd.isna(x) else int(x) for x in frame[name]] for name in frame.columns}


def cyclic(day):
    """fastai 1's add_cyclic_datepart, which fastai 2 has no more: by its formula."""
    clock = (day.hour * 3600 + day.minute * 60 + day.second) / 86400
    turns = {"weekday": day.weekday() / 7, "day_month": (day.day - 1) / day.days_in_month, "month_year": (day.month - 1) / 12,
             "day_year": (day.dayofyear - 1) / (366 if day.is_leap_year else 365), "clock": clock}
    return {f"sale{name}_{word}": function(2 * math.pi * turn) for name, turn in turns.items()
            for word, function in [("cos", np.cos), ("sin", np.sin)]}


def build():
    # Nanoseconds, which fastai divides by 10⁹: pandas 3 has microseconds otherwise.
    days = pd.Series(pd.to_datetime(DAYS)).astype("datetime64[ns]")
    times = pd.Series([day + pd.Timedelta(TIMES[i % len(TIMES)]) for i, day in enumerate(days)]).astype("datetime64[ns]")
    texts = {}
    for name, (form, first) in FORMS.items():
        written = [day.strftime(form) for day in days]
        read = pd.to_datetime(pd.Series(written), format="mixed", dayfirst=first)
        assert (read == days).all(), name
        texts[name] = written
    clocks = {"iso": [t.strftime("%Y-%m-%dT%H:%M:%S") for t in times], "space": [t.strftime("%Y-%m-%d %H:%M:%S") for t in times],
              "points": [t.strftime("%d.%m.%Y %H:%M:%S") for t in times], "halves": [t.strftime("%m/%d/%Y %I:%M:%S %p") for t in times]}
    for name, written in clocks.items():
        assert (pd.to_datetime(pd.Series(written), format="mixed", dayfirst=name == "points") == times).all(), name
    gaps = days[:4].copy()
    gaps[2] = pd.NaT
    circles = [cyclic(t) for t in times]
    return {"days": {"texts": texts, "parts": parts(days)}, "times": {"texts": clocks, "parts": parts(times, time=True)},
            "gaps": parts(gaps), "cyclic": {name: [c[name] for c in circles] for name in circles[0]}}
