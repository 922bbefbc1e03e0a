#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Reads event files with TensorBoard's own reader and prints what it shows, as JSON.
"""usage: tensorboard_reader.py FOLDER

{"scalars": {tag: [[step, value]]}, "histograms": {tag: [[step, number, least, largest, sum]]}, "texts": {tag: text},
 "files": [names in TensorBoard's order]}; a number that is none is null.
"""

import json
import math
import os
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def number(value):
    return value if math.isfinite(value) else None


def main():
    if len(sys.argv) != 2 or sys.argv[1] == "--help":
        print(__doc__)
        return
    # Everything, not a sample of it.
    events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "histograms": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    found = {"scalars": {}, "histograms": {}, "texts": {}}
    for tag in tags["scalars"]:
        found["scalars"][tag] = [[event.step, number(event.value)] for event in events.Scalars(tag)]
    for tag in tags["histograms"]:
        found["histograms"][tag] = [
            [event.step, value.num, value.min, value.max, value.sum, sum(value.bucket)]
            for event in events.Histograms(tag)
            for value in [event.histogram_value]
        ]
    for tag in tags["tensors"]:
        metadata = events.SummaryMetadata(tag)
        if metadata.plugin_data.plugin_name == "text":
            found["texts"][tag] = events.Tensors(tag)[-1].tensor_proto.string_val[0].decode()
    found["files"] = sorted(os.listdir(sys.argv[1]))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
