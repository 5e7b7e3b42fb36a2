// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/area_report.h"

#include <fmt/format.h>

namespace weft::tool {

namespace {

using assembly::AreaItem;
using assembly::AreaReport;
using config::PartCost;
using nlohmann::json;

constexpr double milli = 1e-3;

json cost_json(const PartCost& cost) {
  return {{"area_mm2", cost.area_mm2},
          {"peak_power_W", cost.power_mW * milli},
          {"leakage_W", cost.leakage_mW * milli}};
}

json items_json(const std::vector<AreaItem>& items) {
  json list = json::array();
  for (const AreaItem& item : items) {
    json entry = cost_json(item.cost);
    entry["part"] = item.part;
    entry["count"] = item.count;
    list.push_back(std::move(entry));
  }
  return list;
}

std::string line(const std::string& part, double count, const PartCost& cost, double whole_mm2) {
  const double share = whole_mm2 > 0 ? 100 * cost.area_mm2 / whole_mm2 : 0;
  return fmt::format("  {:<16}{:>9.6g}{:>13.5g}{:>15.5g}{:>15.4g}{:>8.1f} %\n", part, count, cost.area_mm2,
                     cost.power_mW, cost.leakage_mW, share);
}

std::string lines(const std::vector<AreaItem>& items, double whole_mm2) {
  std::string text;
  for (const AreaItem& item : items) text += line(item.part, item.count, item.cost, whole_mm2);
  return text;
}

}  // namespace

json area_json(const AreaReport& report) {
  json tile = cost_json(report.tile_total());
  tile["parts"] = items_json(report.tile);
  json chip = cost_json(report.chip_total());
  chip["tiles"] = report.tiles;
  chip["parts"] = items_json(report.chip);
  return {{"tile", tile}, {"chip", chip}, {"without_figures", report.without_figures}};
}

std::string area_table(const AreaReport& report) {
  const PartCost tile = report.tile_total();
  const PartCost chip = report.chip_total();
  std::string text = fmt::format("{:<18}{:>9}{:>13}{:>15}{:>15}{:>10}\n", "", "count", "area mm2",
                                 "peak power mW", "leakage mW", "share");
  text += "tile\n" + lines(report.tile, tile.area_mm2) + line("sum", 1, tile, tile.area_mm2);
  PartCost tiles = {report.tiles * tile.area_mm2, report.tiles * tile.power_mW,
                    report.tiles * tile.leakage_mW};
  text += "chip\n" + line("tiles", report.tiles, tiles, chip.area_mm2) + lines(report.chip, chip.area_mm2);
  text += line("sum", 1, chip, chip.area_mm2);
  for (const std::string& part : report.without_figures)
    text += fmt::format("not included, no figures known: {}\n", part);
  return text;
}

}  // namespace weft::tool
