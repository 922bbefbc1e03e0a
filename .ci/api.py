#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# The public interface of the modules as text, a declaration a line, from their symbol graphs; compared with docs/api.
"""usage: .ci/api.py GRAPHS FOLDER [--write]    (.ci/docs.sh calls it; make api writes)

GRAPHS holds a folder of symbol graphs for each module. FOLDER holds MODULE.txt for each. Without --write, lines that are gone are shown (a
break for those who use them), and the exit status is 1 if there are any; new ones are counted.
"""
import json
import pathlib
import re
import sys


def declarations(folder):
    """The lines of one module: where a declaration stands, and how it reads."""
    lines = set()
    for path in sorted(folder.glob("*.symbols.json")):
        for symbol in json.loads(path.read_text())["symbols"]:
            # Conformances bring members of the standard library along.
            if "::SYNTHESIZED::" in symbol["identifier"]["precise"] or symbol["accessLevel"] not in ("public", "open"):
                continue
            text = "".join(part["spelling"] for part in symbol.get("declarationFragments", []))
            text = re.sub(r"\s+", " ", text).strip()
            place = ".".join(symbol["pathComponents"][:-1])
            prefix = "open " if symbol["accessLevel"] == "open" else ""
            lines.add(f"{place}: {prefix}{text}" if place else prefix + text)
    return sorted(lines)


def main():
    if len(sys.argv) < 3 or "--help" in sys.argv:
        print(__doc__.strip())
        return 0 if "--help" in sys.argv else 64
    graphs, folder, writes = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), "--write" in sys.argv
    gone = new = 0
    for module in sorted(path for path in graphs.iterdir() if path.is_dir()):
        found = declarations(module)
        file = folder / f"{module.name}.txt"
        known = file.read_text().splitlines() if file.exists() else []
        if writes:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(line + "\n" for line in found))
            continue
        if not file.exists():
            print(f"{file}: is missing: make api writes it")
            gone += 1
        for line in sorted(set(known) - set(found)):
            print(f"{module.name}: {line}")
        gone += len(set(known) - set(found))
        new += len(set(found) - set(known))
    if gone:
        print(
            f"api: {gone} public declarations of docs/api are gone or read otherwise. Who depends on this package is broken by it: see"
            " “Names that leave” in docs/CONTRIBUTING.md; make api writes the list anew"
        )
    elif new:
        print(f"api: {new} public declarations are new since docs/api was written; make api adds them")
    return 1 if gone else 0


sys.exit(main())
