#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the kernels use only what lies in layers below them (Sources/CLockstepKernels/LAYERS), and no file in a circle.

A file uses another when it includes it, or when it names a function or a variable that the other defines. Reads sources, so
it needs no build; what a preprocessor would leave out counts, too.
"""
import pathlib
import re
import sys

KERNELS = pathlib.Path("Sources/CLockstepKernels")


def bare(text):
    """The text without comments and string literals, included names apart."""
    text = re.sub(r"\\\n", " ", text)
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.S)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def outermost(text):
    """The text outside of braces, a `{` and `}` in place of what stood in each pair."""
    out, depth = [], 0
    for c in text:
        depth -= c == "}"
        if depth == 0:
            out.append(c)
        depth += c == "{"
    return "".join(out)


class Source:
    """One file: what it includes, defines, declares and names."""

    def __init__(self, path, text):
        self.path = path
        self.includes = re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, flags=re.M)
        text = bare(text)
        code = re.sub(r"^\s*#[^\n]*$", "", text, flags=re.M)
        self.names = set(re.findall(r"\b[A-Za-z_]\w*\b", text))
        outer = outermost(code)
        header = path.endswith(".h")
        self.defines, self.declares = set(), set()
        for found in re.finditer(r"([^;{}]*?)\b([A-Za-z_]\w*)\s*\(((?:[^()]|\([^()]*\))*)\)\s*([{;])", outer):
            before, name, _, end = found.groups()
            if not before.strip() or name == "__attribute__":
                continue
            if end == ";" and name.startswith("lsk_"):
                self.declares.add(name)
            elif end == "{" and (header or not re.search(r"\bstatic\b|_INLINE\b", before)):
                self.defines.add(name)
        # Variables that other files see.
        for found in re.finditer(r"(?:^|(?<=[;}]))([^;{}]*?)\b(lsk_\w+)((?:\[[^\]]*\])*)\s*(=|;)", outer, flags=re.S):
            before, name, _, end = found.groups()
            if not before.strip() or re.search(r"\b(static|typedef|struct|enum|union|return)\b", before):
                continue
            (self.declares if "extern" in before else self.defines).add(name)
        self.names -= self.defines
        if header:  # a declaration is no use
            self.names -= self.declares


def layers_of(text):
    """Each entry of LAYERS with the number of its line's layer."""
    lines = [line.split("#")[0].split() for line in text.splitlines()]
    return {entry: rank for rank, line in enumerate(filter(None, lines)) for entry in line}


def read(root):
    """The text of every source under `root`, and of LAYERS, by path."""
    paths = [path for path in sorted(root.rglob("*")) if path.suffix in (".c", ".h", ".inc") or path.name == "LAYERS"]
    return {str(path.relative_to(root)): path.read_text() for path in paths}


def check(texts):
    """Sentences about what is wrong in these files."""
    sources = {path: Source(path, text) for path, text in texts.items() if path != "LAYERS"}
    layers = layers_of(texts["LAYERS"])
    problems = []
    owner = {}
    for path, source in sources.items():
        for name in source.defines:
            if name in owner:
                problems.append(f"{path}: {name} is defined in {owner[name]}, too")
            owner[name] = path
            if path.endswith(".c") and not name.startswith("lsk_"):
                problems.append(f"{path}: {name} is seen by all who link with us: it is static, or its name begins with lsk_")

    def entry_of(path):
        fitting = [e for e in layers if path.startswith(e + "/") or (("/" in e) and path.startswith(e))]
        return max(fitting, key=len, default=None)

    # Where a file stands: its entry; a public header's is that of the functions it declares.
    place = {}
    for path, source in sources.items():
        if not path.startswith("include/"):
            place[path] = entry_of(path)
            if place[path] is None:
                problems.append(f"{path}: LAYERS has no entry for it: add the folder where it belongs")
    for path, source in sources.items():
        if path.startswith("include/") and source.declares:
            homes = {owner[name].split("/")[0] for name in source.declares if name in owner}
            if len(homes) > 1:
                problems.append(f"{path}: declares functions of {' and '.join(sorted(homes))}: make it a header for each")
            places = [place[owner[name]] for name in source.declares if place.get(owner.get(name))]
            if places:
                place[path] = max(places, key=layers.get)

    # Who uses whom, and by what.
    uses = {path: {} for path in sources}
    for path, source in sources.items():
        for name in source.includes:
            near = str(pathlib.PurePosixPath(path).parent / name)
            target = next((t for t in (name, "include/" + name, near) if t in sources), None)
            if target is None:
                problems.append(f"{path}: includes {name}, which is not there (private headers by path, as \"base/simd.h\")")
            elif target != path:
                uses[path].setdefault(target, f"includes {name}")
        for name in sorted(source.names & owner.keys()):
            target = owner[name]
            if target != path:
                uses[path][target] = f"calls {name} of {target}"

    for path, targets in uses.items():
        for target, how in targets.items():
            here, there = place.get(path), place.get(target)
            if here is None or there is None or here == there:
                continue
            if layers[there] > layers[here]:
                problems.append(f"{path}: {how}, but {here} lies below {there}: move what both need down, or hand it in")
            elif layers[there] == layers[here]:
                problems.append(f"{path}: {how}, but {here} and {there} are one layer and do not know each other")
    problems += [f"{' -> '.join(circle)}: files in a circle: none can be read, tested or replaced without the others"
                 for circle in circles(uses)]
    return problems


