# SPDX-License-Identifier: Apache-2.0
"""JAX (one jit-compiled training step, Adam), on the cases our benchmark measures.

usage: taskset -c 0 python jax_peer.py CASE [--batches N]           one core
       python jax_peer.py CASE --devices 2                          one process, two host devices, batch sharded
Prints one line of JSON with the fields of torch_peer.py. CASE: linreg mlp mlp256 lenet resnet20 tabular gpt lstm.
"""

import argparse
import json
import os
import resource
import time

t_start = time.time()
ap = argparse.ArgumentParser()
ap.add_argument("case")
ap.add_argument("--batches", type=int, default=0)
ap.add_argument("--devices", type=int, default=1)
a = ap.parse_args()
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1" + (
    f" --xla_force_host_platform_device_count={a.devices}" if a.devices > 1 else ""
)

import jax  # noqa: E402  after XLA_FLAGS, which it reads when it is imported
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from jax import lax, nn  # noqa: E402

rng = np.random.default_rng(0)


def lin(i, o):
    return dict(w=jnp.array(rng.standard_normal((i, o)) * i**-0.5, jnp.float32), b=jnp.zeros(o))


def dense(p, x):
    return x @ p["w"] + p["b"]


def conv(p, x, s=1):
    return lax.conv_general_dilated(x, p, (s, s), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def cw(i, o, k=3):
    return jnp.array(rng.standard_normal((k, k, i, o)) * (k * k * i) ** -0.5, jnp.float32)


def pool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def bnp(c):
    return dict(g=jnp.ones(c), b=jnp.zeros(c))


def bn(p, x):
    ax = tuple(range(x.ndim - 1))
    m = x.mean(ax)
    v = x.var(ax)  # running statistics left out: favours this peer
    return (x - m) * lax.rsqrt(v + 1e-5) * p["g"] + p["b"]


def ln(p, x):
    m = x.mean(-1, keepdims=True)
    v = x.var(-1, keepdims=True)
    return (x - m) * lax.rsqrt(v + 1e-5) * p["g"] + p["b"]


def ce(o, y):
    return -jnp.mean(jnp.take_along_axis(nn.log_softmax(o), y[..., None], -1))


F32 = lambda *s: jnp.array(rng.standard_normal(s), jnp.float32)


def I32(n, s):
    return jnp.array(rng.integers(0, n, s), jnp.int32)


def mlp(bs):
    P = [lin(784, 512), lin(512, 512), lin(512, 10)]

    def f(P, x):
        for p in P[:-1]:
            x = nn.relu(dense(p, x))
        return dense(P[-1], x)

    return P, f, (F32(bs, 784),), I32(10, (bs,)), ce


def lenet():
    P = dict(a=cw(1, 32), ab=jnp.zeros(32), b=cw(32, 64), bb=jnp.zeros(64), c=lin(3136, 128), d=lin(128, 10))

    def f(P, x):
        x = pool(nn.relu(conv(P["a"], x) + P["ab"]))
        x = pool(nn.relu(conv(P["b"], x) + P["bb"]))
        return dense(P["d"], nn.relu(dense(P["c"], x.reshape(len(x), -1))))

    return P, f, (F32(64, 28, 28, 1),), I32(10, (64,)), ce


def resnet20():
    P = dict(s=cw(3, 16), sb=bnp(16), h=lin(64, 10), blocks=[])
    st = []
    i = 16
    for o, s in [(16, 1), (32, 2), (64, 2)]:
        for k in range(3):
            ss = s if k == 0 else 1
            st.append(ss)
            P["blocks"].append(
                dict(
                    c1=cw(i, o),
                    b1=bnp(o),
                    c2=cw(o, o),
                    b2=bnp(o),
                    **({} if i == o and ss == 1 else dict(sc=cw(i, o, 1), sb=bnp(o))),
                )
            )
            i = o

    def f(P, x):
        x = nn.relu(bn(P["sb"], conv(P["s"], x)))
        for p, s in zip(P["blocks"], st):
            h = bn(p["b2"], conv(p["c2"], nn.relu(bn(p["b1"], conv(p["c1"], x, s)))))
            x = nn.relu(h + (bn(p["sb"], conv(p["sc"], x, s)) if "sc" in p else x))
        return dense(P["h"], x.mean((1, 2)))

    return P, f, (F32(64, 32, 32, 3),), I32(10, (64,)), ce


def tabular():
    szs = [(10, 6), (17, 8), (8, 5), (16, 8), (7, 5), (6, 4), (3, 3), (42, 13)]
    n = sum(b for _, b in szs)
    P = dict(
        e=[F32(q, b) * 0.01 for q, b in szs],
        bn=bnp(6),
        l=[lin(n + 6, 200), lin(200, 100), lin(100, 2)],
        n=[bnp(200), bnp(100)],
    )

    def f(P, c, x):
        h = jnp.concatenate([e[c[:, i]] for i, e in enumerate(P["e"])] + [bn(P["bn"], x)], 1)
        for p, q in zip(P["l"], P["n"]):
            h = bn(q, nn.relu(h @ p["w"]))
        return dense(P["l"][-1], h)

    return P, f, (jnp.stack([I32(q, (64,)) for q, _ in szs], 1), F32(64, 6)), I32(2, (64,)), ce


def gpt(V=65, D=128, H=4, L=4, T=64):
    P = dict(
        te=F32(V, D) * 0.02,
        pe=F32(T, D) * 0.02,
        n=bnp(D),
        h=lin(D, V),
        b=[
            dict(n1=bnp(D), qkv=lin(D, 3 * D), o=lin(D, D), n2=bnp(D), u=lin(D, 4 * D), d=lin(4 * D, D))
            for _ in range(L)
        ],
    )
    mask = jnp.tril(jnp.ones((T, T), bool))

    def f(P, x):
        B, T = x.shape
        h = P["te"][x] + P["pe"]
        for p in P["b"]:
            q, k, v = dense(p["qkv"], ln(p["n1"], h)).reshape(B, T, 3, H, -1).transpose(2, 0, 3, 1, 4)
            w = nn.softmax(jnp.where(mask, q @ k.swapaxes(-1, -2) * (D // H) ** -0.5, -jnp.inf))
            h = h + dense(p["o"], (w @ v).transpose(0, 2, 1, 3).reshape(B, T, D))
            h = h + dense(p["d"], nn.gelu(dense(p["u"], ln(p["n2"], h)), approximate=False))
        return dense(P["h"], ln(P["n"], h))

    return P, f, (I32(V, (32, T)),), I32(V, (32, T)), ce


def lstm(V=65, E=64, Hd=256, T=64):
    P = dict(e=F32(V, E), wx=lin(E, 4 * Hd), wh=F32(Hd, 4 * Hd) * Hd**-0.5, h=lin(Hd, V))

    def f(P, x):
        g = dense(P["wx"], P["e"][x]).swapaxes(0, 1)

        def cell(c, gx):
            h, c = c
            i, ff, gg, o = jnp.split(gx + h @ P["wh"], 4, -1)
            c = nn.sigmoid(ff) * c + nn.sigmoid(i) * jnp.tanh(gg)
            h = nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        z = jnp.zeros((x.shape[0], Hd))
        _, hs = lax.scan(cell, (z, z), g)
        return dense(P["h"], hs.swapaxes(0, 1))

    return P, f, (I32(V, (32, T)),), I32(V, (32, T)), ce


def linreg():
    P = lin(1, 1)
    return P, dense, (F32(16, 1),), F32(16, 1), lambda o, y: jnp.mean((o - y) ** 2)


cases = dict(
    linreg=(linreg, 2000),
    mlp=(lambda: mlp(64), 300),
    mlp256=(lambda: mlp(256), 150),
    lenet=(lenet, 60),
    resnet20=(resnet20, 20),
    tabular=(tabular, 500),
    gpt=(gpt, 40),
    lstm=(lstm, 40),
)
mk, nb = cases[a.case]
nb = a.batches or nb
P, f, x, y, loss = mk()
bs = len(y)


def step(P, M, V, t, x, y):
    l, g = jax.value_and_grad(lambda P: loss(f(P, *x), y))(P)
    t = t + 1
    M = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, M, g)
    V = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, V, g)
    P = jax.tree.map(lambda p, m, v: p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), P, M, V)
    return P, M, V, t, l


def zeros():
    return jax.tree.map(jnp.zeros_like, P)


S = (P, zeros(), zeros(), jnp.float32(0))
if a.devices > 1:  # the batch is split over the devices, parameters are replicated; XLA inserts the all-reduce
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    mesh = Mesh(np.array(jax.devices()), ("d",))
    split, whole = NamedSharding(mesh, PartitionSpec("d")), NamedSharding(mesh, PartitionSpec())
    S = jax.device_put(S, whole)
    x, y = jax.device_put(jax.tree.map(lambda q: jnp.concatenate([q] * a.devices), (x, y)), split)
run = jax.jit(step, donate_argnums=(0, 1, 2))


def go():
    global S
    *S, l = run(*S, x, y)
    jax.block_until_ready(S)


go()
first = time.time() - t_start
for _ in range(max(3, nb // 10)):
    go()
ts = []
for _ in range(nb):
    t = time.perf_counter()
    go()
    ts.append(time.perf_counter() - t)
ts.sort()
med = ts[nb // 2]
print(
    json.dumps(
        dict(
            case=a.case,
            engine="jax",
            ranks=a.devices,
            samples_per_s=round(bs * a.devices / med, 1),
            ms=round(med * 1e3, 4),
            best_ms=round(ts[0] * 1e3, 4),
            rss_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            first_step_s=round(first, 2),
            params=sum(q.size for q in jax.tree.leaves(P)),
        )
    ),
    flush=True,
)
