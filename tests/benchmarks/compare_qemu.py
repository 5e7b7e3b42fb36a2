#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speed of Weft's controllers beside QEMU's: the same ELF files, in one run, turn and turn about.

usage: compare_qemu.py WEFT FIRMWARE_FOLDER [--repeat N] [--only PROGRAM]

Every number is million instructions a second of CPU time (user and system) of the process, the median of N runs.
Start-up is taken out: the time of a short run of the same program is subtracted. Weft runs with its default settings:
counting instructions and cycles, simulated time annotated. `qemu -icount` counts instructions as well; `qemu` does not.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys

PROGRAMS = ("integer_loop", "memory_loop", "records", "kernels")
QEMU = ("qemu-system-riscv32", "-M", "virt", "-bios", "none", "-nographic")


def engines(weft):
    return {
        "weft interpreter": lambda elf: [weft, "run-elf", "--jit", "off", elf],
        "weft jit": lambda elf: [weft, "run-elf", "--jit", "on", elf],
        "qemu -icount": lambda elf: [*QEMU, "-icount", "shift=0,sleep=off", "-kernel", elf],
        "qemu": lambda elf: [*QEMU, "-kernel", elf],
    }


def run(command):
    """CPU seconds and instructions of one run; ends the script if the program fails."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}\n{output}")
    thousands = re.search(r": (\d+) thousand instructions", output)
    if thousands is None:
        sys.exit(f"{' '.join(command)}: no instruction count in its output:\n{output}")
    return usage.ru_utime + usage.ru_stime, 1000 * int(thousands.group(1))


def measure(firmware, program, command_of, repeat):
    """CPU seconds of the work alone, for every engine, runs of the engines alternating."""
    long_elf = os.path.join(firmware, f"bench_{program}.elf")
    short_elf = os.path.join(firmware, f"bench_{program}_short.elf")
    seconds = {name: [] for name in command_of}
    for _ in range(repeat):
        for name, command in command_of.items():
            seconds[name].append(run(command(long_elf))[0] - run(command(short_elf))[0])
    return {name: statistics.median(values) for name, values in seconds.items()}


def instructions_of(firmware, program, command):
    """Exact, from Weft; QEMU's minstret without -icount counts time."""
    counts = [run(command(os.path.join(firmware, f"bench_{program}{suffix}.elf")))[1] for suffix in ("", "_short")]
    return counts[0] - counts[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weft")
    parser.add_argument("firmware")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=PROGRAMS)
    arguments = parser.parse_args()
    if arguments.repeat < 1:
        parser.error("--repeat must be at least 1")
    command_of = engines(arguments.weft)
    if shutil.which(QEMU[0]) is None:
        print(f"{QEMU[0]} is not installed (Debian package qemu-system-misc): no ratios", file=sys.stderr)
        command_of = {name: command for name, command in command_of.items() if not name.startswith("qemu")}

    names = list(command_of)
    print(f"{'MIPS (ratio to qemu -icount)':<30}" + "".join(f"{name:>22}" for name in names))
    for program in (arguments.only,) if arguments.only else PROGRAMS:
        instructions = instructions_of(arguments.firmware, program, command_of[names[0]])
        seconds = measure(arguments.firmware, program, command_of, arguments.repeat)
        mips = {name: instructions / each / 1e6 for name, each in seconds.items()}
        base = mips.get("qemu -icount")
        cells = (f"{mips[name]:.0f}" + (f" ({mips[name] / base:.2f})" if base else "") for name in names)
        print(f"{program:<30}" + "".join(f"{cell:>22}" for cell in cells), flush=True)


main()
