#!/usr/bin/env python3
"""The examples of the clinic's page, which the product writes: compared with it in the tests.

    page.py BUNDLES     writes them into the page anew, from a folder of bundles
"""

import json
import pathlib
import re
import sys
from decimal import Decimal

PAGE = pathlib.Path(__file__).parents[2] / "Sources/vitalsd/vitalsd.docc/ForTheClinic.md"
EXAMPLE = re.compile(r"<!-- example: (?P<name>\S+) (?P<index>\d+) -->\n```json\n(?P<text>.*?)```\n", re.DOTALL)


def pretty(value, indent=""):
    """JSON as people read it: what fits into a line stands in one, and numbers keep their digits."""
    flat = dump(value)
    if len(indent) + len(flat) <= 110 or not isinstance(value, (dict, list)):
        return flat
    deeper = indent + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(deeper + pretty(v, deeper) for v in value) + f"\n{indent}]"
    return "{\n" + ",\n".join(f"{deeper}{json.dumps(k)}: {pretty(v, deeper)}" for k, v in value.items()) + f"\n{indent}}}"


def dump(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {dump(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(dump(v) for v in value) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def example(bundles, name, index):
    """The resource of an entry, as it stands on the page."""
    bundle = json.loads(bundles[name], parse_float=Decimal, parse_int=Decimal)
    return pretty(bundle["entry"][int(index)]["resource"]) + "\n"


def main():
    bundles = {path.stem: path.read_text(encoding="utf-8") for path in pathlib.Path(sys.argv[1]).glob("*.json")}
    text = EXAMPLE.sub(
        lambda m: f"<!-- example: {m['name']} {m['index']} -->\n```json\n{example(bundles, m['name'], m['index'])}```\n",
        PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
