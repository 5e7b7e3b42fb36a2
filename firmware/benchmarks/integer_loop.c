// SPDX-License-Identifier: Apache-2.0
// Arithmetic and logic in registers: Collatz lengths, greatest common divisors, products.
#include "benchmark.h"

static uint32_t collatz_length(uint32_t value) {
  uint32_t length = 0;
  while (value != 1) {
    value = (value & 1) != 0 ? 3 * value + 1 : value >> 1;
    ++length;
  }
  return length;
}

// Binary algorithm: shifts and subtractions only.
static uint32_t common_divisor(uint32_t a, uint32_t b) {
  uint32_t shift = 0;
  while (((a | b) & 1) == 0) {
    a >>= 1;
    b >>= 1;
    ++shift;
  }
  while (a != 0) {
    while ((a & 1) == 0) a >>= 1;
    while ((b & 1) == 0) b >>= 1;
    if (a >= b) {
      a -= b;
    } else {
      b -= a;
    }
  }
  return b << shift;
}

static uint32_t mix(uint32_t value, unsigned rounds) {
  uint32_t sum = 0;
  for (unsigned i = 0; i < rounds; ++i) {
    value = value * 1664525u + 1013904223u;
    sum += (value >> 16) ^ (value << 3);
    sum = (sum << 7) | (sum >> 25);
  }
  return sum;
}

int main(void) {
  const uint64_t start = retired_instructions();
  uint32_t checksum = 0;
  uint32_t state = 2463534242u;
  for (uint32_t round = 0; round < ROUNDS; ++round) {
    checksum += collatz_length(round + 1);
    checksum ^= common_divisor(next_random(&state) | 1u, next_random(&state) | 1u);
    checksum += mix(checksum, 32);
  }
  return report("integer_loop", retired_instructions() - start, checksum, EXPECTED);
}
