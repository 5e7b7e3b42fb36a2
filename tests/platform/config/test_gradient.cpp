// SPDX-License-Identifier: Apache-2.0
// Which machines and trainings go with gradients of activations as kernels.
#include <catch2/catch.hpp>

#include "tests/platform/config/support.h"

using namespace weft::config;
using namespace weft::config::test;

TEST_CASE("gradients of activations as kernels are refused where the machine cannot form them") {
  const std::string kernels =
      "workload: {layers: [{outputs: 12}]}\n"
      "training: {epochs: 1, learning_rate: 0.1, gradient: activation_kernels}\n"
      "dataset: {kind: digits, train: 200, test: 10}\n"
      "platform: {crossbar: {update: write_back}}\n";
  const auto refused = [&](const std::vector<std::string>& overrides) {
    return errors_of(kernels, set(overrides));
  };
  CHECK(refused({}).empty());
  CHECK_THAT(refused({"platform.crossbar.update=in_place"}), Catch::Contains("update: write_back"));
  const std::string reram = "platform.tile.reram_buffer.size=64 KiB";
  CHECK(refused({reram, "platform.tile.write_filters.error_buffer.policy=drop"}).empty());
  CHECK_THAT(refused({reram, "platform.tile.write_filters.gradient_buffer.policy=drop"}),
             Catch::Contains("gradient_buffer.policy: holds back factors of outer products"));
  CHECK_THAT(refused({"training.variant=3"}), Catch::Contains("one or two copies"));
  CHECK_THAT(refused({"training.deposits=batch"}), Catch::Contains("no outer products"));
  CHECK_THAT(refused({"platform.crossbar.columns=64"}), Catch::Contains("across the columns"));
  CHECK_THAT(refused({"training.batch=129"}), Catch::Contains("one of 128 rows"));
  CHECK_THAT(refused({"platform.crossbar.kernel_filter.policy=ef_reset"}),
             Catch::Contains("without residual"));
  CHECK_THAT(refused({"training.gradient=outer_products", "platform.crossbar.kernel_filter.policy=drop"}),
             Catch::Contains("no effect without training.gradient"));
  CHECK_THAT(
      refused({"training.gradient=outer_products", "training.variant=3", "training.schedule=sequential"}),
      Catch::Contains("allowed: auto, pipelined"));
}
