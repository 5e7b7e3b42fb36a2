// SPDX-License-Identifier: Apache-2.0
// For programs that run on a tile's hart. The start-up code calls main(); its return raises the event "done"
// and stops the hart. A trap is written to the tile's FAULT registers, raises "fault" and stops the hart.
// Instructions of the units: weft/xweft.h.
#pragma once

#include <stdint.h>

// The bus address the tile's units use for `object`.
static inline uint32_t bus_address(const volatile void* object) { return (uint32_t)(uintptr_t)object; }

// Ends the program with a fault "check failed" (weft/cause.h) at the caller's pc; `value` says which check.
_Noreturn void tile_check_failed(uint32_t value);
