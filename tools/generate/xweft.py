#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turns models/hart/xweft.yaml into the decoder's table, C intrinsics and the manual.

    xweft.py cpp TABLE.yaml OUT.h
    xweft.py c   TABLE.yaml OUT.h
    xweft.py doc TABLE.yaml OUT.md
"""

import sys

import yaml

UNITS = ("crossbar", "vector", "dma", "inversion", "fp_pim", "none")
ROLES = {"src0", "src1", "dst", "length", "mask", "scalar", "ticket", "units", "counter", "value", "counter_address", "tiles"}
KEYS = {"name", "opcode", "funct3", "funct2", "unit", "command", "operands", "result", "description"}
CSR_KEYS = {"name", "number", "mask", "read_only", "description"}


def load(path):
    with open(path, encoding="utf-8") as stream:
        table = yaml.safe_load(stream)
    seen = set()
    for each in table["instructions"]:
        where = f"{path}: {each.get('name')}"
        unknown = set(each) - KEYS
        if unknown:
            sys.exit(f"{where}: unknown key {sorted(unknown)}; allowed: {sorted(KEYS)}")
        if each["unit"] not in UNITS:
            sys.exit(f"{where}: unit '{each['unit']}' is none of {', '.join(UNITS)}")
        if not set(each["operands"].values()) <= ROLES:
            sys.exit(f"{where}: operand roles {sorted(each['operands'].values())} are not all in {sorted(ROLES)}")
        code = (each["opcode"], each["funct3"], each["funct2"])
        if code in seen:
            sys.exit(f"{where}: encoding {code} is taken")
        seen.add(code)
        each["identifier"] = each["name"].replace(".", "_")
        each["bits"] = table["opcodes"][each["opcode"]] | each["funct3"] << 12 | each["funct2"] << 25
    for csr in table["csrs"]:
        if set(csr) - CSR_KEYS:
            sys.exit(f"{path}: CSR {csr.get('name')}: unknown key {sorted(set(csr) - CSR_KEYS)}")
    return table


def cpp(table):
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "// Generated from models/hart/xweft.yaml by tools/generate/xweft.py.",
        "#pragma once",
        "",
        "#include <array>",
        "#include <cstdint>",
        "",
        "namespace weft::xweft {",
        "",
        "enum class Unit : std::uint8_t { " + ", ".join(UNITS) + " };",
        "// What a register operand means.",
        "enum class Role : std::uint8_t { unused, src0, src1, dst, length, mask, scalar, ticket, units, counter, value, counter_address, tiles };",
        "enum class Mnemonic : std::uint8_t { " + ", ".join(each["identifier"] for each in table["instructions"]) + " };",
        "",
        "struct Instruction {",
        "  Mnemonic mnemonic;",
        "  const char* name;",
        "  std::uint32_t bits;  // opcode, funct3, funct2; register fields zero",
        "  Unit unit;",
        "  std::uint8_t command;  // opcode of the unit's command descriptor",
        "  Role rs1;",
        "  Role rs2;",
        "  Role rs3;",
        "  bool has_result;",
        "};",
        "",
        "inline constexpr std::uint32_t encoding_mask = 0x0600707f;",
        f"inline constexpr std::array<Instruction, {len(table['instructions'])}> instructions{{{{",
    ]
    for each in table["instructions"]:
        roles = ", ".join("Role::" + each["operands"].get(register, "unused") for register in ("rs1", "rs2", "rs3"))
        result = "true" if "result" in each else "false"
        lines.append(
            f"    {{Mnemonic::{each['identifier']}, \"{each['name']}\", {each['bits']:#010x}, Unit::{each['unit']}, "
            f"{each['command']}, {roles}, {result}}},"
        )
    lines += ["}};", "", "struct Csr {", "  const char* name;", "  std::uint16_t number;", "  std::uint32_t mask;",
              "  bool read_only;", "};", ""]
    for csr in table["csrs"]:
        lines.append(f"// {csr['description']}")
        lines.append(f"inline constexpr std::uint16_t csr_{csr['name']} = {csr['number']:#x};")
    lines.append(f"inline constexpr std::array<Csr, {len(table['csrs'])}> csrs{{{{")
    for csr in table["csrs"]:
        read_only = "true" if csr.get("read_only") else "false"
        lines.append(f"    {{\"{csr['name']}\", {csr['number']:#x}, {csr.get('mask', 0):#x}, {read_only}}},")
    lines += ["}};", "", "// Opcodes of the command descriptors, by unit."]
    for unit in UNITS[:-1]:
        names = [each for each in table["instructions"] if each["unit"] == unit]
        body = ", ".join(f"{each['identifier']} = {each['command']}" for each in names)
        lines.append(f"enum class {unit.title().replace('_', '')}Command : std::uint8_t {{ {body} }};")
    lines += ["", "}  // namespace weft::xweft", ""]
    return "\n".join(lines)


def c_intrinsics(table):
    lines = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        "/* Generated from models/hart/xweft.yaml by tools/generate/xweft.py. */",
        "#ifndef WEFT_XWEFT_H",
        "#define WEFT_XWEFT_H",
        "",
        "#include <stdint.h>",
        "",
    ]
    for csr in table["csrs"]:
        lines.append(f"/* {csr['description']} */")
        lines.append(f"#define XWEFT_CSR_{csr['name'].upper()} {csr['number']:#x}")
        if not csr.get("read_only"):
            lines.append(f"static inline void xweft_set_{csr['name']}(uint32_t value) {{")
            lines.append(f"  __asm__ volatile(\"csrw {csr['number']:#x}, %0\" : : \"r\"(value));")
            lines.append("}")
        lines.append(f"static inline uint32_t xweft_get_{csr['name']}(void) {{")
        lines.append("  uint32_t value;")
        lines.append(f"  __asm__ volatile(\"csrr %0, {csr['number']:#x}\" : \"=r\"(value));")
        lines.append("  return value;")
        lines.append("}")
    for each in table["instructions"]:
        used = [register for register in ("rs1", "rs2", "rs3") if register in each["operands"]]
        arguments = ", ".join(f"uint32_t {each['operands'][register]}" for register in used) or "void"
        result = "uint32_t" if "result" in each else "void"
        opcode = table["opcodes"][each["opcode"]]
        position = 1 if "result" in each else 0
        fields = []
        for register in ("rs1", "rs2", "rs3"):
            if register in used:
                fields.append(f"%{position}")
                position += 1
            else:
                fields.append("x0")
        destination = "%0" if "result" in each else "x0"
        text = (f".insn r4 {opcode:#x}, {each['funct3']}, {each['funct2']}, {destination}, " + ", ".join(fields))
        inputs = ", ".join(f"\"r\"({each['operands'][register]})" for register in used)
        lines.append(f"/* {each['description']} */")
        lines.append(f"static inline {result} xweft_{each['identifier']}({arguments}) {{")
        if "result" in each:
            lines.append("  uint32_t result;")
            lines.append(f"  __asm__ volatile(\"{text}\" : \"=r\"(result) : {inputs} : \"memory\");")
            lines.append("  return result;")
        else:
            lines.append(f"  __asm__ volatile(\"{text}\" : : {inputs} : \"memory\");")
        lines.append("}")
    lines += ["", "#endif", ""]
    return "\n".join(lines)


def manual(table):
    lines = [
        "# Xweft: instruction reference",
        "",
        "Generated from `models/hart/xweft.yaml` by `tools/generate/xweft.py`; edit the table, then run",
        "`./tools/generate/all`. Semantics that hold for all of them: [the controller](models/hart.md) and",
        "[unit commands](models/unit.md).",
        "",
        "All instructions use the R4 layout `rs3[31:27] funct2[26:25] rs2[24:20] rs1[19:15] funct3[14:12] rd[11:7]",
        "opcode[6:0]`. A register field that an instruction does not use must be `x0`; anything else is an illegal",
        "instruction. From C, include the generated `weft/xweft.h`; in assembly, use `.insn r4`.",
        "",
        "## Control and status registers",
        "",
        "| CSR | number | bits | meaning |",
        "|---|---|---|---|",
    ]
    for csr in table["csrs"]:
        bits = "read-only" if csr.get("read_only") else f"{csr['mask']:#010x}"
        lines.append(f"| `{csr['name']}` | {csr['number']:#x} | {bits} | {csr['description']} |")
    lines += ["", "Writing a bit outside the listed ones, or a format or rounding mode that does not exist, is an illegal",
              "instruction with `mtval` set to the instruction.", "", "## Instructions", "",
              "| instruction | encoding | rs1 | rs2 | rs3 | rd | unit, command | meaning |", "|---|---|---|---|---|---|---|---|"]
    for each in table["instructions"]:
        operands = [each["operands"].get(register, "") for register in ("rs1", "rs2", "rs3")]
        unit = "hart" if each["unit"] == "none" else f"{each['unit']} {each['command']}"
        lines.append(f"| `{each['name']}` | {each['bits']:#010x} | " + " | ".join(operands) +
                     f" | {each.get('result', '')} | {unit} | {each['description']} |")
    lines.append("")
    return "\n".join(lines)


def main(arguments):
    makers = {"cpp": cpp, "c": c_intrinsics, "doc": manual}
    if len(arguments) != 3 or arguments[0] not in makers:
        sys.exit(__doc__)
    with open(arguments[2], "w", encoding="utf-8") as stream:
        stream.write(makers[arguments[0]](load(arguments[1])))


main(sys.argv[1:])
