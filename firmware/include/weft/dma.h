// SPDX-License-Identifier: Apache-2.0
// The host DMA engine. The hart sleeps while it works.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Routes the engine's interrupt; once, before the first transfer.
void dma_init(void);

// Copies `length` bytes between bus addresses. False: the bus has answered an error, see dma_error_address().
bool dma_copy(uint32_t destination, uint32_t source, uint32_t length);

// Writes `length` zero bytes.
bool dma_clear(uint32_t destination, uint32_t length);

// Where the transfer that failed last has stopped.
uint32_t dma_error_address(void);
