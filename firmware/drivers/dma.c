// SPDX-License-Identifier: Apache-2.0
#include "weft/dma.h"

#include "weft/mmio.h"
#include "weft/plic.h"
#include "weft/registers.h"
#include "weft/trap.h"

static const uint32_t finished_bits = WEFT_DMA_STATUS_DONE | WEFT_DMA_STATUS_ERROR;

static volatile uint32_t finished;  // DONE or ERROR of the transfer that has ended
static volatile uint32_t outcome;
static uint32_t zeros[1024];

static void on_interrupt(void) {
  outcome = mmio_read32(WEFT_DMA_BASE + WEFT_DMA_STATUS) & finished_bits;
  mmio_write32(WEFT_DMA_BASE + WEFT_DMA_STATUS, finished_bits);
  if (outcome != 0) finished = 1;
}

void dma_init(void) {
  plic_on_interrupt(WEFT_DMA_IRQ, on_interrupt);
  interrupts_on();
}

bool dma_copy(uint32_t destination, uint32_t source, uint32_t length) {
  memory_fence();
  mmio_write32(WEFT_DMA_BASE + WEFT_DMA_SRC_LO, source);
  mmio_write32(WEFT_DMA_BASE + WEFT_DMA_SRC_HI, 0);
  mmio_write32(WEFT_DMA_BASE + WEFT_DMA_DST_LO, destination);
  mmio_write32(WEFT_DMA_BASE + WEFT_DMA_DST_HI, 0);
  mmio_write32(WEFT_DMA_BASE + WEFT_DMA_LENGTH, length);
  mmio_write32(WEFT_DMA_BASE + WEFT_DMA_CONTROL, WEFT_DMA_CONTROL_START | WEFT_DMA_CONTROL_IRQ_ENABLE);
  trap_sleep_until(&finished);
  return (outcome & WEFT_DMA_STATUS_ERROR) == 0;
}

bool dma_clear(uint32_t destination, uint32_t length) {
  while (length != 0) {
    const uint32_t part = length < sizeof zeros ? length : (uint32_t)sizeof zeros;
    if (!dma_copy(destination, (uint32_t)(uintptr_t)zeros, part)) return false;
    destination += part;
    length -= part;
  }
  return true;
}

uint32_t dma_error_address(void) { return mmio_read32(WEFT_DMA_BASE + WEFT_DMA_ERROR_ADDRESS_LO); }
