// SPDX-License-Identifier: Apache-2.0
#include "weft/cause.h"

#include <stddef.h>

// Index is the exception code (RISC-V Privileged ISA 20211203, table 3.6).
static const char* const names[] = {
    "instruction address misaligned",
    "instruction access fault",
    "illegal instruction",
    "breakpoint",
    "load address misaligned",
    "load access fault",
    "store address misaligned",
    "store access fault",
    "environment call from U-mode",
    "environment call from S-mode",
    NULL,
    "environment call from M-mode",
    "instruction page fault",
    "load page fault",
    NULL,
    "store page fault",
    [cause_unit_error] = "unit error",
    [cause_check_failed] = "check failed",
};

const char* cause_name(uint32_t cause) {
  return cause < sizeof names / sizeof names[0] ? names[cause] : NULL;
}
