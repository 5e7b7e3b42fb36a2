#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the register descriptions (models/*/registers.yaml) and the memory map into code and manual.

    registers.py cpp  BLOCK.yaml OUT.h        C++ table for the model
    registers.py c    MAP.yaml OUT.h WINDOW.yaml BLOCK…   C header for firmware (maps and every block)
    registers.py map  MAP.yaml OUT.h NAMESPACE            C++ constants of a map
    registers.py doc  MAP.yaml OUT.md WINDOW.yaml BLOCK…  the manual's page
"""

import sys

import yaml

ACCESS = {"read_write": "RW", "read_only": "RO", "write_only": "WO"}
BLOCK_KEYS = {"block", "title", "description", "size", "registers"}
REGISTER_KEYS = {"name", "offset", "bytes", "access", "reset", "count", "stride", "description", "fields", "unit"}
FIELD_KEYS = {"name", "bits", "access", "description"}
REGION_KEYS = {"name", "block", "base", "size", "irq", "description"}


def fail(where, message):
    sys.exit(f"{where}: {message}")


def check_keys(where, found, allowed):
    unknown = set(found) - allowed
    if unknown:
        fail(where, f"unknown key {sorted(unknown)}; allowed: {sorted(allowed)}")


def field_range(where, bits):
    parts = [int(part) for part in str(bits).split(":")]
    high, low = parts[0], parts[-1]
    if high < low or high > 31:
        fail(where, f"bits '{bits}' are not high:low within 31:0")
    return high, low


def load_block(path):
    with open(path, encoding="utf-8") as stream:
        block = yaml.safe_load(stream)
    check_keys(path, block, BLOCK_KEYS)
    for register in block["registers"]:
        where = f"{path}: {register.get('name')}"
        check_keys(where, register, REGISTER_KEYS)
        register.setdefault("bytes", 4)
        register.setdefault("access", "read_write")
        register.setdefault("reset", 0)
        register.setdefault("count", 1)
        register.setdefault("stride", register["bytes"])
        register.setdefault("fields", [])
        if register["access"] not in ACCESS:
            fail(where, f"access '{register['access']}' is none of {sorted(ACCESS)}")
        if register["offset"] % register["bytes"] != 0:
            fail(where, "offset is not aligned to the register's width")
        end = register["offset"] + (register["count"] - 1) * register["stride"] + register["bytes"]
        if end > block["size"]:
            fail(where, f"ends at {end:#x}, outside the block of {block['size']:#x} bytes")
        full = (1 << (8 * register["bytes"])) - 1
        mask = 0
        taken = 0
        for field in register["fields"]:
            check_keys(f"{where}.{field.get('name')}", field, FIELD_KEYS)
            high, low = field_range(where, field["bits"])
            field["mask"] = ((1 << (high - low + 1)) - 1) << low
            field["low"] = low
            if taken & field["mask"]:
                fail(where, f"field {field['name']} overlaps another")
            taken |= field["mask"]
            if field.get("access", register["access"]) != "read_only":
                mask |= field["mask"]
        register["write_mask"] = mask if register["fields"] else full
        if register["access"] == "read_only":
            register["write_mask"] = 0
    return block


def load_map(path):
    with open(path, encoding="utf-8") as stream:
        regions = yaml.safe_load(stream)["regions"]
    for region in regions:
        check_keys(f"{path}: {region.get('name')}", region, REGION_KEYS)
    ordered = sorted(regions, key=lambda region: region["base"])
    for before, after in zip(ordered, ordered[1:]):
        if before["base"] + before["size"] > after["base"]:
            fail(path, f"{before['name']} overlaps {after['name']}")
    return regions


def cpp_block(block):
    name = block["block"]
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        f"// Generated from models/{name}/registers.yaml by tools/generate/registers.py.",
        "#pragma once",
        "",
        '#include <cstdint>',
        '#include <vector>',
        "",
        '#include "models/tlm/register_file.h"',
        "",
        f"namespace weft::{name}::registers {{",
        "",
        f"inline constexpr std::uint64_t block_size = {block['size']:#x};",
    ]
    for register in block["registers"]:
        lower = register["name"].lower()
        lines.append(f"// {register['description']}")
        lines.append(
            f"inline constexpr RegisterInfo {lower}{{\"{register['name']}\", {register['offset']:#x}, "
            f"{register['bytes']}, RegisterAccess::{register['access']}, {register['reset']:#x}, "
            f"{register['write_mask']:#x}, {register['count']}, {register['stride']}}};"
        )
        for field in register["fields"]:
            stem = f"{lower}_{field['name'].lower()}"
            lines.append(f"inline constexpr std::uint32_t {stem} = {field['mask']:#x};")
            lines.append(f"inline constexpr unsigned {stem}_shift = {field['low']};")
    names = ", ".join(register["name"].lower() for register in block["registers"])
    lines += [
        "",
        f"inline std::vector<RegisterInfo> table() {{ return {{{names}}}; }}",
        "",
        f"}}  // namespace weft::{name}::registers",
        "",
    ]
    return "\n".join(lines)


def c_header(regions, window, blocks):
    lines = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        "/* Generated from the memory map and models/<block>/registers.yaml by tools/generate/registers.py. */",
        "#ifndef WEFT_REGISTERS_H",
        "#define WEFT_REGISTERS_H",
        "",
    ]
    for region in regions:
        upper = region["name"].upper()
        lines.append(f"/* {region['description']} */")
        lines.append(f"#define WEFT_{upper}_BASE {region['base']:#x}u")
        lines.append(f"#define WEFT_{upper}_SIZE {region['size']:#x}u")
        if "irq" in region:
            lines.append(f"#define WEFT_{upper}_IRQ {region['irq']}u")
    lines.append("")
    for region in window:
        upper = region["name"].upper()
        lines.append(f"/* In a tile's window: {region['description']} */")
        lines.append(f"#define WEFT_WINDOW_{upper}_OFFSET {region['base']:#x}u")
        lines.append(f"#define WEFT_WINDOW_{upper}_SIZE {region['size']:#x}u")
    for block in blocks:
        prefix = f"WEFT_{block['block'].upper()}"
        lines += ["", f"/* {block['title']}: register offsets and field masks */"]
        for register in block["registers"]:
            lines.append(f"#define {prefix}_{register['name']} {register['offset']:#x}u")
            if register["count"] > 1:
                lines.append(f"#define {prefix}_{register['name']}_STRIDE {register['stride']:#x}u")
                lines.append(f"#define {prefix}_{register['name']}_COUNT {register['count']}u")
            for field in register["fields"]:
                stem = f"{prefix}_{register['name']}_{field['name'].upper()}"
                lines.append(f"#define {stem} {field['mask']:#x}u")
                lines.append(f"#define {stem}_SHIFT {field['low']}u")
    lines += ["", "#endif", ""]
    return "\n".join(lines)


def cpp_map(source, regions, namespace):
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        f"// Generated from {source} by tools/generate/registers.py.",
        "#pragma once",
        "",
        "#include <cstdint>",
        "",
        f"namespace {namespace} {{",
        "",
    ]
    for region in regions:
        lines.append(f"// {region['description']}")
        lines.append(f"inline constexpr std::uint64_t {region['name']}_base = {region['base']:#x};")
        lines.append(f"inline constexpr std::uint64_t {region['name']}_size = {region['size']:#x};")
        if "irq" in region:
            lines.append(f"inline constexpr unsigned {region['name']}_irq = {region['irq']};")
    lines += ["", f"}}  // namespace {namespace}", ""]
    return "\n".join(lines)


def map_table(regions):
    lines = ["| region | base | size | interrupt | what |", "|---|---|---|---|---|"]
    for region in sorted(regions, key=lambda each: each["base"]):
        lines.append(
            f"| `{region['name']}` | {region['base']:#010x} | {region['size']:#x} | {region.get('irq', '')} "
            f"| {region['description']} |"
        )
    return lines


def manual(regions, window, blocks):
    lines = [
        "# Registers and memory map",
        "",
        "Generated from `platform/machine/memory_map.yaml` and `models/<block>/registers.yaml` by",
        "`tools/generate/registers.py`; edit those, then run `./tools/generate/all`.",
        "",
        "## Memory map",
        "",
    ]
    lines += map_table(regions)
    lines += ["", "## Window of a tile", "", "Offsets within the window of a tile.", ""]
    lines += map_table(window)
    lines += ["", "Accesses cover whole registers, aligned to their width; anything else answers a TLM burst error, a hole",
              "an address error, the wrong direction a command error. A hart sees each of them as an access fault."]
    for block in blocks:
        lines += ["", f"## {block['title']} (`{block['block']}`)", "", block["description"].strip(), "",
                  "| offset | name | bytes | access | reset | meaning |", "|---|---|---|---|---|---|"]
        for register in block["registers"]:
            offset = f"{register['offset']:#x}"
            if register["count"] > 1:
                offset += f" + {register['stride']:#x}·i, i < {register['count']}"
            unit = f" ({register['unit']})" if "unit" in register else ""
            lines.append(
                f"| {offset} | `{register['name']}` | {register['bytes']} | {ACCESS[register['access']]} "
                f"| {register['reset']:#x} | {register['description']}{unit} |"
            )
            for field in register["fields"]:
                access = ACCESS[field.get("access", register["access"])]
                lines.append(
                    f"| | · `{field['name']}` [{field['bits']}] | | {access} | | {field.get('description', '')} |"
                )
    lines.append("")
    return "\n".join(lines)


def write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def main(arguments):
    if len(arguments) < 3:
        sys.exit(__doc__)
    mode, source, target, rest = arguments[0], arguments[1], arguments[2], arguments[3:]
    if mode == "cpp":
        write(target, cpp_block(load_block(source)))
    elif mode == "map":
        relative = "/".join(source.split("/")[-3:])
        write(target, cpp_map(relative, load_map(source), rest[0]))
    elif mode == "c":
        write(target, c_header(load_map(source), load_map(rest[0]), [load_block(path) for path in rest[1:]]))
    elif mode == "doc":
        write(target, manual(load_map(source), load_map(rest[0]), [load_block(path) for path in rest[1:]]))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
