// SPDX-License-Identifier: Apache-2.0
#include "weft/trap.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "weft/cause.h"
#include "weft/finisher.h"

static const uint32_t interrupt_bit = UINT32_C(1) << 31;

static void (*handlers[interrupt_count])(void);

struct trap {
  uint32_t cause;
  uint32_t pc;
  uint32_t value;
};

static struct trap read_trap(void) {
  struct trap trap;
  __asm__ volatile("csrr %0, mcause" : "=r"(trap.cause));
  __asm__ volatile("csrr %0, mepc" : "=r"(trap.pc));
  __asm__ volatile("csrr %0, mtval" : "=r"(trap.value));
  return trap;
}

static _Noreturn void die(const struct trap* trap) {
  static bool dying;
  // A trap while printing about one (stack or data destroyed) must not print again, for ever.
  if (dying) finisher_exit(exit_host_trap);
  dying = true;
  const bool interrupt = (trap->cause & interrupt_bit) != 0;
  const char* name = interrupt ? "unexpected interrupt" : cause_name(trap->cause);
  printf("host: %s (mcause 0x%08" PRIx32 ", mepc 0x%08" PRIx32 ", mtval 0x%08" PRIx32 ")\n",
         name != NULL ? name : "unknown exception", trap->cause, trap->pc, trap->value);
  finisher_exit(exit_host_trap);
}

__attribute__((interrupt("machine"), aligned(4))) void trap_entry(void) {
  const struct trap trap = read_trap();
  const uint32_t number = trap.cause & ~interrupt_bit;
  if ((trap.cause & interrupt_bit) == 0 || number >= interrupt_count || handlers[number] == NULL) die(&trap);
  handlers[number]();
}

void trap_on_interrupt(unsigned number, void (*handler)(void)) {
  handlers[number] = handler;
  __asm__ volatile("csrs mie, %0" : : "r"(UINT32_C(1) << number) : "memory");
}

void trap_sleep_until(volatile uint32_t* flag) {
  // wfi wakes up for a pending interrupt even while interrupts are off, so none can slip in between the look
  // at the flag and the sleep. It is taken as soon as they are on.
  interrupts_off();
  while (*flag == 0) {
    __asm__ volatile("wfi" : : : "memory");
    interrupts_on();
    interrupts_off();
  }
  *flag = 0;
  interrupts_on();
}
