#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Writes Tests/Reference/textmodels/transformers.json: what Hugging Face's text models make of weights that a formula gives.

"""Needs `pip install torch transformers`. Weights are functions of the parameter's name and the place in it (`filled`), known on
both sides, so that only results are committed."""

import json
import math
import pathlib

import torch
import transformers
from transformers import (BertConfig, BertForSequenceClassification, BertModel, DistilBertConfig,
                          DistilBertForSequenceClassification, DistilBertModel, GPT2Config, GPT2ForSequenceClassification,
                          GPT2LMHeadModel, GPT2Model)

TARGET = pathlib.Path(__file__).resolve().parent / "textmodels" / "transformers.json"
SHAPE = (2, 7)


def phase(name):
    value = 0x811C9DC5
    for byte in name.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value % 1000 / 100


def filled(model):
    names = []
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            places = torch.arange(parameter.numel(), dtype=torch.float64)
            values = 0.3 * torch.sin(0.7 * places + phase(name))
            if parameter.ndim == 1 and name.endswith("weight"):
                values = values + 1
            parameter.copy_(values.reshape(parameter.shape))
            names.append([name, list(parameter.shape)])
    return names


def inputs(vocabulary):
    ids = torch.tensor([[(5 * row + 3 * place + place * place) % vocabulary for place in range(SHAPE[1])] for row in range(SHAPE[0])])
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])
    types = torch.tensor([[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 0, 0, 0]])
    return ids, mask, types


def case(model, vocabulary, uses_mask=True, uses_types=False, pad=None):
    names = filled(model)
    model.eval()
    ids, mask, types = inputs(vocabulary)
    if pad is not None:
        ids = torch.where(mask == 1, ids, pad)
    arguments = {"input_ids": ids}
    if uses_mask:
        arguments["attention_mask"] = mask
    if uses_types:
        arguments["token_type_ids"] = types
    output = model(**arguments)[0]
    weights = torch.cos(0.3 * torch.arange(output.numel(), dtype=torch.float64)).reshape(output.shape).to(output.dtype)
    if uses_mask and output.ndim == 3:
        weights = weights * mask[..., None]
    model.zero_grad()
    (output * weights).sum().backward()
    gradients = []
    for name, parameter in model.named_parameters():
        gradient = (torch.zeros_like(parameter) if parameter.grad is None else parameter.grad).double().flatten()
        places = torch.arange(gradient.numel(), dtype=torch.float64)
        gradients.append([name, float((gradient * torch.cos(0.9 * places)).sum()), float(gradient.norm())])
    kept = output if output.ndim == 2 or not uses_mask else output * mask[..., None]
    return {"names": names, "ids": ids.flatten().tolist(), "shape": list(output.shape), "output": kept.detach().double().flatten().tolist(),
            "gradients": gradients}


def build():
    bert = dict(vocab_size=23, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12, max_position_embeddings=9,
                attn_implementation="eager", num_labels=3)
    distil = dict(vocab_size=23, dim=8, n_layers=2, n_heads=2, hidden_dim=12, max_position_embeddings=9, attn_implementation="eager", num_labels=3)
    gpt = dict(vocab_size=23, n_embd=8, n_layer=2, n_head=2, n_positions=9, attn_implementation="eager", bos_token_id=1, eos_token_id=1,
               pad_token_id=22, num_labels=3)
    return {
        "bert": case(BertModel(BertConfig(**bert), add_pooling_layer=False), 23, uses_types=True),
        "bert.plain": case(BertModel(BertConfig(**bert), add_pooling_layer=False), 23, uses_mask=False),
        "bert.classifier": case(BertForSequenceClassification(BertConfig(**bert)), 23, uses_types=True),
        "bert.tanh": case(BertModel(BertConfig(**bert, hidden_act="gelu_new"), add_pooling_layer=False), 23),
        "bert.relu": case(BertModel(BertConfig(**bert, hidden_act="relu"), add_pooling_layer=False), 23),
        "distilbert": case(DistilBertModel(DistilBertConfig(**distil)), 23),
        "distilbert.classifier": case(DistilBertForSequenceClassification(DistilBertConfig(**distil)), 23),
        "gpt2": case(GPT2Model(GPT2Config(**gpt)), 22),
        "gpt2.plain": case(GPT2LMHeadModel(GPT2Config(**gpt)), 22, uses_mask=False),
        "gpt2.classifier": case(GPT2ForSequenceClassification(GPT2Config(**gpt)), 22, pad=22),
    }


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_num_threads(1)
    document = {"versions": {"torch": torch.__version__, "transformers": transformers.__version__}, **build()}

    def rounded(value):
        if isinstance(value, float):
            return float(f"{value:.8g}")
        if isinstance(value, list):
            return [rounded(item) for item in value]
        return {key: rounded(item) for key, item in value.items()} if isinstance(value, dict) else value

    TARGET.write_text(json.dumps(rounded(document), separators=(",", ":")) + "\n")
