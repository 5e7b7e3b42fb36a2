// SPDX-License-Identifier: Apache-2.0
#include "weft/plic.h"

#include "weft/mmio.h"
#include "weft/registers.h"
#include "weft/trap.h"

static void (*handlers[WEFT_PLIC_PRIORITY_COUNT])(void);

static void dispatch(void) {
  for (;;) {
    const uint32_t source = mmio_read32(WEFT_PLIC_BASE + WEFT_PLIC_CLAIM);
    if (source == 0) return;
    // Only sources with a handler are enabled.
    handlers[source]();
    mmio_write32(WEFT_PLIC_BASE + WEFT_PLIC_CLAIM, source);
  }
}

void plic_on_interrupt(unsigned source, void (*handler)(void)) {
  handlers[source] = handler;
  const uint32_t enable = WEFT_PLIC_BASE + (source < 32 ? WEFT_PLIC_ENABLE_LO : WEFT_PLIC_ENABLE_HI);
  mmio_write32(WEFT_PLIC_BASE + WEFT_PLIC_PRIORITY + source * WEFT_PLIC_PRIORITY_STRIDE, 1);
  mmio_write32(WEFT_PLIC_BASE + WEFT_PLIC_THRESHOLD, 0);
  mmio_write32(enable, mmio_read32(enable) | UINT32_C(1) << (source % 32));
  trap_on_interrupt(interrupt_external, dispatch);
}
