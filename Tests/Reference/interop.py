#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Loads a state dictionary that Lockstep saved into the PyTorch model of that name and compares the outputs it saved.

import argparse
import pathlib
import sys


def main():
    parser = argparse.ArgumentParser(description="Exit code 0 when PyTorch gives y for x within 1e-5, 1 otherwise.")
    parser.add_argument("model", choices=["mlp", "cnn", "recurrent"], help="a model of cases/models.py")
    parser.add_argument("state", help="safetensors file with the model's parameters and buffers")
    parser.add_argument("example", help="safetensors file with x and y, computed in evaluation mode")
    arguments = parser.parse_args()
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    sys.dont_write_bytecode = True

    import torch
    from safetensors.torch import load_file
    from cases import models

    net = {"mlp": models.mlp, "cnn": models.cnn, "recurrent": models.Recurrent}[arguments.model]().eval()
    net.load_state_dict(load_file(arguments.state))
    example = load_file(arguments.example)
    with torch.no_grad():
        y = net(example["x"])
    if y.shape != example["y"].shape:
        sys.exit(f"{arguments.model}: shape {list(example['y'].shape)} here, {list(y.shape)} in PyTorch")
    difference = (y - example["y"]).abs().max().item()
    print(f"{arguments.model}: largest difference {difference:.2e}")
    sys.exit(0 if torch.allclose(y, example["y"], 1e-5, 1e-5) else 1)


if __name__ == "__main__":
    main()
