// SPDX-License-Identifier: Apache-2.0
// Traps of the host hart: interrupts go to the handlers registered here, exceptions end the run with a
// message and exit code 4. Handlers run with interrupts off and do not nest.
#pragma once

#include <stdint.h>

// Interrupt numbers of machine mode (RISC-V Privileged ISA 20211203, table 3.6).
enum { interrupt_software = 3, interrupt_timer = 7, interrupt_external = 11, interrupt_count = 16 };

// Calls `handler` at each interrupt `number` and enables it in mie.
void trap_on_interrupt(unsigned number, void (*handler)(void));

static inline void interrupts_on(void) { __asm__ volatile("csrsi mstatus, 8" : : : "memory"); }
static inline void interrupts_off(void) { __asm__ volatile("csrci mstatus, 8" : : : "memory"); }

// Sleeps until an interrupt handler has made *flag non-zero, and clears it. Interrupts are on when it
// returns.
void trap_sleep_until(volatile uint32_t* flag);

// Set by the start-up code; not called from C.
void trap_entry(void);
