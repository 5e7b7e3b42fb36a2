// SPDX-License-Identifier: Apache-2.0
#include "models/noc/prices.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "models/common/error.h"
#include "tests/models/noc/reference_data.h"
#include "tests/support/skip.h"

using namespace weft::noc;
using namespace weft::noc::test;

namespace {

const std::map<std::string, PriceTable> tables = {{"45", PriceTable::kDsent45nm},
                                                  {"32", PriceTable::kDsent32nm},
                                                  {"22", PriceTable::kDsent22nm},
                                                  {"11", PriceTable::kDsent11nm}};

}  // namespace

TEST_CASE("every price of a router and a link is DSENT's") {
  const std::vector<Row> routers = read_csv("dsent_router.csv");
  const std::vector<Row> links = read_csv("dsent_link.csv");
  if (routers.empty() || links.empty()) WEFT_SKIP("the DSENT runs are not in this tree");
  CHECK(routers.size() == 48);
  for (const Row& row : routers) {
    const FlitPrices prices =
        flit_prices(tables.at(row.at("node_nm")), natural(row, "flit_bits") / 8, natural(row, "num_vcs"));
    CHECK(prices.router.value() == Approx(number(row, "E_router_total_pJ_per_flit_hop") * 1e-12));
  }
  int checked = 0;
  for (const Row& row : links) {
    if (row.at("length_mm") != "1.0") continue;
    const FlitPrices prices = flit_prices(tables.at(row.at("node_nm")), natural(row, "bits") / 8, 1);
    CHECK(prices.link_millimetre.value() == Approx(number(row, "E_link_pJ_per_flit") * 1e-12).epsilon(1e-3));
    ++checked;
  }
  CHECK(checked == 8);
}

TEST_CASE("published accelerators charge their routers by the bit") {
  CHECK(flit_prices(PriceTable::kIsaac, 32, 3).router.value() == Approx(20.74e-12));
  CHECK(flit_prices(PriceTable::kPuma, 4, 1).router.value() == Approx(4.0325e-12));
  CHECK(flit_prices(PriceTable::kPuma, 4, 1).link_millimetre.value() == 0.0);
}

TEST_CASE("a router that the table does not have is refused with what it has") {
  CHECK_THROWS_WITH(flit_prices(PriceTable::kDsent22nm, 8, 3),
                    Catch::Contains("dsent_22nm") && Catch::Contains("1, 2 or 4 channels"));
  CHECK_THROWS_AS(flit_prices(PriceTable::kDsent22nm, 12, 2), weft::Error);
}
