# SPDX-License-Identifier: Apache-2.0
# What PyTorch says of integers beside numbers that their type does not hold, of their powers, and of the ends of linspace.

import torch

DTYPES = {"uint8": torch.uint8, "int32": torch.int32, "int64": torch.int64, "bool": torch.bool}
VALUES = {"uint8": [0, 1, 2, 3, 100, 255], "int32": [0, 1, 2, -1, -3, 1001, 2**31 - 1, -(2**31)],
          "int64": [0, 1, 2, -1, -3, 1001, 2**62, 2**63 - 1, -(2**63)], "bool": [0, 1]}
# Whole numbers are Python integers where a type holds them, as they are for us; PyTorch takes others as floats.
NUMBERS = ["inf", "-inf", "nan", "3e9", "-3e9", "2.5", "-0.5", "1e300", "0", "1", "2"]
COMPARISONS = {".==": torch.eq, ".!=": torch.ne, ".<": torch.lt, ".<=": torch.le, ".>": torch.gt, ".>=": torch.ge}


def number(text, dtype):
    value = float(text)
    if dtype.is_floating_point or value != value or value in (float("inf"), float("-inf")) or value != int(value):
        return value
    low, high = (0, 1) if dtype == torch.bool else (torch.iinfo(dtype).min, torch.iinfo(dtype).max)
    return int(value) if low <= value <= high else value


def comparisons():
    """Small values only: PyTorch compares integers with fractions in float32, which is not exact beyond 2^24."""
    cases = []
    for name, dtype in DTYPES.items():
        values = [v for v in VALUES[name] if abs(v) < 2**24]
        x = torch.tensor(values).to(dtype)
        for text in NUMBERS:
            for operation, function in COMPARISONS.items():
                cases.append({"dtype": name, "values": values, "number": text, "operation": operation,
                              "result": function(x, number(text, dtype)).tolist()})
    return cases


def powers():
    cases = []
    for name in ["uint8", "int32", "int64"]:
        x = torch.tensor(VALUES[name], dtype=DTYPES[name])
        for exponent in [0, 1, 2, 3, 5, 9, 20, 63, 64]:
            cases.append({"dtype": name, "values": VALUES[name], "exponent": exponent, "result": (x**exponent).tolist()})
    bases, exponents = [1001, -3, 0, -1, 1, 2, -1, 7], [3, 3, 0, -3, -3, -3, -4, 22]
    table = {"bases": bases, "exponents": exponents, "result": (torch.tensor(bases) ** torch.tensor(exponents)).tolist()}
    return {"numbers": cases, "tensors": table}


def arithmetic():
    """Numbers that are not whole make float32 of integers."""
    x = torch.tensor([0, 1, -3, 1001], dtype=torch.int64)
    return [{"number": text, "sum": [str(v) for v in (x + float(text)).tolist()],
             "product": [str(v) for v in (x * float(text)).tolist()]} for text in ["inf", "-inf", "nan", "2.5"]]


def lines():
    double = torch.float64
    whole = [torch.linspace(a, b, n, dtype=double).tolist() for a, b, n in [(0, 1, 50), (-1, 1, 7), (0.1, 0.7, 11), (3, -2, 1)]]
    exact = sum(torch.linspace(0.1, 0.7, n, dtype=double)[-1].item() == 0.7 for n in range(2, 1001))
    return {"exactEnds": exact, "whole": whole,
            "integers": torch.linspace(0, 10, 5, dtype=torch.int64).tolist(),
            "singles": [str(v) for v in torch.linspace(-1, 1, 8).tolist()]}


def selections():
    x = torch.arange(6).reshape(2, 3)
    return {"row": torch.masked_select(x, torch.tensor([True, False, True])).tolist(),
            "column": torch.masked_select(x[0], torch.tensor([[False], [True]])).tolist()}


def build():
    return {"comparisons": comparisons(), "powers": powers(), "arithmetic": arithmetic(), "linspace": lines(),
            "maskedSelect": selections()}
