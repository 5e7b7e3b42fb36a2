// SPDX-License-Identifier: Apache-2.0
// The host drives an inversion unit of tile 0 through its registers. Where the circuit gives up, the tile
// interrupts, and the host goes on: compensated rounding, more damping, in the end its own arithmetic.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "example_system.h"
#include "weft/cause.h"
#include "weft/dense_solver.h"
#include "weft/inversion_unit.h"
#include "weft/tile_unit.h"
#include "weft/tiles.h"

enum { damping_steps = 4 };

static const float first_damping = 1.0f / 64;
static const uint32_t fp32_to_fp32 =
    3u << WEFT_UNIT_CONTROL_FORMAT0_SHIFT | 3u << WEFT_UNIT_CONTROL_FORMAT_DST_SHIFT;

static uint32_t last_failure;

// Places in the tile's buffer.
static uint32_t matrix_place(void) { return tile_window(0) + WEFT_WINDOW_BUFFER_OFFSET; }
static uint32_t right_place(void) { return matrix_place() + sizeof matrix; }
static uint32_t solution_place(void) { return right_place() + sizeof right; }

static void put(uint32_t address, const float* values, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) mmio_write32(address + 4 * i, float_bits(values[i]));
}

// Whether the unit has carried it out; anything but a failure of the circuit is an error of this program.
static int run(const struct tile_unit_command* command) {
  const struct tile_unit_error error = tile_unit_run(tile_unit_inversion(0), command);
  last_failure = error.value;
  if (error.cause != 0 && error.cause != cause_unit_error) exit(2);
  return error.cause == 0;
}

// A solution that a failed command has touched would be wrong to use.
static int attempt(uint32_t load, float damping) {
  static const float untouched[unknowns] = {1, 2, 3, 4, 5, 6, 7, 8};
  put(solution_place(), untouched, unknowns);
  const struct tile_unit_command loading = {.control = load | fp32_to_fp32,
                                            .src0 = matrix_place(),
                                            .src1 = float_bits(damping),
                                            .length = unknowns | unknowns << 16};
  const struct tile_unit_command solving = {.control = inversion_solve_command | fp32_to_fp32,
                                            .src0 = right_place(),
                                            .dst = solution_place(),
                                            .repeat = 1};
  const int solved = run(&loading) && run(&solving);
  for (uint32_t i = 0; i < unknowns; ++i) {
    solution[i] = float_of_bits(mmio_read32(solution_place() + 4 * i));
    if (!solved && solution[i] != untouched[i]) exit(3);
  }
  return solved;
}

static int solve_on_host(void) {
  for (uint32_t i = 0; i < unknowns * unknowns; ++i) workspace[i] = matrix[i];
  for (uint32_t i = 0; i < unknowns; ++i) solution[i] = right[i];
  if (!dense_decompose(workspace, unknowns)) return 0;
  dense_substitute(workspace, unknowns, solution);
  return 1;
}

static enum inversion_way find_solution(uint32_t steps) {
  put(matrix_place(), matrix, unknowns * unknowns);
  put(right_place(), right, unknowns);
  if (attempt(inversion_load_damped, 0)) return inversion_as_asked;
  if (!inversion_is_of_the_circuit(last_failure)) return inversion_unsolved;
  if (attempt(inversion_load_compensated, 0)) return inversion_compensated;
  float damping = first_damping;
  for (uint32_t step = 0; step < steps; ++step, damping *= 4) {
    if (attempt(inversion_load_damped, damping)) return inversion_damped;
  }
  return solve_on_host() ? inversion_digital : inversion_unsolved;
}

static void expect(enum inversion_way way, uint32_t steps) {
  static const char* const names[] = {"as asked", "compensated", "damped", "digital", "nothing"};
  const enum inversion_way found = find_solution(steps);
  inversion_report(tile_unit_inversion(0), found);
  printf("%s, %" PRIu32 " interrupts so far\n", names[found], tile_unit_interrupts());
  if (found != way) exit(1);
}

int main(void) {
  tile_unit_init(0);
  prepare(0.3f);
  expect(inversion_as_asked, 0);
  prepare(0.91f);
  expect(inversion_compensated, 0);
  prepare(0.99f);
  expect(inversion_damped, damping_steps);
  expect(inversion_digital, 0);
  matrix[1] = 0.5f;
  expect(inversion_unsolved, 0);
  return last_failure == inversion_asymmetric ? 0 : 1;
}
