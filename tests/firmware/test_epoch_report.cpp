// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "models/common/counter_rng.h"

extern "C" {
#include "firmware/host/epoch_report.h"
}

namespace {

void set_train(weft_epoch_record& record, std::uint32_t samples, std::uint32_t correct, std::uint64_t loss) {
  record.train_samples = samples;
  record.train_correct = correct;
  record.train_loss_low = static_cast<std::uint32_t>(loss);
  record.train_loss_high = static_cast<std::uint32_t>(loss >> 32);
}

void set_test(weft_epoch_record& record, std::uint32_t samples, std::uint32_t correct, std::uint64_t loss) {
  record.test_samples = samples;
  record.test_correct = correct;
  record.test_loss_low = static_cast<std::uint32_t>(loss);
  record.test_loss_high = static_cast<std::uint32_t>(loss >> 32);
}

std::string report(const weft_epoch_record& record, std::uint32_t epochs) {
  char text[epoch_text_size];
  epoch_report(text, sizeof text, &record, epochs);
  return text;
}

std::string report_training(std::uint32_t samples, std::uint32_t correct, std::uint64_t loss) {
  weft_epoch_record record{};
  record.epoch = 1;
  set_train(record, samples, correct, loss);
  return report(record, 1);
}

__extension__ using Wide = unsigned __int128;

// numerator / denominator, rounded to the nearest of `scale` parts, ties up: in one piece, with 128 bits.
std::string quotient(std::uint64_t numerator, std::uint64_t denominator, unsigned scale, int digits) {
  const Wide doubled = Wide{numerator} * scale * 2 + denominator;
  const auto parts = static_cast<std::uint64_t>(doubled / (Wide{denominator} * 2));
  return fmt::format("{}.{:0{}}", parts / scale, parts % scale, digits);
}

}  // namespace

TEST_CASE("an epoch is one line of means") {
  weft_epoch_record record{};
  record.epoch = 1;
  set_train(record, 4000, 3625, 81894840);  // 0.31240 a sample
  set_test(record, 1000, 935, 13769114);
  // 3625 / 4000 is 90.625 %, which rounds up.
  CHECK(report(record, 5) ==
        "epoch 1/5  train loss 0.3124  accuracy 90.63 %  test loss 0.2101  accuracy 93.50 %");
}

TEST_CASE("without evaluation the line has no test part") {
  weft_epoch_record record{};
  record.epoch = 12;
  set_train(record, 8, 1, 8u << 16);
  CHECK(report(record, 12) == "epoch 12/12  train loss 1.0000  accuracy 12.50 %");
}

TEST_CASE("a record without samples divides nothing by zero") {
  weft_epoch_record record{};
  record.epoch = 1;
  CHECK(report(record, 1) == "epoch 1/1");
}

TEST_CASE("rounding up carries into the whole part") {
  CHECK(report_training(3, 3, 3 * 65536 - 1) == "epoch 1/1  train loss 1.0000  accuracy 100.00 %");
  CHECK(report_training(100000, 99999, 0) == "epoch 1/1  train loss 0.0000  accuracy 100.00 %");
}

TEST_CASE("a mean loss beyond 32 bits is shown at their limit") {
  const std::uint64_t limit = std::uint64_t{0xffffffff} << 16;
  CHECK(report_training(1, 1, limit) == "epoch 1/1  train loss 4294967295.0000  accuracy 100.00 %");
  CHECK(report_training(1, 1, limit + 65536) == "epoch 1/1  train loss 4294967295.0000  accuracy 100.00 %");
}

TEST_CASE("loss and accuracy agree with exact arithmetic") {
  weft::CounterRng rng(7, 0, 0);
  for (int round = 0; round < 2000; ++round) {
    const std::uint32_t samples = 1 + rng.below(100000);
    const std::uint32_t correct = rng.below(samples + 1);
    const std::uint64_t wide = std::uint64_t{rng.next_u32()} << 32 | rng.next_u32();
    const std::uint64_t loss = wide % (std::uint64_t{samples} << 28);
    const std::string expected = "epoch 1/1  train loss " +
                                 quotient(loss, std::uint64_t{samples} << 16, 10000, 4) + "  accuracy " +
                                 quotient(100 * std::uint64_t{correct}, samples, 100, 2) + " %";
    REQUIRE(report_training(samples, correct, loss) == expected);
  }
}
