// SPDX-License-Identifier: Apache-2.0
#include "weft/clint.h"

#include "weft/mmio.h"
#include "weft/registers.h"

uint64_t clint_time(void) {
  for (;;) {
    const uint32_t high = mmio_read32(WEFT_CLINT_BASE + WEFT_CLINT_MTIME_HI);
    const uint32_t low = mmio_read32(WEFT_CLINT_BASE + WEFT_CLINT_MTIME_LO);
    // The low half may have overflowed between the two reads.
    if (mmio_read32(WEFT_CLINT_BASE + WEFT_CLINT_MTIME_HI) == high) return (uint64_t)high << 32 | low;
  }
}

void clint_set_timer(uint64_t ticks) {
  // No intermediate value may lie in the past, or the interrupt would come early.
  mmio_write32(WEFT_CLINT_BASE + WEFT_CLINT_MTIMECMP_HI, UINT32_MAX);
  mmio_write32(WEFT_CLINT_BASE + WEFT_CLINT_MTIMECMP_LO, (uint32_t)ticks);
  mmio_write32(WEFT_CLINT_BASE + WEFT_CLINT_MTIMECMP_HI, (uint32_t)(ticks >> 32));
}
