// SPDX-License-Identifier: Apache-2.0
// Frame of the controller benchmarks: runs the work, counts its instructions, checks its result. The programs
// use nothing but what QEMU's `virt` machine has too. ROUNDS scales the work; the checksum expected holds for
// the rounds that the build asks for.
#ifndef WEFT_BENCHMARK_H
#define WEFT_BENCHMARK_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#ifndef ROUNDS
#error "ROUNDS must be defined"
#endif

static inline uint64_t retired_instructions(void) {
  uint32_t low, high, again;
  do {
    __asm__ volatile("csrr %0, minstreth" : "=r"(high));
    __asm__ volatile("csrr %0, minstret" : "=r"(low));
    __asm__ volatile("csrr %0, minstreth" : "=r"(again));
  } while (high != again);
  return ((uint64_t)high << 32) | low;
}

// Pseudo-random numbers (xorshift, Marsaglia 2003).
static inline uint32_t next_random(uint32_t* state) {
  uint32_t value = *state;
  value ^= value << 13;
  value ^= value >> 17;
  value ^= value << 5;
  return *state = value;
}

// Exit code of the program: 0 if the checksum is the one expected.
static inline int report(const char* name, uint64_t instructions, uint32_t checksum, uint32_t expected) {
  printf("%s: %" PRIu32 " thousand instructions, checksum %08" PRIx32 "\n", name,
         (uint32_t)(instructions / 1000), checksum);
  if (checksum == expected) return 0;
  printf("%s: wrong checksum, expected %08" PRIx32 "\n", name, expected);
  return 1;
}

#endif
