// SPDX-License-Identifier: Apache-2.0
// The smallest firmware that needs the whole environment: serial port, timer interrupts, exit code. It uses
// nothing but what QEMU's RISC-V `virt` machine has too, so the same ELF file runs there.
#include <stdint.h>
#include <stdio.h>

#include "weft/clint.h"
#include "weft/trap.h"

#ifndef HELLO_EXIT_CODE
#define HELLO_EXIT_CODE 0
#endif

static const uint64_t period = CLINT_TICKS_PER_SECOND / 1000;

static volatile uint32_t ticked;
static uint64_t next_tick;

static void on_timer(void) {
  next_tick += period;
  clint_set_timer(next_tick);
  ticked = 1;
}

int main(void) {
  printf("hello\n");
  next_tick = clint_time() + period;
  clint_set_timer(next_tick);
  trap_on_interrupt(interrupt_timer, on_timer);
  for (int tick = 1; tick <= 3; ++tick) {
    trap_sleep_until(&ticked);
    printf("tick %d\n", tick);
  }
  printf("exit %d\n", HELLO_EXIT_CODE);
  return HELLO_EXIT_CODE;
}