def circles(uses):
    """One way round each group of files that use each other (Tarjan's strongly connected components)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in uses[node]:
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            group = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(group) > 1:
                found.append(way_round(group))

    def way_round(group):
        start = min(group)
        paths = [[start]]
        while paths:
            path = paths.pop(0)
            for target in sorted(set(uses[path[-1]]) & set(group)):
                if target == start:
                    return path + [start]
                if target not in path:
                    paths.append(path + [target])
        return group

    for node in uses:
        if node not in index:
            visit(node)
    return found


# What is planted for the self-test: file, text added to it, and what the sentence about it must hold.
PLANTED = [
    ("base/memory.c", "void lsk_planted(void) { lsk_trim(); lsk_matmul(0, 0, 0, 0); }", "calls lsk_matmul of gemm/matmul.c"),
    ("base/iterator.c", '#include "gemm/sgemm.h"', "base/iterator.c: includes gemm/sgemm.h"),
    ("base/iterator.c", '#include "lsk_gemm.h"', "base/iterator.c: includes lsk_gemm.h"),
    ("gemm/driver_avx512.c", "void *lsk_planted(void) { return (void *)lsk_sgemm; }", "calls lsk_sgemm of gemm/sgemm.c"),
    ("gemm/epilogue.c", "#define PLANTED(x) lsk_pack_b(x)", "one layer"),
    ("norm/norm.c", "double lsk_planted(void) { return lsk_sum_of_squares(0, 0, 0); }", "one layer"),
    ("elementwise/gelu.c", '#include "optim/optimizer_typed.h"', "elementwise lies below optim"),
    ("conv/im2col.c", "void lsk_planted(void) { lsk_run_im2col(0, 0); }", "files in a circle"),
    ("base/memory.c", "int lsk_planted(void) { return lsk_thread_context.threads; }\n", None),
    ("base/context.c", "void lsk_planted(void) { lsk_trim(); }\n#define BACK lsk_planted()", None),
    ("base/parallel.c", "// lsk_matmul\nconst char *lsk_planted(void) { return \"lsk_matmul\"; }", None),
    ("base/memory.c", "void planted(void) {}", "begins with lsk_"),
    ("norm/norm.c", "static void planted(void) {}\nLSK_INLINE int planted_too(void) { return 1; }", None),
    ("nowhere/file.c", "void lsk_planted(void) {}", "LAYERS has no entry"),
    ("include/lsk_memory.h", "void lsk_sort(void);", "declares functions of base and reduce"),
]


def self_test(texts):
    """Plants what is forbidden, and what is allowed, in the files one at a time."""
    failures = []
    for name, text, expected in PLANTED:
        said = check(texts | {name: texts.get(name, "") + "\n" + text + "\n"})
        if expected is None and said or expected is not None and not any(expected in s for s in said):
            failures.append(f"{name} with {text!r}: expected {expected or 'nothing'}, said {said[:2] or 'nothing'}")
    return failures


def main():
    if sys.argv[1:] not in ([], ["--self-test"]):
        print("usage: .ci/lint-kernels.py [--self-test]    (make lint calls both)")
        return 0 if sys.argv[1:] == ["--help"] else 64
    texts = read(pathlib.Path(__file__).resolve().parent.parent / KERNELS)
    problems = self_test(texts) if sys.argv[1:] else [f"{KERNELS}/{p}" for p in check(texts)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
