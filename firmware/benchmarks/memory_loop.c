// SPDX-License-Identifier: Apache-2.0
// Loads and stores: prime sieve, block copy, matrix product, a walk along a shuffled list.
#include <string.h>

#include "benchmark.h"

enum { sieve_size = 8192, block_words = 2048, matrix_size = 24, list_length = 1024 };

static uint8_t composite[sieve_size];
static uint32_t from[block_words];
static uint32_t to[block_words];
static int32_t left[matrix_size][matrix_size];
static int32_t right[matrix_size][matrix_size];
static int32_t product[matrix_size][matrix_size];
static uint16_t successor[list_length];

static uint32_t count_primes(void) {
  memset(composite, 0, sizeof composite);
  uint32_t count = 0;
  for (uint32_t i = 2; i < sieve_size; ++i) {
    if (composite[i]) continue;
    ++count;
    for (uint32_t multiple = 2 * i; multiple < sieve_size; multiple += i) composite[multiple] = 1;
  }
  return count;
}

static uint32_t copy_and_sum(void) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < block_words; ++i) {
    to[i] = from[i] + i;
    sum += to[i];
  }
  return sum;
}

static uint32_t multiply(void) {
  uint32_t trace = 0;
  for (int row = 0; row < matrix_size; ++row) {
    for (int column = 0; column < matrix_size; ++column) {
      int32_t sum = 0;
      for (int k = 0; k < matrix_size; ++k) sum += left[row][k] * right[k][column];
      product[row][column] = sum;
    }
    trace += (uint32_t)product[row][row];
  }
  return trace;
}

static uint32_t walk(void) {
  uint32_t place = 0;
  uint32_t sum = 0;
  for (int step = 0; step < list_length; ++step) {
    place = successor[place];
    sum = sum * 31 + place;
  }
  return sum;
}

static void prepare(void) {
  uint32_t state = 88172645u;
  for (uint32_t i = 0; i < block_words; ++i) from[i] = next_random(&state);
  for (int row = 0; row < matrix_size; ++row) {
    for (int column = 0; column < matrix_size; ++column) {
      left[row][column] = (int32_t)(next_random(&state) & 0xffff);
      right[row][column] = (int32_t)(next_random(&state) & 0xff) - 128;
    }
  }
  // One cycle through all places: Sattolo's shuffle.
  for (uint32_t i = 0; i < list_length; ++i) successor[i] = (uint16_t)i;
  for (uint32_t i = list_length - 1; i > 0; --i) {
    const uint32_t other = next_random(&state) % i;
    const uint16_t kept = successor[i];
    successor[i] = successor[other];
    successor[other] = kept;
  }
}

int main(void) {
  prepare();
  const uint64_t start = retired_instructions();
  uint32_t checksum = 0;
  for (uint32_t round = 0; round < ROUNDS; ++round) {
    left[0][0] = (int32_t)round;
    from[round % block_words] = checksum;
    checksum += count_primes();
    checksum ^= copy_and_sum();
    checksum += multiply();
    checksum ^= walk();
  }
  return report("memory_loop", retired_instructions() - start, checksum, EXPECTED);
}
