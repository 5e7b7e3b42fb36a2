// SPDX-License-Identifier: Apache-2.0
// The same ELF files that run on Weft, on QEMU's `virt` machine.
#include <catch2/catch.hpp>
#include <string>

#include "tests/firmware/command.h"
#include "tests/support/skip.h"

namespace {

using weft::test::CommandResult;
using weft::test::run_command;

bool have_qemu() { return run_command("qemu-system-riscv32 --version").exit_code == 0; }

CommandResult run_on_qemu(const std::string& name) {
  return run_command(
      "timeout 30 qemu-system-riscv32 -M virt -bios none -nographic -kernel '" WEFT_FIRMWARE_DIR "/" + name +
      ".elf' < /dev/null");
}

}  // namespace

TEST_CASE("weft-hello sleeps through three timer interrupts and passes") {
  if (!have_qemu()) WEFT_SKIP("qemu-system-riscv32 is not installed (Debian package qemu-system-misc)");
  const CommandResult result = run_on_qemu("weft-hello");
  CHECK(result.output == "hello\ntick 1\ntick 2\ntick 3\nexit 0\n");
  CHECK(result.exit_code == 0);
}

TEST_CASE("weft-exit3 hands its exit code to the finisher") {
  if (!have_qemu()) WEFT_SKIP("qemu-system-riscv32 is not installed (Debian package qemu-system-misc)");
  const CommandResult result = run_on_qemu("weft-exit3");
  CHECK(result.output == "hello\ntick 1\ntick 2\ntick 3\nexit 3\n");
  CHECK(result.exit_code == 3);
}

TEST_CASE("a trap of the host firmware is printed with its registers and ends with exit code 4") {
  if (!have_qemu()) WEFT_SKIP("qemu-system-riscv32 is not installed (Debian package qemu-system-misc)");
  // QEMU has no system controller: the very first access of the firmware traps.
  const CommandResult result = run_on_qemu("weft-host");
  CHECK_THAT(result.output,
             Catch::Matches("host: load access fault \\(mcause 0x00000005, mepc 0x8000[0-9a-f]{4}, "
                            "mtval 0x00110000\\)\n"));
  CHECK(result.exit_code == 4);
}
