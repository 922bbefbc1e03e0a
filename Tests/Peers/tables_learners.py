# SPDX-License-Identifier: Apache-2.0
"""How lockstep, fastai and scikit-learn are told to learn a table, for `tables_peer.py`. Each returns the rows for validation's answers:
numbers [rows], or probabilities [rows, classes] in the order of `classes`."""
import os
import subprocess

import numpy
import pandas


def lockstep(program, path, target, classes, seed, folder, *options):
    """What somebody types: file, target and a seed; all else as it is untold."""
    environment = os.environ | {"LOCKSTEP_THREADS": "1"}
    subprocess.run(
        [program, "train", "csv", "--data", path, "--target", target, "--seed", str(seed), "--run", folder,
         "--overwrite", "--quiet", *options], check=True, env=environment)
    answers = pandas.read_csv(folder + "/predictions.csv")[pandas.read_csv(path)["is_valid"]]
    if classes is None:
        return answers[target].to_numpy()
    return answers[[f"p({word})" for word in classes]].to_numpy()


def columns(table, target, date):
    """The table as its readers have it: the date in fastai's parts; without text that differs in more than half of the rows to train on,
    of which nobody learns anything."""
    from fastai.tabular.core import add_datepart

    training = table[~table["is_valid"]]
    names = [name for name in table.columns if name not in (target, "is_valid")]
    unique = [name for name in names if pandas.api.types.is_string_dtype(table[name]) and name != date
              and training[name].nunique() > max(20, training[name].count() / 2)]
    table = table.drop(columns=unique)
    return table if date is None else add_datepart(table, date)


def fastai(table, target, classes, seed, epochs, way):
    """`tabular_learner` and `fit_one_cycle`: by way of `untold` as they are, with their rate of 1e-3; of `book`, as chapter 9 of fastai's
    book has it, with bounds a little beyond the targets of numbers and the rate that `lr_find` suggests; of `scaled`, as Lockstep
    does by itself, with numbers standardised before and the rate 1e-2."""
    import torch
    from fastai.tabular.all import (
        Categorify, CategoryBlock, FillMissing, Normalize, RegressionBlock, TabularPandas, cont_cat_split, set_seed,
        tabular_learner, valley)

    torch.set_num_threads(1)
    set_seed(seed, reproducible=True)
    marked = table["is_valid"].to_numpy()
    frame = table.drop(columns="is_valid")
    continuous, categorical = cont_cat_split(frame, dep_var=target)
    splits = (list(numpy.flatnonzero(~marked)), list(numpy.flatnonzero(marked)))
    mean, deviation = 0, 1
    if classes is None:
        if way == "scaled":
            mean, deviation = frame[target][~marked].mean(), frame[target][~marked].std()
        frame[target] = ((frame[target] - mean) / deviation).astype("float32")
    else:
        frame[target] = frame[target].astype(str)
    data = TabularPandas(
        frame, procs=[Categorify, FillMissing, Normalize], cat_names=categorical, cont_names=continuous, y_names=target,
        y_block=RegressionBlock() if classes is None else CategoryBlock(), splits=splits)
    loaders = data.dataloaders(bs=64)
    bounds = None
    if way == "book" and classes is None:
        least, most = frame[target][~marked].min(), frame[target][~marked].max()
        bounds = (float(least - (most - least) / 20), float(most + (most - least) / 20))
    learner = tabular_learner(loaders, y_range=bounds)
    rate = 1e-2 if way == "scaled" else None
    with learner.no_bar(), learner.no_logging():
        if way == "book":
            rate = learner.lr_find(show_plot=False, suggest_funcs=valley).valley
        learner.fit_one_cycle(epochs, rate)
        answers = learner.get_preds(ds_idx=1)[0].numpy()
    if classes is None:
        return answers[:, 0] * deviation + mean
    return answers[:, [list(loaders.vocab).index(word) for word in classes]]


def boosting(table, target, classes, seed):
    """scikit-learn's histogram boosting as it is untold. Text becomes categories, of which it takes 255: the most frequent ones."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    marked = table["is_valid"]
    inputs = table.drop(columns=[target, "is_valid"])
    for name in inputs.columns:
        if pandas.api.types.is_string_dtype(inputs[name]):
            words = inputs[name][~marked].value_counts().index[:254]
            inputs[name] = pandas.Categorical(inputs[name], categories=sorted(words))
    kind = HistGradientBoostingRegressor if classes is None else HistGradientBoostingClassifier
    learner = kind(categorical_features="from_dtype", random_state=seed)
    answers = table[target] if classes is None else table[target].astype(str)
    learner.fit(inputs[~marked], answers[~marked])
    if classes is None:
        return learner.predict(inputs[marked])
    return learner.predict_proba(inputs[marked])[:, [list(learner.classes_).index(word) for word in classes]]
