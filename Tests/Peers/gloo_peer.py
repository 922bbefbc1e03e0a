# SPDX-License-Identifier: Apache-2.0
"""The all-reduce of torch.distributed over Gloo, timed as `lockstep bench allreduce` times its own.

usage: python gloo_peer.py RANKS SECONDS BYTES…    prints a line of JSON for each size: the time of each call's slowest rank.
"""
import json
import os
import sys
import tempfile
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp


def work(rank, ranks, seconds, sizes, store):
    cores = sorted(os.sched_getaffinity(0))
    if ranks <= len(cores):
        os.sched_setaffinity(0, {cores[rank]})
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=ranks)
    for size in sizes:
        x = torch.zeros(size // 4)
        calls = max(7, min(1000, (256 << 20) // size))
        times = []
        begun = time.perf_counter()
        for call in range(calls + 2):
            if call >= 9:
                late = torch.tensor([float(time.perf_counter() - begun > seconds)])
                dist.all_reduce(late)
                if late.item() > 0:
                    break
            value = rank + call % 3 * ranks
            x.fill_(value)
            dist.barrier()
            start = time.perf_counter()
            dist.all_reduce(x)
            end = time.perf_counter()
            expected = sum(r + call % 3 * ranks for r in range(ranks))
            assert x[-1].item() == expected, f"Gloo's sum is {x[-1].item()}, expected {expected}"
            if call >= 2:
                times.append(end - start)
        slowest = torch.tensor(times, dtype=torch.float64)
        dist.all_reduce(slowest, op=dist.ReduceOp.MAX)
        ordered = sorted(slowest.tolist())
        if rank == 0:
            print(json.dumps({"bytes": size, "best": ordered[0], "median": ordered[len(ordered) // 2]}), flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    ranks, seconds, sizes = int(sys.argv[1]), float(sys.argv[2]), [int(word) for word in sys.argv[3:]]
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(work, args=(ranks, seconds, sizes, os.path.join(folder, "store")), nprocs=ranks)
