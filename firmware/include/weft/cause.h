// SPDX-License-Identifier: Apache-2.0
// Names of the exception codes that mcause and a tile's FAULT_CAUSE hold.
#pragma once

#include <stdint.h>

enum {
  cause_illegal_instruction = 2,
  cause_load_access_fault = 5,
  cause_store_access_fault = 7,
  // Codes that the privileged architecture leaves to the platform (24 to 31).
  cause_unit_error = 24,    // a command that a unit had accepted failed
  cause_check_failed = 25,  // the tile's program found a wrong result
};

// "load access fault"; null for codes without a meaning.
const char* cause_name(uint32_t cause);
