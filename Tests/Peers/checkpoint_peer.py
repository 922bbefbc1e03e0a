# SPDX-License-Identifier: Apache-2.0
"""What a checkpoint costs the steps beside it in PyTorch: torch.save, and torch.distributed.checkpoint.async_save.

usage: python checkpoint_peer.py WIDTH STEPS    prints a line of JSON for each

The model, the batch and the optimizer of `lockstep bench checkpoint`; one thread. A checkpoint is due every ten steps and taken when the one
before is done. torch.save is flushed to the disk, without which it is not safe; async_save as it is.
"""
import json
import os
import statistics
import sys
import tempfile
import time
import warnings

import torch

warnings.filterwarnings("ignore")


def main():
    if len(sys.argv) != 3:
        print(__doc__.strip())
        return
    width, steps = int(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = torch.nn.Sequential(*[torch.nn.Linear(width, width) for _ in range(6)])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
    batch = torch.sin(torch.arange(8 * width, dtype=torch.float32)).reshape(8, width)
    target = torch.zeros(8, width)
    folder = tempfile.mkdtemp()

    def step():
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(batch), target).backward()
        optimizer.step()

    def state():
        return {"model": model.state_dict(), "optimizer": optimizer.state_dict()}

    def save(_):
        path = folder + "/checkpoint.pth"
        with open(path + ".new", "wb") as file:
            torch.save(state(), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + ".new", path)

    def save_beside(number):
        import torch.distributed.checkpoint as dcp

        return dcp.async_save(state(), checkpoint_id=f"{folder}/{number}")

    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=0, world_size=1)
    for _ in range(5):
        step()
    for name, take in (("torch.save", save), ("torch.distributed.checkpoint.async_save", save_beside)):
        late, alone, beside, written = [], [], [], []
        running = begun = None
        for number in range(steps):
            start = time.perf_counter()
            step()
            seconds = time.perf_counter() - start
            busy = running is not None and not running.done()
            if running is not None and not busy:
                written.append(time.perf_counter() - begun)
                running.result()
                running = None
            (beside if busy else alone).append(seconds)
            if number % 10 == 9 and running is None:
                start = begun = time.perf_counter()
                running = take(number)
                late.append(time.perf_counter() - start)
                if running is None:
                    written.append(late[-1])
        if running is not None:
            running.result()
            written.append(time.perf_counter() - begun)
        median = lambda values: statistics.median(values) if values else None
        print(json.dumps({"name": name, "parameters": sum(p.numel() for p in model.parameters()), "snapshot": median(late),
                          "step": median(alone), "besideWrite": median(beside), "write": max(written)}), flush=True)
    torch.distributed.destroy_process_group()
    import shutil

    shutil.rmtree(folder)


main()
