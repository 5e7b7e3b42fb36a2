// SPDX-License-Identifier: Apache-2.0
// What programs of the host and of a tile both know about an inversion unit: its commands, why they fail, and
// how to go on then (docs/models/inversion.md).
#pragma once

#include <stdint.h>

#include "weft/mmio.h"
#include "weft/registers.h"

enum inversion_command {
  inversion_solve_command = 3,
  inversion_load_damped = 5,
  inversion_load_compensated = 6,
};

// Why a command of the unit has failed; 0: it has not.
enum inversion_failure {
  inversion_ok = 0,
  inversion_not_loaded = 1,
  inversion_singular = 2,
  inversion_not_finite = 3,
  inversion_overflow = 4,
  inversion_unstable = 5,
  inversion_not_converged = 6,
  inversion_asymmetric = 7,
  inversion_bad_diagonal = 8,
};

// How a solution was found, in the order in which they are tried; from 1 on, what the register FALLBACK
// counts.
enum inversion_way {
  inversion_as_asked = 0,
  inversion_compensated = 1,  // with diagonally compensated rounding: the same system
  inversion_damped = 2,       // of a system with more damping
  inversion_digital = 3,      // by the program itself
  inversion_unsolved = 4,
};

// Whether another way may help.
static inline int inversion_is_of_the_circuit(uint32_t failure) {
  return failure == inversion_unstable || failure == inversion_not_converged || failure == inversion_singular;
}

enum { inversion_units_of_a_tile = 8 };

// Registers of unit `number` of the tile whose window begins at `tile`.
static inline uint32_t inversion_unit_registers(uint32_t tile, uint32_t number) {
  const uint32_t size = WEFT_WINDOW_INVERSIONS_SIZE / inversion_units_of_a_tile;
  return tile + WEFT_WINDOW_INVERSIONS_OFFSET + number * size;
}

// Tells the platform's report how a solution was found.
static inline void inversion_report(uint32_t registers, enum inversion_way way) {
  if (way != inversion_as_asked) mmio_write32(registers + WEFT_UNIT_FALLBACK, way);
}

static inline uint32_t float_bits(float value) {
  const union {
    float real;
    uint32_t bits;
  } word = {.real = value};
  return word.bits;
}

static inline float float_of_bits(uint32_t bits) {
  const union {
    uint32_t bits;
    float real;
  } word = {.bits = bits};
  return word.real;
}
