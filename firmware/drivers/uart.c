// SPDX-License-Identifier: Apache-2.0
#include "weft/uart.h"

#include "weft/mmio.h"
#include "weft/registers.h"

void uart_put(uint8_t byte) {
  while ((mmio_read8(WEFT_UART_BASE + WEFT_UART_LSR) & WEFT_UART_LSR_THRE) == 0) {
  }
  mmio_write8(WEFT_UART_BASE + WEFT_UART_THR, byte);
}
