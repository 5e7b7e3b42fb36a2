// SPDX-License-Identifier: Apache-2.0
// A write filter between two epochs: the program counts what an epoch's updates have written, lowers the
// threshold and sees the next epoch write more; then rules that the filter cannot have.
//
// Needs platform.crossbar: update: write_back, write_filter: {policy: drop, threshold: 100}.
#include "weft/registers.h"
#include "weft/tile_program.h"
#include "weft/write_filter.h"
#include "weft/xweft.h"

enum { rows = 4, columns = 4, batches = 3 };
enum {
  check_present = 1,
  check_statistics = 2,
  check_change = 3,
  check_pending = 4,
  check_weights = 5,
  check_refusal = 6,
};

static const uint32_t int16_to_int32 = 0x201;
static const uint32_t first_unit = 1;

static const int32_t initial[rows][columns];
// Updates of 3 · 10 · n: 0, 30, 60, 90 in every row.
static const int16_t inputs[rows] = {3, 3, 3, 3};
static const int16_t steps[columns] = {0, 10, 20, 30};
static int32_t weights[rows][columns];

static void check(int good, uint32_t number) {
  if (!good) tile_check_failed(number);
}

// Reading the weights makes the unit write them back: an update pass a batch.
static void train_epoch(void) {
  for (int batch = 0; batch < batches; ++batch) {
    xweft_set_wbits(2);
    xweft_wait(xweft_opa(bus_address(inputs), bus_address(steps), first_unit));
    xweft_wait(xweft_rdarr(bus_address(weights), first_unit));
  }
}

static void expect_weights(int32_t third, int32_t fourth) {
  for (int row = 0; row < rows; ++row) {
    check(weights[row][0] == 0 && weights[row][1] == 0, check_weights);
    check(weights[row][2] == third && weights[row][3] == fourth, check_weights);
  }
}

int main(void) {
  const uint32_t filter = write_filter_registers(bus_address(initial) & 0xfff00000u, 0);
  check(write_filter_present(filter) && write_filter_supports(filter, write_filter_drop), check_present);
  xweft_set_wfmt(int16_to_int32);
  xweft_set_wdim(rows | columns << 16);
  xweft_set_wshift(0);
  xweft_wait(xweft_prog(bus_address(initial), first_unit));

  train_epoch();
  expect_weights(0, 0);
  const struct write_filter_statistics first = write_filter_read(filter);
  check(first.passes == batches && first.weights_written == 0, check_statistics);
  check(first.weights_filtered == batches * rows * columns, check_statistics);
  check(first.theta == 100.0f && first.rms > 56.0f && first.rms < 56.2f, check_statistics);

  struct write_filter_rules rules = write_filter_get(filter);
  rules.threshold = 50;
  write_filter_clear(filter);
  check(write_filter_set(filter, &rules) == write_filter_accepted, check_change);
  check(write_filter_pending(filter), check_pending);
  train_epoch();
  check(!write_filter_pending(filter), check_pending);
  expect_weights(batches * 60, batches * 90);
  const struct write_filter_statistics second = write_filter_read(filter);
  check(second.passes == batches && second.weights_written == batches * rows * 2, check_statistics);
  check(second.rows_written == batches * rows && second.cells > 0, check_statistics);

  rules.threshold = -1;
  check(write_filter_set(filter, &rules) == write_filter_bad_threshold, check_refusal);
  rules.threshold = 50;
  rules.policy = write_filter_ef_reset;
  check(write_filter_set(filter, &rules) == write_filter_no_memory, check_refusal);
  check(!write_filter_pending(filter), check_refusal);
  return 0;
}
