// SPDX-License-Identifier: Apache-2.0
#include "epoch_report.h"

#include <inttypes.h>
#include <stdio.h>

struct metrics {
  const char* name;
  uint32_t samples;
  uint32_t correct;
  uint64_t loss;  // sum, 16 fraction bits
};

// A non-negative number in decimal.
struct decimal {
  uint32_t whole;
  uint32_t fraction;
};

// numerator / denominator with a fraction of `scale` parts. The remainder is scaled, not the numerator: sums
// of losses may need all of their 64 bits.
static struct decimal divide(uint64_t numerator, uint64_t denominator, uint32_t scale) {
  const uint64_t remainder = numerator % denominator;
  uint64_t whole = numerator / denominator;
  uint64_t fraction = (remainder * scale + denominator / 2) / denominator;
  if (fraction == scale) {
    fraction = 0;
    ++whole;
  }
  return (struct decimal){whole > UINT32_MAX ? UINT32_MAX : (uint32_t)whole, (uint32_t)fraction};
}

static int print_metrics(char* text, size_t size, const struct metrics* metrics) {
  const struct decimal loss = divide(metrics->loss, (uint64_t)metrics->samples << 16, 10000);
  const struct decimal accuracy = divide((uint64_t)metrics->correct * 100, metrics->samples, 100);
  return snprintf(text, size, "  %s loss %" PRIu32 ".%04" PRIu32 "  accuracy %" PRIu32 ".%02" PRIu32 " %%",
                  metrics->name, loss.whole, loss.fraction, accuracy.whole, accuracy.fraction);
}

static uint64_t join(uint32_t high, uint32_t low) { return (uint64_t)high << 32 | low; }

void epoch_report(char* text, size_t size, const struct weft_epoch_record* record, uint32_t epochs) {
  const struct metrics parts[] = {
      {"train", record->train_samples, record->train_correct,
       join(record->train_loss_high, record->train_loss_low)},
      {"test", record->test_samples, record->test_correct,
       join(record->test_loss_high, record->test_loss_low)},
  };
  int used = snprintf(text, size, "epoch %" PRIu32 "/%" PRIu32, record->epoch, epochs);
  for (size_t part = 0; part < sizeof parts / sizeof parts[0]; ++part) {
    if (parts[part].samples == 0 || (size_t)used >= size) continue;
    used += print_metrics(text + used, size - (size_t)used, &parts[part]);
  }
}
