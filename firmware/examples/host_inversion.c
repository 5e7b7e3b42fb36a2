// SPDX-License-Identifier: Apache-2.0
// The host drives an inversion unit of tile 0 through its registers. Where the circuit gives up, the tile
// interrupts, and the host goes on: compensated rounding, more damping, in the end its own arithmetic.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "weft/cause.h"
#include "weft/dense_solver.h"
#include "weft/mmio.h"
#include "weft/registers.h"
#include "weft/tile_unit.h"
#include "weft/tiles.h"

enum { unknowns = 8, damping_steps = 4 };
// Commands and failures of docs/models/inversion.md.
enum { solve = 3, load_damped = 5, load_compensated = 6, failure_asymmetric = 7 };
enum way { as_asked, compensated, damped, digital, nothing, ways };

static const float first_damping = 1.0f / 64;
static const uint32_t fp32_to_fp32 =
    3u << WEFT_UNIT_CONTROL_FORMAT0_SHIFT | 3u << WEFT_UNIT_CONTROL_FORMAT_DST_SHIFT;

static float matrix[unknowns * unknowns];
static float right[unknowns];
static float solution[unknowns];
static uint32_t last_failure;

static uint32_t bits_of(float value) {
  union {
    float real;
    uint32_t bits;
  } word = {.real = value};
  return word.bits;
}

static float float_of(uint32_t bits) {
  union {
    uint32_t bits;
    float real;
  } word = {.bits = bits};
  return word.real;
}

// Places in the tile's buffer.
static uint32_t matrix_place(void) { return tile_window(0) + WEFT_WINDOW_BUFFER_OFFSET; }
static uint32_t right_place(void) { return matrix_place() + sizeof matrix; }
static uint32_t solution_place(void) { return right_place() + sizeof right; }

static void put(uint32_t address, const float* values, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) mmio_write32(address + 4 * i, bits_of(values[i]));
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
                                            .src1 = bits_of(damping),
                                            .length = unknowns | unknowns << 16};
  const struct tile_unit_command solving = {
      .control = solve | fp32_to_fp32, .src0 = right_place(), .dst = solution_place(), .repeat = 1};
  const int solved = run(&loading) && run(&solving);
  for (uint32_t i = 0; i < unknowns; ++i) {
    solution[i] = float_of(mmio_read32(solution_place() + 4 * i));
    if (!solved && solution[i] != untouched[i]) exit(3);
  }
  return solved;
}

static int solve_on_host(void) {
  static float workspace[unknowns * unknowns];
  for (uint32_t i = 0; i < unknowns * unknowns; ++i) workspace[i] = matrix[i];
  for (uint32_t i = 0; i < unknowns; ++i) solution[i] = right[i];
  if (!dense_decompose(workspace, unknowns)) return 0;
  dense_substitute(workspace, unknowns, solution);
  return 1;
}

static enum way find_solution(uint32_t steps) {
  put(matrix_place(), matrix, unknowns * unknowns);
  put(right_place(), right, unknowns);
  if (attempt(load_damped, 0)) return as_asked;
  if (last_failure >= failure_asymmetric) return nothing;
  if (attempt(load_compensated, 0)) return compensated;
  float damping = first_damping;
  for (uint32_t step = 0; step < steps; ++step, damping *= 4) {
    if (attempt(load_damped, damping)) return damped;
  }
  return solve_on_host() ? digital : nothing;
}

// r^|i-j|: the closer r is to 1, the worse the system is conditioned.
static void prepare(float r) {
  float power = 1;
  for (int distance = 0; distance < unknowns; ++distance, power *= r) {
    for (int i = 0; i + distance < unknowns; ++i)
      matrix[i * unknowns + i + distance] = matrix[(i + distance) * unknowns + i] = power;
  }
  for (int i = 0; i < unknowns; ++i) right[i] = (float)(i % 3 - 1);
}

static void expect(enum way way, uint32_t steps) {
  static const char* const names[ways] = {"as asked", "compensated", "damped", "digital", "nothing"};
  const enum way found = find_solution(steps);
  printf("%s, %" PRIu32 " interrupts so far\n", names[found], tile_unit_interrupts());
  if (found != way) exit(1);
}

int main(void) {
  tile_unit_init(0);
  prepare(0.3f);
  expect(as_asked, 0);
  prepare(0.91f);
  expect(compensated, 0);
  prepare(0.99f);
  expect(damped, damping_steps);
  expect(digital, 0);
  matrix[1] = 0.5f;
  expect(nothing, 0);
  return last_failure == failure_asymmetric ? 0 : 1;
}
